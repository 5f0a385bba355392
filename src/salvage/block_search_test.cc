#include "salvage/block_search.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "base/coding.h"
#include "base/prng.h"

namespace {

std::atomic<size_t> bytes_held = 0;
std::atomic<size_t> most_bytes_held = 0;

void* counted(size_t bytes) {
  void* memory = std::malloc(bytes);
  if (memory == nullptr) std::abort();
  const size_t now = bytes_held += malloc_usable_size(memory);
  size_t most = most_bytes_held;
  while (most < now && !most_bytes_held.compare_exchange_weak(most, now)) continue;
  return memory;
}

void release(void* memory) {
  bytes_held -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(size_t bytes) { return counted(bytes); }
void* operator new[](size_t bytes) { return counted(bytes); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, size_t) noexcept { release(memory); }
void operator delete[](void* memory, size_t) noexcept { release(memory); }

namespace nacre::salvage {
namespace {

using format::StoredKind;

constexpr uint64_t kUsualBytes = 32 << 10;

class TextFile final : public ReadableFile {
 public:
  explicit TextFile(Bytes text) : text_(text) {}
  Result<size_t> read(uint64_t offset, std::span<char> out) override {
    const Bytes part = text_.substr(std::min<uint64_t>(offset, text_.size()), out.size());
    std::copy(part.begin(), part.end(), out.begin());
    return part.size();
  }
  uint64_t size_bytes() const override { return text_.size(); }
  void will_need(uint64_t, uint64_t) override {}

 private:
  Bytes text_;
};

// Payloads of small numbers, which are full of what looks like trailers; packed ones are noise, since nothing unpacks them here.
struct Table {
  format::TableIdentity id{.uuid = format::Uuid::from_random(1, 2), .number = 3};
  std::string bytes;
  std::vector<uint64_t> begins;

  void add(uint64_t payload_bytes, Compression compression, base::Prng& random) {
    begins.push_back(bytes.size());
    os::LargeString block;
    while (block.size() < payload_bytes) {
      char word[4] = {static_cast<char>(1 + random.below(5))};
      if (compression != Compression::kNone) base::store(word, static_cast<uint32_t>(random.next()));
      block.append(word, sizeof word);
    }
    block.resize(payload_bytes);
    format::append_stored_trailer(&block, 0, StoredKind::kData, compression,
                                  compression == Compression::kNone ? payload_bytes : 2 * payload_bytes,
                                  id.checksum_seed(begins.back()));
    bytes.append(block.data(), block.size());
  }
  std::vector<uint64_t> found() {
    TextFile file(bytes);
    std::vector<uint64_t> offsets;
    for (const FoundBlock& block : BlockSearch(file, id, bytes.size(), kUsualBytes).run())
      offsets.push_back(block.offset);
    return offsets;
  }
};

// All but the damaged ones are found, long and short, packed or not.
TEST(BlockSearch, FindsEveryWholeBlock) {
  for (uint64_t seed = 0; seed < 40; seed++) {
    base::Prng random(seed);
    Table table;
    for (int i = 0; i < 60; i++) {
      const bool packed = seed % 2 == 0;
      const uint64_t bytes = random.one_in(10) ? kUsualBytes + random.below(300'000) : 500 + random.below(9000);
      table.add(packed && bytes > kUsualBytes && !random.one_in(4) ? 5000 : bytes,
                packed ? Compression::kLz4 : Compression::kNone, random);
    }
    std::vector<uint64_t> whole = table.begins;
    for (uint64_t damages = random.below(6); damages != 0; damages--) {
      const uint64_t at = random.below(table.bytes.size());
      const auto block = std::prev(std::upper_bound(table.begins.begin(), table.begins.end(), at));
      const uint64_t end = block + 1 == table.begins.end() ? table.bytes.size() : *(block + 1);
      if (at + format::kStoredTrailerBytes >= end) continue;  // with its trailer the next beginning is gone
      table.bytes[at] ^= 1;
      std::erase(whole, *block);
    }
    EXPECT_EQ(table.found(), whole) << seed;
  }
}

// A block of values of small numbers that is longer than what is held of the looks.
TEST(BlockSearch, FindsAVeryLongBlockBehindDamage) {
  base::Prng random(1);
  Table table;
  table.add(5000, Compression::kNone, random);
  table.add(5'000'000, Compression::kNone, random);
  table.add(5'000'000, Compression::kNone, random);
  table.add(5000, Compression::kNone, random);
  table.bytes[6000] ^= 1;
  EXPECT_EQ(table.found(), (std::vector<uint64_t>{0, table.begins[2], table.begins[3]}));
}

// 16 bytes were held for each look, five times the file, and more while they moved.
TEST(BlockSearch, HoldsAWindowOnly) {
  std::string bytes;
  while (bytes.size() < (8 << 20)) bytes.append("\1\0\0", 3);
  TextFile file(bytes);
  const size_t before = bytes_held;
  most_bytes_held = before;
  EXPECT_TRUE(BlockSearch(file, {.uuid = format::Uuid::from_random(1, 2), .number = 3}, bytes.size(), kUsualBytes)
                  .run()
                  .empty());
  EXPECT_LT(most_bytes_held - before, size_t{4} << 20);
}

}  // namespace
}  // namespace nacre::salvage
