#include "table/warm_blocks.h"

#include "table/table_fixture.h"

namespace nacre::table {
namespace {

struct Warmed : World {
  explicit Warmed(uint64_t room_bytes) : warming(cache, room_bytes), blocks(warming, identity().number) {}

  Warming warming;
  WarmBlocks blocks;
  MemoryFile file;
};

TEST(WarmBlocks, AreWhatTheFileHolds) {
  base::Prng random(5);
  for (int round = 0; round < 20; round++) {
    const auto entries = random_entries(random, 2000);
    Warmed world(uint64_t{1} << 30);
    TableBuilderOptions options = small_blocks();
    options.warm = &world.blocks;
    build(world.file, entries, options);
    const auto table = open(world.file, world.cache, world.account).value();
    EXPECT_EQ(table->cached_share(), 0);
    world.blocks.publish(*table);

    // A cold look at the same file.
    World other;
    const auto cold = open(world.file, other.cache, other.account).value();
    auto cursor = cold->cursor();
    cursor.seek_first();
    uint64_t warm = 0;
    for (uint32_t block = 0; block < table->blocks(); block++) {
      const sync::EpochDomain::Guard guard(world.domain);
      const cache::Frame* frame = world.cache.find(table->slot(block));
      if (frame == nullptr) continue;  // of a lone large entry
      warm++;
      const sync::EpochDomain::Guard other_guard(other.domain);
      const auto extent = cold->index().value().extent(block);
      const auto loaded = cold->load_block(block, extent).value();
      ASSERT_EQ(frame->bytes(), loaded.bytes()) << "block " << block;
    }
    EXPECT_GT(warm, table->blocks() / 2);
    const uint64_t reads = world.file.reads;
    for (const OwnedEntry& e : entries) expect_get(*table, world, entries, e.key, 2000);
    EXPECT_LE(world.file.reads - reads, 2 + table->blocks() - warm) << "index, filter, and what was not warmed";
  }
}

TEST(WarmBlocks, TakeNoMoreThanTheirRoom) {
  Warmed world(10 * 1024);
  TableBuilderOptions options = small_blocks();
  options.warm = &world.blocks;
  build(world.file, numbered_entries(3000), options);
  EXPECT_LE(world.cache.stats().made_ahead, 16u);
  EXPECT_GE(world.cache.stats().made_ahead, 5u);
  const auto table = open(world.file, world.cache, world.account).value();
  world.blocks.publish(*table);
  EXPECT_GT(table->cached_share(), 0);
  EXPECT_LT(table->cached_share(), 0.2);
}

// A job that fails gives back what it took.
TEST(WarmBlocks, LeaveNothingBehindIfTheyAreNotPublished) {
  Warmed world(uint64_t{1} << 30);
  {
    WarmBlocks given_up(world.warming, 9);
    TableBuilderOptions options = small_blocks();
    options.warm = &given_up;
    build(world.file, numbered_entries(3000), options);
    EXPECT_GT(world.cache.stats().frames, 0u);
  }
  EXPECT_EQ(world.cache.stats().frames, world.cache.stats().limbo_frames);
}

}  // namespace
}  // namespace nacre::table
