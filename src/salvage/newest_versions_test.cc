#include "salvage/newest_versions.h"

#include <gtest/gtest.h>

namespace nacre::salvage {
namespace {

std::map<std::string, std::string> contents_of(NewestVersions& versions) {
  std::map<std::string, std::string> contents;
  EXPECT_TRUE(versions
                  .for_each([&](Bytes key, Bytes value) -> Result<void> {
                    contents[std::string(key)] = value;
                    return {};
                  })
                  .has_value());
  return contents;
}

// The last operation delivered won, whatever its sequence.
TEST(NewestVersions, TheHighestSequenceWinsInWhateverOrderTheyCome) {
  NewestVersions versions;
  versions.add_operation({.kind = format::EntryKind::kPut, .key = "a", .value = "new"}, 7);
  versions.add_operation({.kind = format::EntryKind::kPut, .key = "a", .value = "old"}, 5);
  versions.add_operation({.kind = format::EntryKind::kErase, .key = "b"}, 9);
  versions.add_operation({.kind = format::EntryKind::kPut, .key = "b", .value = "old"}, 8);
  EXPECT_EQ(contents_of(versions), (std::map<std::string, std::string>{{"a", "new"}}));
}

// Where no table is damaged, operations that tables took must not come back: what came later may be in no log (Durability::kMemory), and
// merges leave nothing of an erase.
TEST(NewestVersions, HeldOperationsCountWhereTablesAreDamagedAlone) {
  NewestVersions versions;
  for (const Bytes key : {"a", "m", "n", "z"})
    versions.add_held_operation({.kind = format::EntryKind::kPut, .key = key, .value = "held"}, 7);
  versions.add_operation({.kind = format::EntryKind::kPut, .key = "n", .value = "new"}, 9);
  versions.add_held_operation({.kind = format::EntryKind::kRangeErase, .key = "k", .value = "n"}, 8);
  versions.add_operation({.kind = format::EntryKind::kPut, .key = "zz", .value = "new"}, 9);
  versions.doubts().add({.from = "l", .to = "p"});
  versions.doubts().add({.from = "z", .to = std::nullopt});
  EXPECT_EQ(contents_of(versions), (std::map<std::string, std::string>{{"n", "new"}, {"z", "held"}, {"zz", "new"}}));
  EXPECT_EQ(versions.rescued(), 1U);
  EXPECT_TRUE(versions.doubts().relied_on({.from = "y", .to = "zz"}));
  EXPECT_FALSE(versions.doubts().relied_on({.from = "a", .to = "b"}));
}

}  // namespace
}  // namespace nacre::salvage
