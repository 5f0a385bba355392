#include "tree/manifest.h"

#include <gtest/gtest.h>

#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

using format::VersionEdit;

constexpr Error kEio{.kind = ErrorKind::kIo, .operation = Operation::kWrite, .system_errno = 5};

struct Fixture {
  Fixture() {
    tree.open().value();
    name = format::manifest_name(tree.set->manifest_stats().number);
  }

  FaultyDirectory directory;
  TestTree tree{directory};
  std::string name;
};

TEST(Manifest, UnderAnotherNumberIsRefused) {
  Fixture fixture;
  fixture.tree.close();
  fixture.directory.put("MANIFEST-000007", fixture.directory.contents(fixture.name));
  fixture.directory.put("CURRENT", format::encode_current({.manifest_number = 7, .uuid = kTestUuid}));
  const auto opened = fixture.tree.open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(opened.error().file_number, 7U);
  EXPECT_TRUE(Bytes(opened.error().reason).contains("renamed"));
}

TEST(Manifest, WithoutADefaultKeyspaceIsDamaged) {
  FaultyDirectory directory;
  const format::ManifestHeader header{.uuid = kTestUuid, .number = 1};
  const VersionEdit edit{.next_file_number = 2};
  std::string bytes = format::encode_manifest_header(header);
  format::append_manifest_record(bytes, header, bytes.size(), format::encode_edits(std::span(&edit, 1)));
  directory.put("MANIFEST-000001", bytes);
  directory.put("CURRENT", format::encode_current({.manifest_number = 1, .uuid = kTestUuid}));
  TestTree tree(directory);
  EXPECT_EQ(tree.open().error().kind, ErrorKind::kCorruption);
}

TEST(Manifest, IsNotWrittenByWhoOnlyReads) {
  Fixture fixture;
  fixture.tree.close();
  fixture.tree.open(OpenMode::kReadOnly).value();
  const auto before = fixture.directory.picture();
  EXPECT_EQ(fixture.tree.set->begin_writing().error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(fixture.directory.picture(), before);
}

// The last id makes a keyspace, and no id comes after it.
TEST(Manifest, IdsOfKeyspacesEnd) {
  Fixture fixture;
  fixture.tree.close();
  std::string bytes = fixture.directory.contents(fixture.name);
  VersionEdit edit;
  edit.next_keyspace_id = UINT32_MAX;
  const auto header = format::decode_manifest_header(bytes).value();
  format::append_manifest_record(bytes, header, bytes.size(), format::encode_edits(std::span(&edit, 1)));
  fixture.directory.put(fixture.name, bytes);
  fixture.tree.open().value();
  const uint32_t last = fixture.tree.set->create_keyspace("last", {}).value();
  EXPECT_EQ(last, UINT32_MAX);
  EXPECT_EQ(fixture.tree.set->create_keyspace("more", {}).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(fixture.tree.set->drop_keyspace(last, 0).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(fixture.tree.set->keyspaces().size(), 2U);
}

TEST(Manifest, ACommitLargerThanARecordIsRefusedWhole) {
  FaultyDirectory directory;
  TestTree tree(directory);
  VersionSetOptions options = tree.options();
  options.record_limit_bytes = 200;
  tree.set = VersionSet::open(directory, options, &tree.report).value();
  tree.set->begin_writing().value();
  const std::string before = tree.text();
  const std::string key(200, 'k');
  EXPECT_EQ(tree.flush(key, key).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(tree.text(), before);
  tree.flush("k", "k").value();
}

TEST(Manifest, ASnapshotLargerThanARecordIsRefusedAndLeavesNothing) {
  FaultyDirectory directory;
  const Bytes huge("", format::kMaxManifestRecordBytes + 1);  // its length is all that is looked at
  EXPECT_EQ(ManifestWriter::prepare(directory, {.uuid = kTestUuid, .number = 1}, huge).error().kind,
            ErrorKind::kInvalidArgument);
  EXPECT_TRUE(directory.picture().empty());
}

TEST(Manifest, AWriterThatFailedTouchesItsFileNoMore) {
  FaultyDirectory directory;
  const auto writer = ManifestWriter::prepare(directory, {.uuid = kTestUuid, .number = 1}, "snapshot").value();
  writer->put_in_force(directory).value();
  directory.fail_at(0, kEio);
  const Error first = writer->append("lost").error();
  const std::string bytes = directory.contents("MANIFEST-000001");
  EXPECT_EQ(writer->append("more").error().to_string(), first.to_string());
  writer->acknowledge();
  EXPECT_EQ(directory.contents("MANIFEST-000001"), bytes);
}

// A number that must be reserved first is not given out if that fails.
TEST(Manifest, ATableNumberThatCannotBeReservedIsNotGiven) {
  Fixture fixture;
  fixture.directory.fail_at(0, kEio, true);
  Result<uint64_t> number = uint64_t{0};
  for (int i = 0; i < 5000 && number; i++) number = fixture.tree.set->next_table_number();
  ASSERT_FALSE(number.has_value());
  EXPECT_EQ(number.error().kind, ErrorKind::kIo);
}

// A creation that finds leftovers of an earlier one removes them first.
TEST(Manifest, LeftoversThatCannotBeRemovedEndACreation) {
  FaultyDirectory directory;
  directory.put("CURRENT.tmp", "half");
  directory.fail_at(0, kEio);
  TestTree tree(directory);
  EXPECT_EQ(tree.open().error().kind, ErrorKind::kIo);
  EXPECT_EQ(directory.picture().size(), 1U);
  tree.open().value();
}

TEST(Manifest, ARenameThatFailsSaysThatTheOutcomeIsUnknown) {
  uint64_t told = 0;
  for (uint64_t at = 0; at < 20; at++) {
    Fixture fixture;
    fixture.tree.close();
    fixture.directory.fail_at(at, kEio);
    const auto opened = fixture.tree.open();
    if (opened || opened.error().operation != Operation::kRename) continue;
    EXPECT_EQ(opened.error().kind, ErrorKind::kIo);
    told += opened.error().to_string().contains("unknown") ? 1 : 0;  // not of the renewal, which changes nothing
  }
  EXPECT_EQ(told, 1U);
}

// A misfit in the middle of a commit: what follows it is not tried. A commit of nothing writes no record of its own.
TEST(Manifest, ACommitEndsAtItsFirstMisfit) {
  Fixture fixture;
  VersionEdit misfit;
  misfit.removed = {999};
  VersionEdit missing{.keyspace = 44};
  missing.flushed_through = 5;
  const std::vector<VersionEdit> edits = {misfit, missing};
  EXPECT_EQ(fixture.tree.set->commit(edits).error().kind, ErrorKind::kInvalidArgument);  // that of the first
  fixture.tree.set->commit(std::span<const VersionEdit>()).value();
}

// Without listeners all works the same.
TEST(Manifest, NobodyNeedListen) {
  FaultyDirectory directory;
  TestTree tree(directory);
  VersionSetOptions options = tree.options();
  options.on_install = nullptr;
  options.manifest_limit_bytes = 100;
  uint64_t told = 0;
  options.on_manifest_replaced = [&](uint64_t number) { told = number; };
  tree.set = VersionSet::open(directory, options, &tree.report).value();
  tree.set->begin_writing().value();
  for (int i = 0; i < 60; i++) tree.flush("a", "b").value();
  EXPECT_GT(tree.set->manifest_stats().replaced, 0U);
  EXPECT_EQ(told, tree.set->manifest_stats().number);
}

}  // namespace
}  // namespace nacre::tree
