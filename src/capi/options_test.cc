#include "capi/options.h"

#include <gtest/gtest.h>

#include <limits>

#include "nacre/config.h"

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

TEST(OptionsTest, LimitsAreThoseOfTheEngine) {
  EXPECT_EQ(NACRE_MAX_KEY_BYTES, kMaxKeyBytes);
  EXPECT_EQ(NACRE_MAX_VALUE_BYTES, kMaxValueBytes);
  EXPECT_EQ(NACRE_MIN_MEMORY_BYTES, kMinMemoryBytes);
  EXPECT_EQ(NACRE_MAX_CONFIG_BYTES, kMaxConfigBytes);
}

TEST(OptionsTest, GoThereAndBack) {
  for (const Compression compression : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    for (const CompactionShape shape :
         {CompactionShape::kLazyLeveled, CompactionShape::kLeveled, CompactionShape::kTiered}) {
      for (const uint32_t bits : {0u, 1u, 24u}) {
        const KeyspaceOptions options{
            .bottom_compression = compression, .shape = shape, .filter_bits_per_key = bits, .block_bytes = 1024};
        const nacre_keyspace_options in_c = as_c(options);
        EXPECT_EQ(in_c.struct_size, sizeof in_c);
        EXPECT_EQ(as_keyspace_options(&in_c).value(), options);
      }
    }
  }
  for (int mode = 0; mode < 4; mode++) {
    for (int durability = 0; durability < 3; durability++) {
      for (int memtable = 0; memtable < 2; memtable++) {
        const Options options{.mode = static_cast<OpenMode>(mode),
                              .durability = static_cast<Durability>(durability),
                              .memory_bytes = 1234567,
                              .memtable = static_cast<MemtableKind>(memtable),
                              .row_cache_percent = 9,
                              .keyspace = {.compression = Compression::kZstd}};
        const nacre_keyspace_options keyspace = as_c(options.keyspace);
        EXPECT_EQ(as_options(as_c(options, &keyspace)).value(), options);
      }
    }
  }
}

TEST(OptionsTest, ZeroSurroundingsAreTheStandardRuntime) {
  const nacre_options zero{.struct_size = sizeof zero};
  const Runtime& standard = Runtime::standard();
  const Runtime runtime = runtime_with(surroundings_of(zero).value());
  EXPECT_EQ(runtime.file_system, standard.file_system);
  EXPECT_EQ(runtime.clock, standard.clock);
  EXPECT_EQ(runtime.executor, standard.executor);
  EXPECT_EQ(runtime.events, standard.events);
  EXPECT_EQ(runtime.random_seed, standard.random_seed);
  EXPECT_EQ(runtime.log.enabled, standard.log.enabled);
  EXPECT_EQ(runtime.log.format, standard.log.format);
  EXPECT_EQ(runtime.log.least, standard.log.least);
  EXPECT_EQ(runtime.log.file_bytes, standard.log.file_bytes);
  EXPECT_EQ(runtime.log.files, standard.log.files);
  EXPECT_EQ(runtime.slow_ns, standard.slow_ns);
}

TEST(OptionsTest, EachSurroundingArrives) {
  const nacre_log_options log{.struct_size = sizeof log,
                              .disabled = 2,
                              .format = NACRE_LOG_JSON,
                              .least = NACRE_SEVERITY_WARNING,
                              .files = 7,
                              .file_bytes = 65536};
  nacre_options given{.struct_size = sizeof given, .log = &log, .slow_ns = 8};
  const Runtime runtime = runtime_with(surroundings_of(given).value());
  EXPECT_FALSE(runtime.log.enabled);
  EXPECT_EQ(runtime.log.format, LogFormat::kJson);
  EXPECT_EQ(runtime.log.least, Severity::kWarning);
  EXPECT_EQ(runtime.log.files, 7u);
  EXPECT_EQ(runtime.log.file_bytes, 65536u);
  EXPECT_EQ(runtime.slow_ns, 8u);
  given.slow_ns = NACRE_NEVER_SLOW;
  EXPECT_EQ(runtime_with(surroundings_of(given).value()).slow_ns, 0u);
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
