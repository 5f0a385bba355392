// Every I/O error at every operation, power cuts behind each of them, damaged bytes: what was acknowledged is found
// again, what was refused is nowhere, and nothing in between.

#include <gtest/gtest.h>

#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

using format::VersionEdit;

constexpr Error kEio{.kind = ErrorKind::kIo, .operation = Operation::kSync, .system_errno = 5};
constexpr Error kEnospc{.kind = ErrorKind::kNoSpace, .operation = Operation::kWrite, .system_errno = 28};

// The text of `state` after `edits`.
std::string text_with(TreeState state, std::span<const VersionEdit> edits) {
  auto home = std::make_shared<TableHome>(kTestUuid, std::make_shared<FakeOpener>(), nullptr, nullptr);
  Displaced displaced;
  VersionEdit numbers;
  numbers.next_file_number = 1 << 20;
  state.apply(numbers, home, displaced).value();
  for (const VersionEdit& edit : edits) state.apply(edit, home, displaced).value();
  return to_text(state);
}

// A small life: create, flushes, keyspaces, a merge whose inputs are deleted, rollovers, a reopen. Keeps what is
// acknowledged and, after an error, what may be there beside it.
struct Life {
  explicit Life(FaultyDirectory& directory) : tree(directory) { tree.manifest_limit_bytes = 400; }

  // False: stop here, an operation failed for good.
  bool commit(const std::vector<VersionEdit>& edits) {
    const TreeState before = tree.set->state();
    const auto result = tree.set->commit(edits);
    if (result) {
      acknowledged = tree.text();
      maybe.clear();
      delete_obsolete();
      return true;
    }
    EXPECT_EQ(tree.text(), acknowledged) << "a failed edit shows";
    // One edit at most is in doubt: that which the manifest in force may hold.
    const uint64_t manifest = tree.set->manifest_stats().number;
    if (!tree.set->in_doubt()) maybe.clear();
    if (tree.set->in_doubt() && (maybe.empty() || manifest != maybe_in)) {
      maybe = text_with(before, edits);
      maybe_in = manifest;
    }
    if (result.error().kind == ErrorKind::kNoSpace) return true;
    // kClosed: a mark or a rollover failed after the commit before this one.
    EXPECT_TRUE(result.error().kind == ErrorKind::kIo || result.error().kind == ErrorKind::kClosed);
    EXPECT_EQ(tree.set->commit(VersionEdit{}).error().kind, ErrorKind::kClosed);
    return false;
  }
  bool flush(uint32_t keyspace) {
    const auto number = tree.make_table();
    if (!number) return false;
    const auto state = tree.set->state();
    const auto at = state.keyspaces.find(keyspace);
    if (at == state.keyspaces.end()) return true;  // its creation was refused for lack of space
    const format::Sequence before = at->second.flushed_through;
    return commit({{.keyspace = keyspace,
                    .flushed_through = before + 10,
                    .added = {placed(0, tree.set->next_run_id(), *number, "a", "m", before + 1, before + 10)}}});
  }
  bool merge() {
    const auto number = tree.make_table();
    if (!number) return false;
    VersionEdit edit;
    for (const auto& run : tree.set->current(0)->runs()) {
      edit.removed.insert(edit.removed.end(), run.numbers().begin(), run.numbers().end());
    }
    edit.added = {
        placed(7, tree.set->next_run_id(), *number, "a", "m", 1, tree.set->state().keyspaces.at(0).flushed_through)};
    return commit({edit});
  }
  bool create_keyspace(uint32_t id, const std::string& name) {
    VersionEdit edit{.keyspace = id};
    edit.created = format::KeyspaceRecord{.id = id, .name = name};
    return commit({edit});
  }
  void delete_obsolete() {
    tree.forget_installed();
    for (const uint64_t number : tree.obsolete) (void)tree.directory.remove(format::table_name(number));
    tree.obsolete.clear();
  }
  bool open() {
    const auto opened = tree.open();
    if (!opened) return false;
    if (acknowledged.empty()) acknowledged = tree.text();
    EXPECT_EQ(tree.text(), acknowledged);
    maybe.clear();
    return true;
  }
  void live() {
    if (!open() || !flush(0) || !create_keyspace(1, "users") || !flush(1) || !flush(0) || !merge()) return;
    for (int i = 0; i < 5; i++) {
      if (!flush(0)) return;
    }
    if (!commit({{.log_floor = format::LogFloor{.lsn = 77, .segment = 1}}, {.last_sequence = 1000}})) return;
    rollovers = tree.set->manifest_stats().replaced;
    if (maybe.empty()) {  // in doubt, a reopen may find either: that is for the caller to look at
      tree.close();
      if (!open() || !flush(0) || !merge()) return;
    }
    finished = true;
  }

  TestTree tree;
  std::string acknowledged;  // empty: the creation did not finish
  std::string maybe;         // empty: nothing is in doubt
  uint64_t maybe_in = 0;     // the manifest that may hold it
  uint64_t rollovers = 0;
  bool finished = false;
};

void expect_found_again(std::unique_ptr<FaultyDirectory> directory, const Life& life, const std::string& what) {
  TestTree tree(*directory);
  const auto opened = tree.open();
  ASSERT_TRUE(opened.has_value()) << what << ": " << opened.error().to_string();
  const std::string found = tree.text();
  if (life.acknowledged.empty()) {
    EXPECT_EQ(tree.set->keyspaces().size(), 1U) << what;
  } else if (life.maybe.empty()) {
    EXPECT_EQ(found, life.acknowledged) << what;
  } else {
    EXPECT_TRUE(found == life.acknowledged || found == life.maybe) << what << "\n" << found;
  }
  // Once an open has decided, the next must agree, and the database works on.
  tree.close();
  tree.open().value();
  EXPECT_EQ(tree.text(), found) << what;
  tree.flush("x", "z").value();
}

TEST(VersionSetFaults, AnErrorAtEveryOperation) {
  uint64_t operations = 0;
  {
    FaultyDirectory directory;
    Life life(directory);
    life.live();
    ASSERT_TRUE(life.finished);
    EXPECT_GE(life.rollovers, 1U);
    operations = directory.operations();
  }
  uint64_t refused = 0;
  for (uint64_t at = 0; at < operations; at++) {
    for (const Error& error : {kEio, kEnospc}) {
      for (const bool for_good : {false, true}) {
        for (const bool renames_happen : {false, true}) {
          FaultyDirectory directory;
          directory.set_failed_renames_happen(renames_happen);
          directory.fail_at(at, error, for_good);
          Life life(directory);
          life.live();
          ASSERT_TRUE(directory.failed());
          refused += !life.finished;
          const std::string what = "operation " + std::to_string(at) + (error.system_errno == 5 ? " EIO" : " ENOSPC") +
                                   (for_good ? " for good" : " once") + (renames_happen ? " renamed" : "");
          life.tree.set.reset();
          expect_found_again(directory.after_kill(), life, what + ", killed");
          for (uint64_t seed = 0; seed < 6; seed++) {
            base::Prng prng(at * 100 + seed);
            expect_found_again(directory.after_power_cut(prng), life, what + ", cut with seed " + std::to_string(seed));
          }
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
  EXPECT_GT(refused, operations);
}

TEST(VersionSetFaults, AFailedSyncIsStickyAndShowsNowhere) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  tree.flush("a", "b").value();
  const std::string before = tree.text();
  const auto version = tree.set->current(0);
  tree.forget_installed();
  directory.fail_at(1, kEio);  // the append is 0
  VersionEdit edit;
  edit.log_floor = {.lsn = 5, .segment = 1};
  const auto failed = tree.set->commit(edit);
  EXPECT_EQ(failed.error().kind, ErrorKind::kIo);
  EXPECT_EQ(failed.error().file_kind, FileKind::kManifest);
  EXPECT_TRUE(tree.set->in_doubt());
  EXPECT_EQ(tree.text(), before);
  EXPECT_EQ(tree.set->current(0), version);
  EXPECT_TRUE(tree.installed.empty());
  const uint64_t operations = directory.operations();
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(tree.set->commit(edit).error().kind, ErrorKind::kClosed);
    EXPECT_EQ(tree.set->create_keyspace("x", {}).error().kind, ErrorKind::kClosed);
  }
  EXPECT_EQ(directory.operations(), operations);  // nothing was tried again
}

TEST(VersionSetFaults, NoSpaceRefusesAndResumesWithoutReopening) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  tree.flush("a", "b").value();
  const std::string before = tree.text();
  const uint64_t manifest = tree.set->manifest_stats().number;
  const uint64_t number = tree.make_table().value();
  VersionEdit edit;
  edit.flushed_through = 20;
  edit.added = {placed(0, tree.set->next_run_id(), number, "c", "d", 11, 20)};
  directory.fail_at(1, kEnospc, true);  // the directory's sync is 0
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(tree.set->commit(edit).error().kind, ErrorKind::kNoSpace);
    EXPECT_EQ(tree.text(), before);
    EXPECT_FALSE(tree.set->in_doubt());
    Life witness(directory);
    witness.acknowledged = before;
    expect_found_again(directory.after_kill(), witness, "the refused edit is nowhere");
    directory.fail_at(0, kEnospc, true);
  }
  directory.heal();
  tree.set->commit(edit).value();
  EXPECT_GT(tree.set->manifest_stats().number, manifest);
  const std::string after = tree.text();
  tree.close();
  tree.open().value();
  EXPECT_EQ(tree.text(), after);
}

// A mark that found no room showed in the next commit, which was refused once though there was room again.
TEST(VersionSetFaults, AMarkWithoutSpaceRefusesNothing) {
  for (const uint64_t at : {uint64_t{2}, uint64_t{3}}) {  // append, sync, mark; or the next append tells of the mark
    FaultyDirectory directory;
    TestTree tree(directory);
    tree.open().value();
    directory.fail_at(at, kEnospc);
    VersionEdit edit;
    for (uint64_t lsn = 100; lsn < 103; lsn++) {
      edit.log_floor = {.lsn = lsn, .segment = 1};
      tree.set->commit(edit).value();
    }
    EXPECT_TRUE(directory.failed());
    const std::string after = tree.text();
    tree.close();
    tree.open().value();
    EXPECT_EQ(tree.text(), after);
  }
}

// A sync that failed with ENOSPC was told as a clean refusal; but the record was in the file, and a crash brought the keyspace.
TEST(VersionSetFaults, ASyncThatFindsNoSpaceLeavesTheEditInDoubt) {
  for (const bool of_directory : {false, true}) {
    FaultyDirectory directory;
    TestTree tree(directory);
    tree.open().value();
    const uint64_t number = tree.make_table().value();
    VersionEdit edit;
    edit.flushed_through = 20;
    edit.added = {placed(0, tree.set->next_run_id(), number, "c", "d", 11, 20)};
    directory.fail_at(of_directory ? 0 : 2, kEnospc);
    EXPECT_EQ(tree.set->commit(edit).error().kind, ErrorKind::kIo);
    EXPECT_EQ(tree.set->in_doubt(), !of_directory);
    EXPECT_EQ(tree.set->create_keyspace("x", {}).error().kind, ErrorKind::kClosed);
  }
}

TEST(VersionSetFaults, ARolloverWithoutSpaceIsPutOff) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  tree.close();
  tree.manifest_limit_bytes = 1;
  tree.open().value();
  VersionEdit edit;
  edit.log_floor = {.lsn = 1, .segment = 1};
  uint64_t replaced = tree.set->manifest_stats().replaced;
  while (tree.set->manifest_stats().replaced == replaced) {
    // Append, sync and mark succeed; whatever comes then, the rollover, does not.
    directory.fail_at(3, kEnospc, true);
    tree.set->commit(edit).value();
    if (directory.failed()) break;
  }
  ASSERT_TRUE(directory.failed());
  directory.heal();
  EXPECT_FALSE(tree.set->in_doubt());
  EXPECT_EQ(tree.set->manifest_stats().replaced, replaced);
  for (int i = 0; i < 100; i++) tree.set->commit(edit).value();
  EXPECT_GT(tree.set->manifest_stats().replaced, replaced);
}

TEST(VersionSetFaults, AFailureReachesEveryCommitterOfTheGroup) {
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  const std::string before = tree.text();
  directory.fail_at(0, kEio, true);
  std::atomic<int> failed{0};
  std::vector<sync::Thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back("writer", [&] {
      VersionEdit edit;
      edit.log_floor = {.lsn = 9, .segment = 1};
      for (int n = 0; n < 20; n++) failed += !tree.set->commit(edit).has_value();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 80);
  EXPECT_EQ(tree.text(), before);
}

// A database of a few records, and the text of the state after each.
struct Recorded {
  Recorded() {
    TestTree tree(directory);
    tree.open().value();
    texts.push_back(tree.text());
    const auto record = [&] {
      texts.push_back(tree.text());
      ends.push_back(directory.contents(name).size() - format::kManifestRecordHeaderBytes);  // without the mark
    };
    ends.push_back(directory.contents(name).size() - format::kManifestRecordHeaderBytes);
    tree.flush("a", "b").value();
    record();
    tree.set->create_keyspace("users", {}).value();
    record();
    const uint64_t number = tree.flush("c", "d").value();
    record();
    VersionEdit edit;
    edit.removed = {number};
    tree.set->commit(edit).value();
    record();
  }

  const std::string name = "MANIFEST-000001";
  FaultyDirectory directory;
  std::vector<std::string> texts;
  std::vector<size_t> ends;  // where each record ends
};

TEST(VersionSetFaults, AManifestCutAnywhereIsAnEarlierStateOrAnError) {
  Recorded recorded;
  const std::string whole = recorded.directory.contents(recorded.name);
  for (size_t size = 0; size < whole.size(); size++) {
    auto directory = recorded.directory.after_kill();
    directory->put(recorded.name, whole.substr(0, size));
    TestTree tree(*directory);
    const auto opened = tree.open();
    if (size < recorded.ends[0]) {
      ASSERT_FALSE(opened.has_value()) << size;
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption);
      EXPECT_EQ(opened.error().file_kind, FileKind::kManifest);
      EXPECT_EQ(opened.error().file_number, 1U);
      continue;
    }
    ASSERT_TRUE(opened.has_value()) << size << ": " << opened.error().to_string();
    size_t last = 0;
    while (last + 1 < recorded.ends.size() && recorded.ends[last + 1] <= size) last++;
    ASSERT_EQ(tree.text(), recorded.texts[last]) << size;
    const size_t behind = size - recorded.ends[last];
    EXPECT_EQ(tree.report.replay.torn_bytes, behind >= 12 ? behind - 12 : behind) << size;
    const std::string found = tree.text();
    tree.close();
    tree.open(OpenMode::kReadOnly).value();
    ASSERT_EQ(tree.text(), found);
  }
}

TEST(VersionSetFaults, AFlippedBitAnywhereIsAnErrorOrChangesNothing) {
  Recorded recorded;
  size_t errors = 0;
  for (const std::string& name : {recorded.name, std::string("CURRENT")}) {
    const std::string whole = recorded.directory.contents(name);
    for (size_t at = 0; at < whole.size(); at++) {
      for (unsigned bit = 0; bit < 8; bit++) {
        std::string bad = whole;
        bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
        auto directory = recorded.directory.after_kill();
        directory->put(name, bad);
        TestTree tree(*directory);
        const auto opened = tree.open(OpenMode::kReadOnly);
        if (opened) {
          ASSERT_EQ(tree.text(), recorded.texts.back()) << name << " " << at << "." << bit;
        } else {
          EXPECT_TRUE(opened.error().kind == ErrorKind::kCorruption) << opened.error().to_string();
          errors++;
        }
      }
    }
  }
  // All bits but those of the marks, of which no wrong one can do harm.
  const size_t marks = recorded.texts.size() * format::kManifestRecordHeaderBytes;
  const size_t bytes =
      recorded.directory.contents(recorded.name).size() + recorded.directory.contents("CURRENT").size();
  EXPECT_EQ(errors, 8 * (bytes - marks));
}

// Damage with the checksums mended: the decoder and the rules of the tree must hold by themselves.
TEST(VersionSetFaults, EditsThatContradictTheTreeAreCorruptionWithTheirOffset) {
  Recorded recorded;
  const std::string whole = recorded.directory.contents(recorded.name);
  const format::ManifestHeader header{.uuid = kTestUuid, .number = 1};
  VersionEdit wrong;
  wrong.removed = {999};
  VersionEdit orphan{.keyspace = 44};
  orphan.flushed_through = 5;
  VersionEdit huge;
  huge.next_file_number = format::kMaxCounter;
  for (const VersionEdit& edit : {wrong, orphan}) {
    std::string bad = whole;
    format::append_manifest_record(bad, header, bad.size(), format::encode_edits(std::span(&edit, 1)));
    auto directory = recorded.directory.after_kill();
    directory->put(recorded.name, bad);
    TestTree tree(*directory);
    const auto opened = tree.open();
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption);
    EXPECT_EQ(opened.error().offset, whole.size());
  }
  base::Prng prng(5);
  for (int i = 0; i < 3000; i++) {
    std::string payload = format::encode_edits(std::span(&huge, 1));
    for (size_t n = prng.below(60); n > 0; n--)
      payload += static_cast<char>(prng.one_in(2) ? prng.below(32) : prng.next());
    std::string bad = whole;
    format::append_manifest_record(bad, header, bad.size(), payload);
    auto directory = recorded.directory.after_kill();
    directory->put(recorded.name, bad);
    TestTree tree(*directory);
    (void)tree.open(OpenMode::kReadOnly);
  }
}

// Counters without room to count on made a database that took writes and was unreadable afterwards, or whose sequences left their 56
// bits: an open refuses them by the name of the manifest, and changes nothing.
TEST(VersionSetFaults, CountersThatNoDatabaseReachesAreCorruption) {
  VersionEdit file_number;
  file_number.next_file_number = format::kMaxSoundFileNumber + 1;
  VersionEdit reserved;
  reserved.reserved_file_number = format::kMaxCounter;
  VersionEdit run;
  run.next_run_id = format::kMaxCounter;
  VersionEdit sequence;
  sequence.last_sequence = format::kMaxSequence;
  VersionEdit flushed;
  flushed.flushed_through = format::kMaxSoundSequence + 1;
  VersionEdit keyspace;
  keyspace.next_keyspace_id = uint64_t{UINT32_MAX} + 2;
  Recorded recorded;
  const format::ManifestHeader header{.uuid = kTestUuid, .number = 1};
  for (const VersionEdit& edit : {file_number, reserved, run, sequence, flushed, keyspace}) {
    std::string file = recorded.directory.contents(recorded.name);
    format::append_manifest_record(file, header, file.size(), format::encode_edits(std::span(&edit, 1)));
    auto directory = recorded.directory.after_kill();
    directory->put(recorded.name, file);
    const auto before = directory->picture();
    TestTree tree(*directory);
    for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kMustExist}) {
      const auto opened = tree.open(mode);
      ASSERT_FALSE(opened.has_value());
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption);
      EXPECT_EQ(opened.error().file_kind, FileKind::kManifest);
    }
    EXPECT_EQ(directory->picture(), before);
  }
}

}  // namespace
}  // namespace nacre::tree
