#include "capi/options.h"

#include <gtest/gtest.h>

#include <limits>

namespace nacre::capi {
namespace {

TEST(OptionsTest, AllZeroIsAllDefaults) {
  const nacre_options zero{.struct_size = sizeof zero};
  const Options defaults;
  const Options options = as_options(zero).value();
  EXPECT_EQ(options.mode, defaults.mode);
  EXPECT_EQ(options.durability, defaults.durability);
  EXPECT_EQ(options.memory_bytes, defaults.memory_bytes);
  EXPECT_EQ(options.memtable, defaults.memtable);
  EXPECT_EQ(options.row_cache_percent, defaults.row_cache_percent);

  const nacre_keyspace_options zero_keyspace{.struct_size = sizeof zero_keyspace};
  for (const nacre_keyspace_options* given : {&zero_keyspace, static_cast<const nacre_keyspace_options*>(nullptr)}) {
    const KeyspaceOptions keyspace = as_keyspace_options(given).value();
    EXPECT_EQ(keyspace.compression, defaults.keyspace.compression);
    EXPECT_EQ(keyspace.bottom_compression, defaults.keyspace.bottom_compression);
    EXPECT_EQ(keyspace.shape, defaults.keyspace.shape);
    EXPECT_EQ(keyspace.filter_bits_per_key, defaults.keyspace.filter_bits_per_key);
    EXPECT_EQ(keyspace.block_bytes, defaults.keyspace.block_bytes);
  }

  const nacre_write_options zero_write{.struct_size = sizeof zero_write};
  for (const nacre_write_options* given : {&zero_write, static_cast<const nacre_write_options*>(nullptr)}) {
    EXPECT_EQ(as_write_options(given)->durability, std::nullopt);
    EXPECT_FALSE(as_write_options(given)->fail_if_delayed);
  }

  const nacre_scan_options zero_scan{.struct_size = sizeof zero_scan};
  const ScanOptions scan = as_scan_options(&zero_scan).value();
  EXPECT_FALSE(scan.prefix || scan.from || scan.to || scan.reverse || scan.snapshot.valid());
  EXPECT_EQ(scan.limit, std::numeric_limits<uint64_t>::max());
}

TEST(OptionsTest, EachFieldArrives) {
  const nacre_keyspace_options keyspace{.struct_size = sizeof keyspace,
                                        .compression = NACRE_COMPRESSION_ZSTD,
                                        .bottom_compression = NACRE_COMPRESSION_NONE,
                                        .shape = NACRE_SHAPE_TIERED,
                                        .filter_bits_per_key = 7,
                                        .block_bytes = 4096};
  const nacre_options given{.struct_size = sizeof given,
                            .mode = NACRE_OPEN_READ_ONLY,
                            .durability = NACRE_DURABILITY_DISK,
                            .memory_bytes = 12345,
                            .memtable = NACRE_MEMTABLE_SKIP_LIST,
                            .row_cache_percent = 33,
                            .keyspace = &keyspace};
  const Options options = as_options(given).value();
  EXPECT_EQ(options.mode, OpenMode::kReadOnly);
  EXPECT_EQ(options.durability, Durability::kDisk);
  EXPECT_EQ(options.memory_bytes, 12345u);
  EXPECT_EQ(options.memtable, MemtableKind::kSkipList);
  EXPECT_EQ(options.row_cache_percent, 33u);
  EXPECT_EQ(options.keyspace.compression, Compression::kZstd);
  EXPECT_EQ(options.keyspace.bottom_compression, Compression::kNone);
  EXPECT_EQ(options.keyspace.shape, CompactionShape::kTiered);
  EXPECT_EQ(options.keyspace.filter_bits_per_key, 7u);
  EXPECT_EQ(options.keyspace.block_bytes, 4096u);
}

TEST(OptionsTest, EachNumberIsItsChoice) {
  const auto mode = [](nacre_open_mode number) { return as_options({.mode = number}).value().mode; };
  EXPECT_EQ(mode(NACRE_OPEN_CREATE_IF_MISSING), OpenMode::kCreateIfMissing);
  EXPECT_EQ(mode(NACRE_OPEN_MUST_EXIST), OpenMode::kMustExist);
  EXPECT_EQ(mode(NACRE_OPEN_CREATE_NEW), OpenMode::kCreateNew);

  const auto durability = [](nacre_durability number) {
    const nacre_write_options options{.struct_size = sizeof options, .durability = number, .fail_if_delayed = 256};
    EXPECT_TRUE(as_write_options(&options)->fail_if_delayed);
    return as_write_options(&options)->durability;
  };
  EXPECT_EQ(durability(NACRE_DURABILITY_MEMORY), Durability::kMemory);
  EXPECT_EQ(durability(NACRE_DURABILITY_OS), Durability::kOs);
  EXPECT_EQ(durability(NACRE_DURABILITY_DISK), Durability::kDisk);

  const auto keyspace = [](nacre_keyspace_options options) {
    options.struct_size = sizeof options;
    return as_keyspace_options(&options).value();
  };
  EXPECT_EQ(keyspace({.compression = NACRE_COMPRESSION_LZ4}).compression, Compression::kLz4);
  EXPECT_EQ(keyspace({.compression = NACRE_COMPRESSION_NONE}).compression, Compression::kNone);
  EXPECT_EQ(keyspace({.shape = NACRE_SHAPE_LAZY_LEVELED}).shape, CompactionShape::kLazyLeveled);
  EXPECT_EQ(keyspace({.shape = NACRE_SHAPE_LEVELED}).shape, CompactionShape::kLeveled);
  EXPECT_EQ(keyspace({.filter_bits_per_key = NACRE_NO_FILTER}).filter_bits_per_key, 0u);
}

TEST(OptionsTest, ABoundIsNoneOnlyWithoutData) {
  const nacre_scan_options given{.struct_size = sizeof given,
                                 .prefix = {.data = "ab", .size = 1},
                                 .to = {.data = "", .size = 0},
                                 .limit = 3,
                                 .reverse = 2};
  const ScanOptions options = as_scan_options(&given).value();
  EXPECT_EQ(options.prefix, "a");
  EXPECT_EQ(options.from, std::nullopt);
  EXPECT_EQ(options.to, "");
  EXPECT_EQ(options.limit, 3u);
  EXPECT_TRUE(options.reverse);
}

}  // namespace
}  // namespace nacre::capi
