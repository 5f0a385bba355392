// What a run's writer must refuse. What it writes is looked at by the tests of tables and of the whole engine.

#include "compaction/run_writer.h"

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "format/entry_hash.h"
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

}  // namespace
}  // namespace nacre::compaction
