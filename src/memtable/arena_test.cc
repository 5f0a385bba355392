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
