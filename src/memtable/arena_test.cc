#include "memtable/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/prng.h"

namespace nacre::memtable {
namespace {

TEST(Arena, PiecesDoNotOverlapAndAreAligned) {
  for (const uint64_t capacity : {uint64_t{1}, uint64_t{64} << 10, uint64_t{64} << 20}) {
    base::MemoryAccount account(1 << 30);
    {
      Arena arena(capacity, &account);
      Lane lane;
      base::Prng prng(capacity);
      std::vector<std::pair<char*, size_t>> pieces;
      for (int i = 0; i < 3000; i++) {
        const bool node = prng.one_in(10);
        const size_t bytes = prng.one_in(200) ? prng.below(700'000) + 1 : prng.below(node ? 4096 : 2000) + 1;
        char* piece = node && bytes <= 4096 ? arena.allocate_node(bytes) : arena.allocate(lane, bytes);
        ASSERT_EQ(reinterpret_cast<uintptr_t>(piece) % (node && bytes <= 4096 ? 64 : 8), 0U);
        for (size_t at = 0; at < bytes; at++) ASSERT_EQ(piece[at], 0);
        std::memset(piece, i + 1, bytes);
        pieces.emplace_back(piece, bytes);
      }
      for (size_t i = 0; i < pieces.size(); i++) {
        const auto [piece, bytes] = pieces[i];
        for (size_t at = 0; at < bytes; at++) ASSERT_EQ(piece[at], static_cast<char>(i + 1));
      }
      EXPECT_EQ(account.held_total(), arena.mapped_bytes());
      EXPECT_LE(arena.used_bytes(), arena.mapped_bytes());
    }
    EXPECT_EQ(account.held_total(), 0U);
  }
}

TEST(Arena, ReservesInProportion) {
  Lane lane;
  Arena tiny(64 << 10, nullptr);
  tiny.allocate(lane, 100);
  tiny.allocate_node(1000);
  EXPECT_LE(tiny.mapped_bytes(), 32U << 10);
  EXPECT_LE(tiny.used_bytes(), 8U << 10);
  Lane other;
  Arena large(uint64_t{256} << 20, nullptr);
  large.allocate(other, 100);
  large.allocate_node(1000);
  EXPECT_LE(large.mapped_bytes(), 128U << 10);  // cold so far
  for (int i = 0; i < 50'000; i++) large.allocate(other, 160);
  EXPECT_LE(large.used_bytes(), 9U << 20);
  EXPECT_LE(large.mapped_bytes(), 11U << 20);
}

TEST(Arena, TheSecondChunkIsAWholeOneIfOneCanBeUsedAgain) {
  base::MemoryAccount account(uint64_t{1} << 30);
  const auto pool = std::make_shared<ChunkPool>(uint64_t{16} << 20, &account);
  const auto fill = [&](uint64_t bytes) {
    Arena arena(uint64_t{64} << 20, &account, pool);
    Lane lane;
    for (uint64_t filled = 0; filled < bytes; filled += 1000) arena.allocate(lane, 1000);
    return arena.mapped_bytes();
  };
  EXPECT_LT(fill(100'000), uint64_t{1} << 20) << "a cold memtable holds little";
  fill(uint64_t{8} << 20);
  EXPECT_LT(fill(10'000), uint64_t{1} << 20) << "and its first chunk is always a small one";
  const uint64_t mapped = fill(100'000);
  EXPECT_GE(mapped, uint64_t{2} << 20);
  EXPECT_LT(mapped, (uint64_t{2} << 20) + (uint64_t{256} << 10));
}

TEST(Arena, AFilterLiesAmongTheNodesAndReadsAsZero) {
  const auto pool = std::make_shared<ChunkPool>(uint64_t{16} << 20, nullptr);
  {
    Arena dirty(uint64_t{64} << 20, nullptr, pool);
    Lane lane;
    for (int i = 0; i < 8000; i++) std::memset(dirty.allocate(lane, 1000), 'x', 1000);
  }
  Arena arena(uint64_t{64} << 20, nullptr, pool);
  arena.allocate_node(4096);
  const uint64_t mapped = arena.mapped_bytes();
  const char* large = arena.allocate_large(size_t{1} << 20);
  EXPECT_EQ(std::count(large, large + (size_t{1} << 20), '\0'), ptrdiff_t{1} << 20);
  EXPECT_EQ(arena.mapped_bytes(), mapped + (uint64_t{2} << 20)) << "a whole chunk, which the nodes go on in";
  arena.allocate_large(size_t{3} << 19);
  EXPECT_EQ(arena.mapped_bytes(), mapped + (uint64_t{2} << 20) + (uint64_t{3} << 19)) << "more than half of one: alone";
}

TEST(ChunkPool, ChunksOfAnotherSizeGiveWay) {
  base::MemoryAccount account(uint64_t{1} << 30);
  const auto pool = std::make_shared<ChunkPool>(uint64_t{8} << 20, &account);
  const auto use = [&](uint64_t capacity) {
    Arena arena(capacity, &account, pool);
    Lane lane;
    for (uint64_t filled = 0; filled < capacity; filled += 1000) arena.allocate(lane, 1000);
  };
  use(uint64_t{8} << 20);  // chunks of 512 KiB
  EXPECT_LE(account.held_total(), uint64_t{8} << 20);
  EXPECT_NE(pool->take(size_t{512} << 10), nullptr);
  use(uint64_t{64} << 20);  // of 2 MiB, enough to fill the pool
  EXPECT_EQ(pool->take(size_t{512} << 10), nullptr);
  EXPECT_NE(pool->take(size_t{2} << 20), nullptr);
}

TEST(Arena, APieceLargerThanFourGigabytesIsPossible) {
  Arena arena(64 << 10, nullptr);
  Lane lane;
  constexpr size_t kBytes = (size_t{4} << 30) + (64 << 10) + 16;
  char* piece = arena.allocate(lane, kBytes);  // never touched as a whole, so it takes no memory
  piece[0] = 1;
  piece[kBytes - 1] = 1;
  EXPECT_GE(arena.used_bytes(), kBytes);
}

}  // namespace
}  // namespace nacre::memtable
