#include "cache/frame_pool.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace nacre::cache {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// What a Cache does for a miss, but for the locks.
Frame* take(FramePool& pool, size_t bytes) {
  const uint32_t size_class = pool.class_for(bytes);
  FramePool::Taken taken = pool.take(size_class);
  if (taken.frame == nullptr) {
    FramePool::Chunk* const chunk = pool.reserve_chunk(size_class);
    pool.prepare(*chunk);
    pool.install(*chunk);
    taken = pool.take(size_class);
  }
  taken.frame->become_draft(bytes, taken.fresh_generation);
  return taken.frame;
}

void give_back(FramePool& pool) {
  const FramePool::Discards discards = pool.take_discards();
  FramePool::give_back(discards);
  pool.finish(discards);
}

TEST(FramePool, ClassesFitTheirDataAndWasteAtMostAQuarter) {
  base::MemoryAccount account(512 * kMiB);
  FramePool pool(account, nullptr, kLastGeneration);
  size_t largest = 0;
  for (size_t bytes = 0; bytes <= FramePool::kLargestData; bytes++) {
    const uint32_t size_class = pool.class_for(bytes);
    ASSERT_NE(size_class, FramePool::kHeaderClass);
    ASSERT_LT(size_class, FramePool::kClasses);
    ASSERT_GE(FramePool::data_bytes_of(size_class), bytes);
    ASSERT_GE(FramePool::data_bytes_of(size_class), largest) << "classes ascend";
    largest = FramePool::data_bytes_of(size_class);
    if (bytes > FramePool::kSmallestData) {
      ASSERT_LE(largest, bytes + bytes / 4) << bytes;
    }
  }
  for (size_t block = 1024; block <= FramePool::kLargestData; block *= 2) {
    EXPECT_EQ(FramePool::data_bytes_of(pool.class_for(block)), block);
  }
  EXPECT_EQ(pool.class_for(FramePool::kLargestData + 1), FramePool::kHeaderClass);
}

TEST(FramePool, BlocksOfPowersOfTwoFillAChunk) {
  base::MemoryAccount account(512 * kMiB);
  FramePool pool(account, nullptr, kLastGeneration);
  for (size_t block = 1024; block <= FramePool::kLargestData; block *= 2) {
    Frame* const frame = take(pool, block);
    const FramePool::Chunk& chunk = FramePool::chunk_of(frame);
    EXPECT_EQ(chunk.bytes, 2 * kMiB);
    EXPECT_LE(chunk.bytes - chunk.frames * block, chunk.bytes / 16) << block;
    if (block == 8192) {
      EXPECT_EQ(chunk.frames, 254U);
    }
    pool.give(frame);
  }
}

TEST(FramePool, SmallCeilingsGetSmallChunks) {
  base::MemoryAccount account(16 * kMiB);
  FramePool pool(account, nullptr, kLastGeneration);
  Frame* const frame = take(pool, 8192);
  EXPECT_EQ(FramePool::chunk_of(frame).bytes, 256U << 10);
  EXPECT_NE(pool.class_for(16 << 10), FramePool::kHeaderClass);
  EXPECT_EQ(pool.class_for((16 << 10) + 1), FramePool::kHeaderClass);
  pool.give(frame);
}

TEST(FramePool, FramesAreDistinctAndWritableToTheirEnds) {
  base::MemoryAccount account(16 * kMiB);
  FramePool pool(account, nullptr, kLastGeneration);
  std::vector<Frame*> frames;
  for (size_t i = 0; i < 2000; i++) {
    Frame* const frame = take(pool, 500 + i % 700);
    for (char& byte : frame->room()) byte = static_cast<char>(i);
    frames.push_back(frame);
  }
  EXPECT_EQ(std::set<Frame*>(frames.begin(), frames.end()).size(), frames.size());
  for (size_t i = 0; i < frames.size(); i++) {
    EXPECT_EQ(frames[i]->bytes().size(), 500 + i % 700);
    EXPECT_EQ(frames[i]->bytes().find_first_not_of(static_cast<char>(i)), Bytes::npos) << i;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(frames[i]) % kFrameAlignment, 0U);
    EXPECT_EQ(frame_of(make_slot_word(frames[i], kLastGeneration)), frames[i]);
    EXPECT_EQ(generation_of(make_slot_word(frames[i], kLastGeneration)), kLastGeneration);
  }
  for (Frame* frame : frames) pool.give(frame);
}

TEST(FramePool, WhollyFreeChunksAreGivenBackAndChargedNoMore) {
  base::MemoryAccount account(16 * kMiB);
  FramePool pool(account, nullptr, kLastGeneration);
  std::vector<Frame*> frames = {take(pool, 4096)};
  const size_t all = size_t{16} * FramePool::chunk_of(frames[0]).frames;
  while (frames.size() < all) frames.push_back(take(pool, 4096));
  const uint64_t full = pool.held_bytes();
  EXPECT_EQ(full, 16 * FramePool::chunk_of(frames[0]).bytes);
  EXPECT_EQ(account.held(base::MemoryPart::kCache), full);
  for (Frame* frame : frames) pool.give(frame);
  EXPECT_EQ(pool.held_bytes(), full) << "held until it is really given back";
  EXPECT_LE(pool.expected_bytes(), 2 * (256U << 10));
  give_back(pool);
  EXPECT_LE(pool.held_bytes(), 2 * (256U << 10)) << "all but a reserve";
  EXPECT_EQ(account.held(base::MemoryPart::kCache), pool.held_bytes());
  size_t zeroed = 0;
  for (const Frame* frame : frames) zeroed += frame->state() == 0 ? 1 : 0;
  EXPECT_GE(zeroed, all * 14 / 16) << "the kernel has it";
  // The addresses are used again, by the same class only.
  const std::set<Frame*> before(frames.begin(), frames.end());
  std::vector<Frame*> again;
  for (size_t i = 0; i < all; i++) again.push_back(take(pool, i % 2 == 0 ? 4096 : 5000));
  for (size_t i = 0; i < again.size(); i++) EXPECT_EQ(before.contains(again[i]), i % 2 == 0);
  for (Frame* frame : again) pool.give(frame);
}

TEST(FramePool, GenerationsGoOnAfterMemoryWasGivenBack) {
  base::MemoryAccount account(16 * kMiB);
  FramePool pool(account, nullptr, kLastGeneration);
  std::set<std::pair<Frame*, uint32_t>> seen;
  for (int round = 0; round < 5; round++) {
    std::vector<Frame*> frames;
    for (size_t i = 0; i < 200; i++) {
      Frame* const frame = take(pool, 4096);
      EXPECT_TRUE(seen.emplace(frame, Frame::generation_of(frame->state())).second);
      frame->become_live();
      ASSERT_FALSE(frame->unpin());
      ASSERT_TRUE(frame->evict());
      frames.push_back(frame);
    }
    for (Frame* frame : frames) pool.give(frame);
    give_back(pool);
  }
}

TEST(FramePool, DrainingWaitsForLimboAndStopsForAnOrphan) {
  base::MemoryAccount account(16 * kMiB);
  FramePool pool(account, nullptr, kLastGeneration);
  Frame* const a = take(pool, 8192);
  Frame* const b = take(pool, 8192);
  FramePool::Chunk& chunk = FramePool::chunk_of(a);
  for (Frame* frame : {a, b}) frame->become_live();
  ASSERT_FALSE(a->unpin());
  EXPECT_FALSE(pool.drain(chunk)) << "frames in use";
  ASSERT_TRUE(a->evict());
  EXPECT_FALSE(b->evict()) << "pinned";
  ASSERT_TRUE(b->kill(Frame::generation_of(b->state())));
  for (Frame* frame : {a, b}) pool.enter_limbo(frame);
  ASSERT_TRUE(pool.drain(chunk));
  EXPECT_EQ(pool.expected_bytes(), 0U);
  EXPECT_EQ(pool.take(chunk.size_class).frame, nullptr) << "none from a draining chunk";
  pool.leave_limbo(a, a->leave_limbo());
  ASSERT_FALSE(b->leave_limbo());
  pool.leave_limbo(b, false);
  EXPECT_EQ(pool.expected_bytes(), chunk.bytes) << "the orphan keeps it";
  EXPECT_NE(pool.take(chunk.size_class).frame, nullptr);
  ASSERT_TRUE(b->unpin());
  b->forget_orphan();
  pool.give(b);
  pool.give(a);  // stands for the frame just taken, which was a
}

}  // namespace
}  // namespace nacre::cache
