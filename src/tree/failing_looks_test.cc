// A directory that fails while it is only looked at: an open that fails changes nothing, and one that succeeds all the
// same takes what it could not look at for somebody else's.

#include <gtest/gtest.h>

#include "format/reserve_format.h"
#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

// A closed database: live tables, what a crash left of our own, and files of others.
struct Home {
  Home() {
    tree.open().value();
    tree.flush("a", "b").value();
    tree.flush("c", "d").value();
    const uint64_t leftover = tree.make_table().value();
    reserve = tree.set->next_table_number().value();
    directory.put(format::reserve_name(reserve), format::encode_reserve_header(kTestUuid, reserve) + "noise");
    text = tree.text();
    tree.close();
    directory.put(format::manifest_name(reserve + 1), "cut off");
    directory.put("CURRENT.tmp", "half");
    directory.put("000900.sst.tmp", "nobody makes this");
    ours = {format::table_name(leftover), format::reserve_name(reserve), format::manifest_name(reserve + 1)};
  }

  FaultyDirectory directory;
  TestTree tree{directory};
  uint64_t reserve = 0;
  std::string text;
  std::vector<std::string> ours;  // that no version names
};

std::optional<ErrorKind> kind_of(const Result<void>& result) {
  return result ? std::nullopt : std::optional(result.error().kind);
}

// Opens with the n-th look failing, for every n, until none is left to fail.
template <class Check>
uint64_t with_each_look_failing(Home& home, Check&& check) {
  for (uint64_t look = 0;; look++) {
    home.directory.fail_look_at(look);
    const auto opened = home.tree.open(OpenMode::kReadOnly);
    const bool failed = home.directory.look_failed();
    check(opened, failed);
    home.tree.close();
    if (!failed || testing::Test::HasFailure()) return look;
  }
}

TEST(FailingLooks, AreErrorsOrHideWhatIsNobodysBusiness) {
  Home home;
  const auto before = home.directory.picture();
  uint64_t refused = 0;
  uint64_t hidden = 0;
  const uint64_t looks = with_each_look_failing(home, [&](const Result<void>& opened, bool failed) {
    EXPECT_EQ(home.directory.picture(), before);
    if (!opened) {
      EXPECT_EQ(opened.error().kind, ErrorKind::kIo);
      refused++;
      return;
    }
    EXPECT_EQ(home.tree.text(), home.text);
    const DirectoryAudit& audit = home.tree.report.audit;
    const size_t known = audit.leftover_tables.size() + audit.leftover_manifests.size() + audit.reserves.size();
    EXPECT_EQ(known + (failed ? 1 : 0), home.ours.size());
    EXPECT_EQ(audit.unknown_files.size(), failed ? 2U : 1U);
    hidden += failed ? 1 : 0;
  });
  EXPECT_EQ(hidden, 6U);   // open and read of each of ours
  EXPECT_EQ(refused, 9U);  // the list; open and read of CURRENT, of the manifest, of two tables
  EXPECT_EQ(looks, 15U);
}

TEST(FailingLooks, WithoutCurrentNothingIsCreatedUnlooked) {
  for (const bool was_in_force : {false, true}) {
    Home home;
    const std::string manifest = home.directory.contents("MANIFEST-000001");
    for (const auto& [name, bytes] : home.directory.picture()) home.directory.erase(name);
    home.directory.put("MANIFEST-000001", was_in_force ? manifest : "cut off");
    const auto before = home.directory.picture();
    uint64_t refused = 0;
    with_each_look_failing(home, [&](const Result<void>& opened, bool failed) {
      ASSERT_FALSE(opened.has_value());
      const ErrorKind kind = was_in_force ? ErrorKind::kCorruption : ErrorKind::kNotFound;
      EXPECT_EQ(opened.error().kind, failed ? ErrorKind::kIo : kind);
      EXPECT_EQ(home.directory.picture(), before);
      refused += failed ? 1 : 0;
    });
    EXPECT_EQ(refused, 4U);  // open of CURRENT, list, open and read of the manifest
  }
}

// What lies before the lock asks the same of the directory, and makes nothing.
TEST(FailingLooks, BeforeTheLock) {
  const auto check = [](Directory& directory, OpenMode mode) {
    return kind_of(VersionSet::check_before_lock(directory, mode));
  };
  FaultyDirectory empty;
  EXPECT_EQ(check(empty, OpenMode::kCreateIfMissing), std::nullopt);
  EXPECT_EQ(check(empty, OpenMode::kMustExist), ErrorKind::kNotFound);
  for (uint64_t look = 0; look < 2; look++) {
    empty.fail_look_at(look);
    EXPECT_EQ(check(empty, OpenMode::kCreateIfMissing), ErrorKind::kIo);
    EXPECT_TRUE(empty.look_failed());
  }
  empty.put("holiday.jpg", "x");
  EXPECT_EQ(check(empty, OpenMode::kCreateIfMissing), ErrorKind::kInvalidArgument);
  empty.put("LOCK", "");  // somebody may be creating a database at this moment
  EXPECT_EQ(check(empty, OpenMode::kMustExist), std::nullopt);
  Home home;
  EXPECT_EQ(check(home.directory, OpenMode::kMustExist), std::nullopt);
}

// A file that is shorter than the directory said is an error of the system, never a short manifest.
TEST(FailingLooks, AManifestThatShrinksWhileItIsReadIsNoManifest) {
  Home home;
  home.directory.shorten_reads(1);
  const auto opened = home.tree.open(OpenMode::kReadOnly);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::kIo);
  EXPECT_TRUE(Bytes(opened.error().reason).contains("shorter"));
}

TEST(FailingLooks, ALostCurrentIsNoticedByWhateverADatabaseLeaves) {
  for (const char* name : {"000001.wal", "000001.sst", "000001.blob", "000001.reserve", "MANIFEST-000002"}) {
    FaultyDirectory directory;
    directory.put(name, "x");
    TestTree tree(directory);
    EXPECT_EQ(tree.open().error().kind, ErrorKind::kCorruption) << name;
  }
  FaultyDirectory directory;
  directory.put("000001.sst.tmp", "x");  // nobody makes this
  TestTree tree(directory);
  EXPECT_EQ(tree.open().error().kind, ErrorKind::kInvalidArgument);
}

// MANIFEST-000001 without CURRENT is what a creation leaves that was cut off, unless anything stands behind its snapshot: whole,
// or damaged before something whole.
TEST(FailingLooks, AFirstManifestThatWasInForceIsNotTakenForACutOffCreation) {
  Home home;
  const std::string manifest = home.directory.contents("MANIFEST-000001");
  const auto header = format::decode_manifest_header(manifest).value();
  format::ManifestReader reader(manifest, header);
  ASSERT_TRUE(reader.next().value().has_value());
  const size_t snapshot_at = format::kManifestHeaderBytes;
  const size_t mark_at = reader.end_offset();
  const auto open = [](const std::string& bytes) {
    FaultyDirectory directory;
    directory.put("MANIFEST-000001", bytes);
    TestTree tree(directory);
    return kind_of(tree.open());
  };
  EXPECT_EQ(open(manifest.substr(0, mark_at)), std::nullopt);
  EXPECT_EQ(open(manifest.substr(0, mark_at) + "torn"), std::nullopt);
  EXPECT_EQ(open(manifest.substr(0, mark_at - 1)), std::nullopt);
  EXPECT_EQ(open(manifest.substr(0, mark_at + format::kManifestRecordHeaderBytes)), ErrorKind::kCorruption);
  std::string damaged = manifest;
  damaged[snapshot_at + 20] ^= 1;
  EXPECT_EQ(open(damaged), ErrorKind::kCorruption);
  damaged = manifest;
  damaged[mark_at + format::kManifestRecordHeaderBytes + 20] ^= 1;  // the first edit
  EXPECT_EQ(open(damaged), ErrorKind::kCorruption);
  damaged.erase(mark_at, format::kManifestRecordHeaderBytes);
  EXPECT_EQ(open(damaged), std::nullopt);  // nothing behind the snapshot is where it belongs
}

}  // namespace
}  // namespace nacre::tree
