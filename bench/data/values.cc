#include "bench/data/values.h"

#include <algorithm>
#include <cmath>

#include "base/prng.h"
#include "bench/data/keys.h"

namespace bench {

namespace {

constexpr uint64_t kPieceBytes = 100;
constexpr uint64_t kPieces = 10'000;  // 1 MB, as in db_bench: making a value is not to cost what is measured

}  // namespace

uint32_t ValueShape::max_bytes() const {
  switch (spread) {
    case Spread::kFixed: return mean_bytes;
    case Spread::kUniform: return 2 * mean_bytes;
    case Spread::kPareto: return 64 * mean_bytes;
  }
  return mean_bytes;
}

uint32_t ValueShape::size_of(uint64_t number) const {
  if (spread == Spread::kFixed) return mean_bytes;
  const double unit = (static_cast<double>(scatter(number ^ 0x5a1ce5ULL) >> 11) + 1) * 0x1.0p-53;  // (0, 1]
  if (spread == Spread::kUniform) {
    return kMinBytes + static_cast<uint32_t>(unit * (2.0 * mean_bytes - kMinBytes));
  }
  const double size = mean_bytes / 3.0 * std::pow(unit, -1 / 1.5);
  return std::clamp<uint32_t>(static_cast<uint32_t>(std::min(size, 4e9)), kMinBytes, max_bytes());
}

Values::Values(uint64_t seed, uint32_t max_bytes) : offsets_(kPieces) {
  nacre::base::Prng random(seed);
  pool_.resize((kPieces + 1) * kPieceBytes + max_bytes);
  for (size_t at = 0; at < pool_.size(); at++) {
    const bool repeats = at % kPieceBytes >= kPieceBytes / 2;
    pool_[at] = repeats ? pool_[at - kPieceBytes / 2] : static_cast<char>(random.next() >> 56);
  }
}

std::string_view Values::make(uint64_t number, uint64_t version, uint32_t size, std::string& buffer) const {
  if (buffer.size() < size) buffer.resize(size);
  const uint64_t piece = scatter(number + version * 0x9e3779b97f4a7c15ULL) % offsets_;
  std::memcpy(buffer.data(), pool_.data() + piece * kPieceBytes, size);
  std::memcpy(buffer.data(), &number, sizeof number);
  return {buffer.data(), size};
}

}  // namespace bench
