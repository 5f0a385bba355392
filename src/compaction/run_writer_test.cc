// What a run's writer must refuse. What it writes is looked at by the tests of tables and of the whole engine.

#include "compaction/run_writer.h"

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "format/entry_hash.h"
#include "os/memory_file_system.h"
#include "os/testing.h"

namespace nacre::compaction {
namespace {

using format::EntryKind;

// An entry may change in memory on its way from the merge to the table, where checksums do not reach.
TEST(RunWriter, EntriesThatAreNotThoseThatWereKeptAreCorruption) {
  const os::TemporaryDirectory place;
  const auto directory = place.open();
  uint64_t next_number = 1;
  const uint64_t trailer = format::make_trailer(7, EntryKind::kPut);
  for (const Bytes kept : {"value", "valve"}) {
    RunWriter writer({.directory = directory.get(),
                      .next_table_number = [&next_number]() -> Result<uint64_t> { return next_number++; }});
    ASSERT_TRUE(writer.add("key", base::hash_key("key"), trailer, "value").has_value());
    const auto tables = writer.finish(format::entry_hash(base::hash_key("key"), trailer, kept));
    EXPECT_EQ(tables.has_value(), kept == "value");
    EXPECT_TRUE(tables || tables.error().kind == ErrorKind::kCorruption);
  }
  EXPECT_EQ(directory->list().value().size(), 1U) << "the table of the refused run stays";
}

// The border between two partitions, of which a merge's output may hold only the second.
TEST(RunWriter, ABorderBeforeTheFirstKeyCutsNothing) {
  os::MemoryFileSystem files;
  const auto directory = files.open_directory("", false).value();
  uint64_t next_number = 1;
  RunWriter writer({.directory = directory.get(),
                    .next_table_number = [&next_number]() -> Result<uint64_t> { return next_number++; },
                    .cut_keys = {"b", "c", "e"}});
  const uint64_t trailer = format::make_trailer(7, EntryKind::kPut);
  uint64_t hash = 0;
  for (const Bytes key : {"c", "d", "e", "f"}) {
    ASSERT_TRUE(writer.add(key, base::hash_key(key), trailer, "v").has_value());
    hash += format::entry_hash(base::hash_key(key), trailer, "v");
  }
  const auto tables = writer.finish(hash).value();
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].largest_key, "d");
  EXPECT_EQ(tables[1].smallest_key, "e");
}

// Seeds 325 and 2000335 of the histories: small neighbours were joined without end. Where the open block compresses well, or tables are
// little more than what is fixed in them, the estimate was far too high, and joining four gave four again.
TEST(RunWriter, ACutForSizeLeavesNoSmallTable) {
  for (const uint64_t table_bytes : {uint64_t{1200}, uint64_t{16} << 10, uint64_t{256} << 10}) {
    for (const uint32_t block_bytes : {1024U, 65536U}) {
      os::MemoryFileSystem files;  // thousands of tables would be synced one by one
      const auto directory = files.open_directory("", false).value();
      uint64_t next_number = 1;
      RunWriter writer({.directory = directory.get(),
                        .next_table_number = [&next_number]() -> Result<uint64_t> { return next_number++; },
                        .block_bytes = block_bytes,
                        .table_bytes = table_bytes});
      const uint64_t trailer = format::make_trailer(7, EntryKind::kPut);
      const std::string value(400, 'v');
      uint64_t hash = 0;
      for (int i = 10'000; i < 20'000; i++) {
        const std::string key = std::to_string(i);
        ASSERT_TRUE(writer.add(key, base::hash_key(key), trailer, value).has_value());
        hash += format::entry_hash(base::hash_key(key), trailer, value);
      }
      const auto tables = writer.finish(hash);
      ASSERT_TRUE(tables.has_value());
      ASSERT_GE(tables->size(), 1U);
      for (size_t i = 0; i + 1 < tables->size(); i++)
        EXPECT_GE((*tables)[i].file_bytes, small_table_bytes(table_bytes)) << table_bytes << ", " << block_bytes;
    }
  }
}

}  // namespace
}  // namespace nacre::compaction
