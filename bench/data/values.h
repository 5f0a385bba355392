// Values: the bytes stored under a number, the same for every engine. About half of them repeats, so that they compress to
// about half.
//
// The first eight bytes are the number itself: whoever reads a value knows in a nanosecond whose it is. The rest is cut from a
// pool of pieces of 100 bytes, 50 random ones and the same again (the scheme of LevelDB's db_bench).
//
// Thread safety: Values is immutable. make() writes into the caller's buffer; the view lives as long as that does.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bench {

enum class Spread : uint8_t {
  kFixed,    // all of one size
  kUniform,  // 8 bytes to twice the mean
  kPareto,   // most small, a few up to 64 times the mean (shape 1.5)
};

struct ValueShape {
  static constexpr uint32_t kMinBytes = 8;
  uint32_t mean_bytes = 100;
  Spread spread = Spread::kFixed;

  uint32_t size_of(uint64_t number) const;  // the size follows from the number: an overwrite has the same
  uint32_t max_bytes() const;
};

class Values {
 public:
  explicit Values(uint64_t seed, uint32_t max_bytes);

  // The value of `number`; `version` tells apart what is written one after another under it.
  std::string_view make(uint64_t number, uint64_t version, uint32_t size, std::string& buffer) const;

  static uint64_t number_in(std::string_view value) {
    uint64_t number = 0;
    std::memcpy(&number, value.data(), sizeof number);
    return number;
  }

 private:
  std::string pool_;
  uint64_t offsets_;  // places where a value may begin
};

}  // namespace bench
