// Wrong calls and wrong surroundings: each gets an error of the right kind, loses nothing and crashes nothing. Damaged and
// foreign files have a test of their own, bad_files_test.cc.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/random_bytes.h"

namespace nacre {
namespace {

Options small(OpenMode mode = OpenMode::kCreateIfMissing) {
  Options options;
  options.mode = mode;
  options.memory_bytes = kMinMemoryBytes;
  return options;
}

template <class T>
std::string kind_of(const Result<T>& result) {
  return result.has_value() ? "ok" : std::string(to_string(result.error().kind));
}

const std::string kInvalid(to_string(ErrorKind::kInvalidArgument));
const std::string kMissing(to_string(ErrorKind::kNotFound));
const std::string kInUse(to_string(ErrorKind::kBusy));
const std::string kShut(to_string(ErrorKind::kClosed));

class BadInput : public testing::Test {
 protected:
  Db open(OpenMode mode = OpenMode::kCreateIfMissing) { return Db::open(path_, small(mode)).value(); }
  static std::string get(const Db& db, Bytes key) {
    auto value = db.get(key).value();
    return value ? value->to_string() : "(none)";
  }
  // Names, sizes, times of change and contents.
  std::map<std::string, std::string> directory_state() const {
    std::map<std::string, std::string> state;
    for (const DirectoryEntry& entry : os::posix_file_system()->open_directory(path_, false).value()->list().value()) {
      struct stat status = {};
      EXPECT_EQ(::stat((path_ + "/" + entry.name).c_str(), &status), 0);
      state[entry.name] = std::to_string(status.st_ino) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
                          std::to_string(status.st_mtim.tv_nsec) + " " + os::slurp(path_ + "/" + entry.name);
    }
    return state;
  }

  os::TemporaryDirectory directory_;
  std::string path_ = directory_ / "db";
};

// ---- keys, values, batches, options ----------------------------------------------------------------------------------

TEST_F(BadInput, KeysUpToTheLimitAndNotBeyond) {
  Db db = open();
  const std::string largest(kMaxKeyBytes, 'k');
  const std::string beyond(kMaxKeyBytes + 1, 'k');
  ASSERT_EQ(kind_of(db.put(largest, "v")), "ok");
  EXPECT_EQ(kind_of(db.put(beyond, "v")), kInvalid);
  EXPECT_EQ(kind_of(db.erase(beyond)), kInvalid);
  EXPECT_EQ(kind_of(db.erase_range("a", beyond)), kInvalid);
  EXPECT_EQ(kind_of(db.erase_range(std::string(kMaxKeyBytes + 1, 'a'), "b")), kInvalid);
  EXPECT_EQ(kind_of(db.get(beyond)), kInvalid);
  EXPECT_EQ(kind_of(db.contains(beyond)), kInvalid);
  const Bytes asked[] = {largest, beyond};
  EXPECT_EQ(kind_of(db.multi_get(asked)), kInvalid);
  Transaction transaction = db.begin();
  EXPECT_EQ(kind_of(transaction.put(beyond, "v")), kInvalid);
  transaction.rollback();
  Cursor cursor = db.cursor();
  cursor.seek(beyond);  // a place like any other, past the end
  EXPECT_FALSE(cursor.valid());
  cursor.seek_before(beyond);
  ASSERT_TRUE(cursor.valid());
  EXPECT_EQ(cursor.key().size(), kMaxKeyBytes);
  ASSERT_EQ(kind_of(db.flush()), "ok");
  EXPECT_EQ(get(db, largest), "v");
}

TEST_F(BadInput, ValuesBeyondFourGigabytesAreRefusedUnread) {
  Db db = open();
  const char byte = 0;
  // Never looked at: only its length is.
  const Bytes beyond(&byte, kMaxValueBytes + 1);
  EXPECT_EQ(kind_of(db.put("k", beyond)), kInvalid);
  Batch batch;
  batch.put("k", beyond);
  EXPECT_EQ(kind_of(db.write(batch)), kInvalid);
  EXPECT_EQ(get(db, "k"), "(none)");
}

TEST_F(BadInput, ABatchWithOneWrongChangeAppliesNothing) {
  Db db = open();
  const std::string beyond(kMaxKeyBytes + 1, 'k');
  for (int wrong = 0; wrong < 4; wrong++) {
    Batch batch;
    batch.put("before", "v");
    if (wrong == 0) batch.put(beyond, "v");
    if (wrong == 1) batch.erase(beyond);
    if (wrong == 2) batch.erase_range("b", "a");
    if (wrong == 3) batch.erase_range("same", "same");
    batch.put("after", "v");
    EXPECT_EQ(kind_of(db.write(batch)), kInvalid) << wrong;
    batch.clear();
    batch.put("fine", "v");
    EXPECT_EQ(kind_of(db.write(batch)), "ok") << "a cleared batch is as new";
  }
  EXPECT_EQ(get(db, "before") + get(db, "after"), "(none)(none)");
}

TEST_F(BadInput, WritesLargerThanMemoryAllowsAreRefusedWhole) {
  Db db = open();
  const std::string megabyte(1 << 20, 'v');
  Batch batch;
  for (int i = 0; i < 5; i++) batch.put("k" + std::to_string(i), megabyte);
  EXPECT_EQ(kind_of(db.write(batch)), kInvalid) << "5 MiB into 16 MiB of memory";
  EXPECT_EQ(get(db, "k0"), "(none)");
  EXPECT_EQ(kind_of(db.put("large", std::string(5 << 20, 'v'))), kInvalid) << "a single put has the limit of a batch";
  EXPECT_EQ(kind_of(db.put("large", std::string(3 << 20, 'v'))), "ok");
  EXPECT_EQ(get(db, "large").size(), size_t{3} << 20);
}

TEST_F(BadInput, EmptyKeysEmptyValuesAndZeroBytesAreOrdinary) {
  const std::string zeros(3, '\0');
  {
    Db db = open();
    ASSERT_EQ(kind_of(db.put("", "empty")), "ok");
    ASSERT_EQ(kind_of(db.put(zeros, std::string("\0v\0", 3))), "ok");
    ASSERT_EQ(kind_of(db.put("none", "")), "ok");
    ASSERT_EQ(kind_of(db.write(Batch())), "ok");
    ASSERT_EQ(kind_of(db.close()), "ok");
  }
  Db db = open();
  EXPECT_EQ(get(db, ""), "empty");
  EXPECT_EQ(get(db, zeros), std::string("\0v\0", 3));
  EXPECT_EQ(get(db, "none"), "");
  EXPECT_EQ(get(db, std::string(1, '\0')), "(none)");
  std::vector<std::string> keys;
  for (const auto& [key, value] : db.scan()) keys.emplace_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"", zeros, "none"}));
  ASSERT_EQ(kind_of(db.erase_range("", zeros)), "ok");
  EXPECT_EQ(get(db, "") + get(db, zeros), "(none)" + std::string("\0v\0", 3));
}

TEST_F(BadInput, EmptyAndReversedRangesAreRefused) {
  Db db = open();
  EXPECT_EQ(kind_of(db.erase_range("b", "a")), kInvalid);
  EXPECT_EQ(kind_of(db.erase_range("a", "a")), kInvalid);
  EXPECT_EQ(kind_of(db.erase_range("", "")), kInvalid);
  ASSERT_EQ(kind_of(db.put("a", "v")), "ok");
  Scan scan = db.scan({.from = "b", .to = "a"});
  EXPECT_TRUE(scan.begin() == scan.end()) << "a scan of nothing is empty, not an error";
  EXPECT_EQ(kind_of(scan.status()), "ok");
}

TEST_F(BadInput, OptionsOutOfRangeAreRefusedBeforeAnythingIsMade) {
  const auto refused = [&](auto change) {
    Options options = small();
    change(options);
    EXPECT_EQ(kind_of(Db::open(path_, options)), kInvalid);
    struct stat status = {};
    EXPECT_NE(::stat(path_.c_str(), &status), 0) << "a refused open must not create the directory";
  };
  refused([](Options& o) { o.memory_bytes = kMinMemoryBytes - 1; });
  refused([](Options& o) { o.row_cache_percent = 51; });
  refused([](Options& o) { o.keyspace.filter_bits_per_key = 25; });
  refused([](Options& o) { o.keyspace.block_bytes = 1023; });
  refused([](Options& o) { o.keyspace.block_bytes = 65537; });
  Db db = open();
  EXPECT_EQ(kind_of(db.create_keyspace("k", {.block_bytes = 1})), kInvalid);
}

TEST_F(BadInput, OpenModes) {
  EXPECT_EQ(kind_of(Db::open(path_, small(OpenMode::kMustExist))), kMissing);
  EXPECT_EQ(kind_of(Db::open(path_, small(OpenMode::kReadOnly))), kMissing);
  EXPECT_EQ(kind_of(Db::open(path_ + "/no/such/parent", small())), kMissing);
  {
    Db db = open(OpenMode::kCreateNew);
  }
  EXPECT_EQ(kind_of(Db::open(path_, small(OpenMode::kCreateNew))), kInvalid);
}

// ---- keyspaces -------------------------------------------------------------------------------------------------------

TEST_F(BadInput, KeyspaceNames) {
  Db db = open();
  EXPECT_EQ(kind_of(db.keyspace("")), kInvalid);
  EXPECT_EQ(kind_of(db.keyspace(std::string(256, 'n'))), kInvalid);
  ASSERT_EQ(kind_of(db.keyspace(std::string(255, 'n'))), "ok");
  ASSERT_EQ(kind_of(db.keyspace(std::string("\0\n/..", 5))), "ok") << "a name is bytes, never a path";
  EXPECT_EQ(kind_of(db.create_keyspace("default", {})), kInvalid);
  EXPECT_EQ(kind_of(db.drop_keyspace("default")), kInvalid);
  EXPECT_EQ(kind_of(db.drop_keyspace("nobody")), kMissing);
}

TEST_F(BadInput, ADroppedKeyspaceAnswersNotFound) {
  Db db = open();
  const Keyspace keyspace = db.keyspace("gone").value();
  ASSERT_EQ(kind_of(keyspace.put("k", "v")), "ok");
  Batch batch;
  batch.put("other", "v");
  batch.put(keyspace, "k", "v");
  Cursor cursor = keyspace.cursor();
  ASSERT_EQ(kind_of(db.drop_keyspace("gone")), "ok");
  EXPECT_EQ(kind_of(db.drop_keyspace("gone")), kMissing);
  EXPECT_EQ(kind_of(keyspace.put("k", "v")), kMissing);
  EXPECT_EQ(kind_of(keyspace.erase("k")), kMissing);
  EXPECT_EQ(kind_of(keyspace.erase_range("a", "z")), kMissing);
  EXPECT_EQ(kind_of(keyspace.get("k")), kMissing);
  EXPECT_EQ(kind_of(keyspace.contains("k")), kMissing);
  const Bytes asked[] = {"k"};
  EXPECT_EQ(kind_of(keyspace.multi_get(asked)), kMissing);
  EXPECT_EQ(kind_of(keyspace.cursor().status()), kMissing);
  EXPECT_EQ(kind_of(db.write(batch)), kMissing);
  EXPECT_EQ(get(db, "other"), "(none)") << "a refused batch applies nothing";
  Transaction transaction = db.begin();
  ASSERT_EQ(kind_of(transaction.put("other", "v")), "ok");
  const bool refused = !transaction.put(keyspace, "k", "v").has_value() || !transaction.commit().has_value();
  EXPECT_TRUE(refused);
  cursor.seek_first();
  ASSERT_TRUE(cursor.valid()) << "an open cursor goes on reading what it sees";
  EXPECT_EQ(cursor.value(), "v");
  EXPECT_EQ(kind_of(db.keyspace("gone").value().get("k")), "ok");
  EXPECT_FALSE(db.keyspace("gone").value().get("k").value().has_value()) << "a new one of the name is empty";
}

// ---- lifetimes -------------------------------------------------------------------------------------------------------

TEST_F(BadInput, CloseIsRefusedWhileObjectsLive) {
  Db db = open();
  ASSERT_EQ(kind_of(db.put("k", "v")), "ok");
  {
    const Cursor cursor = db.cursor();
    EXPECT_EQ(kind_of(db.close()), kInUse);
  }
  {
    const Snapshot snapshot = db.snapshot();
    EXPECT_EQ(kind_of(db.close()), kInUse);
  }
  {
    const Transaction transaction = db.begin();
    EXPECT_EQ(kind_of(db.close()), kInUse);
  }
  {
    const auto value = db.get("k").value();
    EXPECT_EQ(kind_of(db.close()), kInUse) << "a value in a memtable";
  }
  ASSERT_EQ(kind_of(db.flush()), "ok");
  {
    const auto value = db.get("k").value();
    EXPECT_EQ(kind_of(db.close()), kInUse) << "a value in a cached block";
  }
  EXPECT_EQ(get(db, "k"), "v") << "a refused close changes nothing";
  ASSERT_EQ(kind_of(db.put("k", "w")), "ok");
  EXPECT_EQ(kind_of(db.close()), "ok");
}

TEST_F(BadInput, AValueOfAFlushedMemtableKeepsCloseAway) {
  Db db = open();
  ASSERT_EQ(kind_of(db.put("k", "v")), "ok");
  {
    const auto value = db.get("k").value();
    ASSERT_EQ(kind_of(db.flush()), "ok");  // the memtable leaves the view, the value holds it
    EXPECT_EQ(kind_of(db.close()), kInUse);
    EXPECT_EQ(value->bytes(), "v");
  }
  EXPECT_EQ(kind_of(db.close()), "ok");
}

TEST_F(BadInput, AClosedHandleAnswersClosed) {
  Db db = open();
  const Keyspace keyspace = db.default_keyspace();
  ASSERT_EQ(kind_of(db.put("k", "v")), "ok");
  ASSERT_EQ(kind_of(db.close()), "ok");
  EXPECT_EQ(kind_of(db.close()), kShut);
  EXPECT_EQ(kind_of(db.put("k", "v")), kShut);
  EXPECT_EQ(kind_of(keyspace.put("k", "v")), kShut);
  EXPECT_EQ(kind_of(db.get("k")), kShut);
  EXPECT_EQ(kind_of(db.contains("k")), kShut);
  const Bytes asked[] = {"k"};
  EXPECT_EQ(kind_of(db.multi_get(asked)), kShut);
  Batch batch;
  batch.put("k", "v");
  EXPECT_EQ(kind_of(db.write(batch)), kShut);
  EXPECT_EQ(kind_of(db.sync()), kShut);
  EXPECT_EQ(kind_of(db.flush()), kShut);
  EXPECT_EQ(kind_of(db.compact()), kShut);
  EXPECT_EQ(kind_of(db.settle()), kShut);
  EXPECT_EQ(kind_of(db.check()), kShut);
  EXPECT_EQ(kind_of(db.keyspace("other")), kShut);
  EXPECT_EQ(kind_of(db.drop_keyspace("other")), kShut);
  EXPECT_EQ(kind_of(db.cursor().status()), kShut);
  Scan scan = db.scan();
  EXPECT_TRUE(scan.begin() == scan.end());
  EXPECT_EQ(kind_of(scan.status()), kShut);
  Transaction transaction = db.begin();
  EXPECT_EQ(kind_of(transaction.get("k")), kShut);
  (void)transaction.put("k", "v").has_value();
  EXPECT_EQ(kind_of(transaction.commit()), kShut);
  (void)db.stats();
  (void)db.keyspaces();
  (void)db.snapshot();
}

TEST_F(BadInput, ObjectsThatOutliveTheDatabaseAreHarmless) {
  std::optional<Db> db(open());
  ASSERT_EQ(kind_of(db->put("table", "v1")), "ok");
  ASSERT_EQ(kind_of(db->flush()), "ok");
  ASSERT_EQ(kind_of(db->put("memtable", "v2")), "ok");
  Cursor cursor = db->cursor();
  cursor.seek_first();
  Snapshot snapshot = db->snapshot();
  Transaction transaction = db->begin();
  ASSERT_EQ(kind_of(transaction.put("k", "v")), "ok");
  auto in_table = db->get("table").value();
  auto in_memtable = db->get("memtable").value();
  const Keyspace keyspace = db->default_keyspace();
  db.reset();

  EXPECT_EQ(in_table->bytes(), "v1");
  EXPECT_EQ(in_memtable->bytes(), "v2");
  cursor.next();
  EXPECT_FALSE(cursor.valid());
  EXPECT_EQ(kind_of(cursor.status()), kShut);
  cursor.seek("table");
  EXPECT_EQ(kind_of(cursor.status()), kShut);
  EXPECT_EQ(kind_of(transaction.commit()), kShut);
  EXPECT_EQ(kind_of(keyspace.get("table", snapshot)), kShut);
  EXPECT_EQ(kind_of(keyspace.put("k", "v")), kShut);

  Db again = open();  // they do not hold the directory
  EXPECT_EQ(get(again, "table") + get(again, "memtable") + get(again, "k"), "v1v2(none)");
  const auto foreign = again.get("table", snapshot);
  EXPECT_EQ(kind_of(foreign), kInvalid) << "a snapshot of another handle";
}

TEST_F(BadInput, ASnapshotOfAnotherDatabaseIsRefused) {
  Db db = open();
  Db other = Db::open(directory_ / "other", small()).value();
  const Snapshot snapshot = other.snapshot();
  EXPECT_EQ(kind_of(db.get("k", snapshot)), kInvalid);
  EXPECT_EQ(kind_of(db.contains("k", snapshot)), kInvalid);
  EXPECT_EQ(kind_of(db.cursor({.snapshot = snapshot}).status()), kInvalid);
  const Bytes asked[] = {"k"};
  EXPECT_EQ(kind_of(db.multi_get(asked, snapshot)), kInvalid);
}

// ---- others: openers, children, users --------------------------------------------------------------------------------

TEST_F(BadInput, ASecondOpenerGetsBusyAndChangesNothing) {
  Db db = open();
  ASSERT_EQ(kind_of(db.put("k", "v")), "ok");
  EXPECT_EQ(kind_of(Db::open(path_, small())), kInUse);
  EXPECT_EQ(kind_of(Db::open(path_ + "/../db/.", small())), kInUse) << "by another name";
  EXPECT_EQ(kind_of(Db::open(path_, small(OpenMode::kReadOnly))), kInUse) << "files come and go under a writer";
  EXPECT_EQ(os::in_child([this] {
              ::setenv("NACRE_TEST_PATH", path_.c_str(), 1);
              return os::in_fresh_process("BadInput.DISABLED_OpensElsewhere");
            }),
            0);
  EXPECT_EQ(kind_of(db.put("k2", "v")), "ok");
  ASSERT_EQ(kind_of(db.close()), "ok");
  EXPECT_EQ(get(open(), "k"), "v");
}

// Run in another process by the test above.
TEST_F(BadInput, DISABLED_OpensElsewhere) {
  for (const OpenMode mode : {OpenMode::kCreateIfMissing, OpenMode::kReadOnly})
    EXPECT_EQ(kind_of(Db::open(std::getenv("NACRE_TEST_PATH"), small(mode))), kInUse);
}

TEST_F(BadInput, AForkedChildGetsClosedAndTheParentNoticesNothing) {
  Db db = open();
  for (int i = 0; i < 100; i++) ASSERT_EQ(kind_of(db.put("k" + std::to_string(i), "v")), "ok");
  ASSERT_EQ(kind_of(db.flush()), "ok");
  ASSERT_EQ(kind_of(db.put("unflushed", "v")), "ok");
  std::optional<Cursor> cursor(db.cursor());
  cursor->seek_first();
  const auto before = directory_state();
  const int code = os::in_child([&]() -> int {
    if (kind_of(db.put("child", "v")) != kShut) return 1;
    if (kind_of(db.get("k1")) != kShut) return 2;
    cursor->next();
    if (kind_of(cursor->status()) != kShut) return 3;
    if (kind_of(db.flush()) != kShut) return 4;
    if (kind_of(db.close()) != kShut) return 5;
    cursor.reset();
    {
      const Db gone = std::move(db);
    }  // destructors touch no file
    if (kind_of(Db::open(path_, small())) != kInUse) return 6;
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(before, directory_state());
  cursor->next();
  EXPECT_TRUE(cursor->valid());
  cursor.reset();
  ASSERT_EQ(kind_of(db.put("parent", "v")), "ok");
  ASSERT_EQ(kind_of(db.close()), "ok");
  Db again = open();
  EXPECT_EQ(get(again, "parent") + get(again, "unflushed") + get(again, "child"), "vv(none)");
}

TEST_F(BadInput, ReadingOnlyChangesNoFile) {
  {
    Db db = open();
    for (int i = 0; i < 3000; i++) ASSERT_EQ(kind_of(db.put("k" + std::to_string(i), std::string(300, 'v'))), "ok");
    ASSERT_EQ(kind_of(db.keyspace("other").value().put("k", "v")), "ok");
  }
  // A log that is not in tables: written by a process that was killed.
  ASSERT_EQ(os::in_child([this] {
              ::setenv("NACRE_TEST_PATH", path_.c_str(), 1);
              return os::in_fresh_process("BadInput.DISABLED_WritesAndDies");
            }),
            42);
  const auto before = directory_state();
  {
    Db db = Db::open(path_, small(OpenMode::kReadOnly)).value();
    EXPECT_EQ(get(db, "k7"), std::string(300, 'v'));
    EXPECT_EQ(get(db, "logged"), "v");
    EXPECT_EQ(kind_of(db.put("k", "v")), kInvalid);
    EXPECT_EQ(kind_of(db.erase("k7")), kInvalid);
    EXPECT_EQ(kind_of(db.erase_range("a", "z")), kInvalid);
    Batch batch;
    batch.put("k", "v");
    EXPECT_EQ(kind_of(db.write(batch)), kInvalid);
    EXPECT_EQ(kind_of(db.keyspace("new")), kMissing);
    EXPECT_EQ(kind_of(db.create_keyspace("new", {})), kInvalid);
    EXPECT_EQ(kind_of(db.drop_keyspace("other")), kInvalid);
    EXPECT_NE(kind_of(db.compact()), "crash");
    EXPECT_NE(kind_of(db.flush()), "crash");
    EXPECT_NE(kind_of(db.sync()), "crash");
    EXPECT_EQ(kind_of(db.settle()), "ok");
    Transaction transaction = db.begin();
    EXPECT_EQ(transaction.get("logged").value(), "v");
    (void)transaction.put("k", "v").has_value();
    EXPECT_EQ(kind_of(transaction.commit()), kInvalid);
    EXPECT_TRUE(db.check().value().empty());
    Db second = Db::open(path_, small(OpenMode::kReadOnly)).value();  // readers do not exclude each other
    EXPECT_EQ(get(second, "logged"), "v");
    EXPECT_EQ(kind_of(Db::open(path_, small())), kInUse) << "but writers";
  }
  EXPECT_TRUE(before == directory_state()) << "a file was changed, added or removed";
  EXPECT_EQ(get(open(), "logged"), "v");
}

TEST_F(BadInput, DISABLED_WritesAndDies) {
  Db db = Db::open(std::getenv("NACRE_TEST_PATH"), small()).value();
  db.put("logged", "v").value();
  ::_exit(42);
}

TEST_F(BadInput, WithoutPermission) {
  if (!os::is_root()) GTEST_SKIP() << "SKIPPED, and so not tested: needs root to become somebody else";
  {
    Db db = open();
  }
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  os::as_nobody([this] {
    for (const OpenMode mode : {OpenMode::kCreateIfMissing, OpenMode::kReadOnly}) {
      const auto opened = Db::open(path_, small(mode));
      ASSERT_FALSE(opened.has_value());
      EXPECT_EQ(opened.error().kind, ErrorKind::kIo) << opened.error().to_string();
      EXPECT_EQ(opened.error().system_errno, EACCES) << opened.error().to_string();
    }
    const auto created = Db::open(directory_ / "new", small());
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().system_errno, EACCES) << created.error().to_string();
  });
}

// ---- no space --------------------------------------------------------------------------------------------------------

TEST_F(BadInput, AFullDeviceFailsWritesUntilSpaceReturns) {
  if (!os::is_root()) GTEST_SKIP() << "SKIPPED, and so not tested: needs root to mount a small file system";
  const os::SmallFileSystem small_device("size=40m");
  if (!small_device.mounted()) GTEST_SKIP() << "SKIPPED, and so not tested: a tmpfs could not be mounted";
  const std::string ballast = small_device.where() / "ballast";
  os::spill(ballast, std::string(size_t{16} << 20, 'b'));
  Options options = small();
  options.keyspace.compression = options.keyspace.bottom_compression = Compression::kNone;
  Db db = Db::open(small_device.where() / "db", options).value();
  base::Prng random(1);
  std::map<std::string, std::string> model;
  const auto fill = [&](uint64_t entries) -> Result<void> {
    for (uint64_t i = 0; i < entries; i++) {
      const std::string key = "k" + std::to_string(model.size());
      const std::string value = tests::value_of(random, 4000);
      if (const auto put = db.put(key, value); !put) return put;
      model[key] = value;
    }
    return {};
  };
  const auto full = fill(20'000);  // 80 MB
  ASSERT_FALSE(full.has_value()) << "80 MB in 24 MB?";
  EXPECT_EQ(full.error().kind, ErrorKind::kNoSpace) << full.error().to_string();
  const auto check = [&] {
    for (const auto& [key, value] : model) {
      const auto got = db.get(key);
      ASSERT_TRUE(got.has_value()) << got.error().to_string();
      ASSERT_TRUE(got->has_value()) << key;
      ASSERT_TRUE(**got == value) << key;
    }
  };
  check();  // reads go on
  ASSERT_EQ(::unlink(ballast.c_str()), 0);
  Result<void> resumed = fill(1);
  for (int i = 0; !resumed && i < 200; i++) {  // 10 s; nothing but the same handle is needed
    EXPECT_EQ(resumed.error().kind, ErrorKind::kNoSpace) << resumed.error().to_string();
    ::usleep(50'000);
    resumed = fill(1);
  }
  ASSERT_TRUE(resumed.has_value()) << resumed.error().to_string();
  ASSERT_TRUE(fill(500).has_value());
  check();
  EXPECT_EQ(kind_of(db.flush()), "ok");
  EXPECT_EQ(kind_of(db.close()), "ok");
  db = Db::open(small_device.where() / "db", options).value();
  check();
  EXPECT_TRUE(db.check().value().empty());
}

}  // namespace
}  // namespace nacre
