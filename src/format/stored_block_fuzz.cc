// Stored blocks with each codec, raw and mended: a block is opened only with the checksum of its place, unpacks to exactly what it says or
// is refused, and asks for no more memory than the format allows. What is packed unpacks to the same.

#include "base/fuzzing.h"
#include "format/stored_block.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

constexpr uint64_t kSeed = 99;

void check_stored(Bytes bytes, StoredKind kind) {
  const testing::ExactBytes exact(bytes);
  const auto block = open_stored(exact.view(), kind, kSeed);
  if (!block) {
    NACRE_CHECK(block.error().kind == ErrorKind::kCorruption || block.error().kind == ErrorKind::kUnsupported);
    return;
  }
  NACRE_CHECK(!open_stored(exact.view(), kind, kSeed + 1));
  NACRE_CHECK(block->payload.size() + kStoredTrailerBytes == bytes.size());
  NACRE_CHECK(block->raw_bytes <= std::max<uint64_t>(kMaxCompressedRawBytes, bytes.size()));
  // All of it is written, whatever was there before.
  std::string out(block->raw_bytes, '\0');
  const auto unpacked = unpack(*block, out);
  if (!unpacked) return NACRE_CHECK(unpacked.error().kind == ErrorKind::kCorruption);
  std::string again(block->raw_bytes, '\xff');
  NACRE_CHECK(unpack(*block, again) && again == out);
}

void check_round_trip(fuzz::Input& input) {
  const auto codec = static_cast<Compression>(input.below(3));
  const int level = 1 + static_cast<int>(input.below(5));
  const uint64_t repeats = 1 + input.below(20);
  const Bytes part = input.rest();
  std::string raw;
  for (uint64_t i = 0; i < repeats; i++) raw += part;
  os::LargeString stored("before");
  Compressor compressor(codec, level);
  const Compression got = compressor.append(raw, &stored);
  NACRE_CHECK(got == codec || got == Compression::kNone);
  append_stored_trailer(&stored, 6, StoredKind::kData, got, raw.size(), kSeed);
  const testing::ExactBytes exact(Bytes(stored).substr(6));
  const StoredBlock block = open_stored(exact.view(), StoredKind::kData, kSeed).value();
  NACRE_CHECK(block.compression == got && block.raw_bytes == raw.size());
  std::string out(raw.size(), '\0');
  unpack(block, out).value();
  NACRE_CHECK(out == raw);
  NACRE_CHECK(!open_stored(exact.view(), StoredKind::kIndex, kSeed));
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t how = input.below(3);
  if (how == 2) return check_round_trip(input);
  const auto kind = static_cast<StoredKind>(1 + input.below(5));
  if (how == 0) return check_stored(input.rest(), kind);
  const auto codec = static_cast<Compression>(input.below(4));
  const uint64_t raw_bytes = input.number();
  os::LargeString stored(input.rest());
  append_stored_trailer(&stored, 0, kind, codec, raw_bytes, kSeed);
  check_stored(stored, kind);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  std::string raw;
  for (int i = 0; i < 20; i++) raw += "some text " + std::to_string(i % 3);
  for (const Compression codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    os::LargeString stored;
    const Compression got = Compressor(codec, 1).append(raw, &stored);
    const std::string payload(stored);
    append_stored_trailer(&stored, 0, StoredKind::kData, got, raw.size(), kSeed);
    all.push_back(std::string(2, '\0') + std::string(stored));
    all.push_back(std::string("\1\0", 2) + static_cast<char>(codec) + '\x84' + std::string(1, '\0') +
                  static_cast<char>(raw.size()) + payload);
    all.push_back(std::string("\2") + static_cast<char>(codec) + "\1\3" + raw);
  }
  return all;
}

// A block may unpack to kMaxCompressedRawBytes, and zstd's contexts are malloc's.
const fuzz::Registration kHere(
    {.name = "stored_block", .run = run, .seeds = seeds, .heap_budget_bytes = 2 * kMaxCompressedRawBytes + (1 << 20)});

}  // namespace
}  // namespace nacre::format
