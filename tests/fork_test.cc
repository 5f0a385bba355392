// A database that a process forks under: the child is refused everything and never waits, whatever its parent's threads were doing at
// that instant; nothing of it lives on after exec.
//
// The instants that matter are those at which a lock is held: in the child it is held for ever. They are met in two ways. The
// runtime's files and event sink fork in the midst of their calls, which the engine makes under its own locks; and threads that call
// everything all the time hold the rest when the main thread forks.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/forwarding_directory.h"

namespace nacre {
namespace {

constexpr unsigned kHangingS = 60;

// ---- what the child calls --------------------------------------------------------------------------------------------

// Handles of every kind, made before the fork and used by the child alone.
struct Handles {
  Db& db;
  Keyspace keyspace;
  Snapshot snapshot;
  Cursor cursor;
  Transaction transaction;
  Batch batch;
  std::vector<Value> values;

  static Handles of(Db& db, const Keyspace& keyspace) {
    Handles handles{db, keyspace, db.snapshot(), keyspace.cursor(), db.begin(), {}, {}};
    handles.cursor.seek_first();
    handles.batch.put(keyspace, "batch", "v");
    for (const char* key : {"in a table", "in a table", "in memory"}) {
      if (auto value = keyspace.get(key).value()) handles.values.push_back(*std::move(value));
    }
    return handles;
  }
};

template <class T>
bool refused(const Result<T>& result) {
  return !result.has_value() && result.error().kind == ErrorKind::kClosed;
}

// The first call that was not refused, or null.
const char* writes_not_refused(Handles& h) {
  if (!refused(h.db.put("k", "v"))) return "put";
  if (!refused(h.db.put("k", "v", Durability::kDisk))) return "put to the disk";
  if (!refused(h.db.erase("k"))) return "erase";
  if (!refused(h.db.erase_range("a", "b"))) return "erase_range";
  if (!refused(h.keyspace.put("k", "v"))) return "put in a keyspace";
  if (!refused(h.db.write(h.batch))) return "write";
  if (!refused(h.db.sync())) return "sync";
  if (!refused(h.db.flush())) return "flush";
  if (!refused(h.db.compact())) return "compact";
  if (!refused(h.db.settle())) return "settle";
  if (!refused(h.db.keyspace("new"))) return "keyspace, new";
  if (!refused(h.db.keyspace(h.keyspace.name()))) return "keyspace, old";
  if (!refused(h.db.create_keyspace("newer", {}))) return "create_keyspace";
  if (!refused(h.db.drop_keyspace(h.keyspace.name()))) return "drop_keyspace";
  if (!refused(h.transaction.put("k", "v"))) return "put of a transaction";
  if (!refused(h.transaction.erase("k"))) return "erase of a transaction";
  if (!refused(h.transaction.get("k"))) return "get of a transaction";
  if (!refused(h.transaction.read_range(h.keyspace, "a", "z"))) return "read_range of a transaction";
  if (!refused(h.transaction.commit())) return "commit";
  Transaction other = h.db.begin();
  if (!refused(other.get("k"))) return "get of a new transaction";
  return nullptr;
}

const char* reads_not_refused(Handles& h) {
  const Bytes keys[] = {"in a table", "in memory"};
  if (!refused(h.db.get("in a table"))) return "get";
  if (!refused(h.keyspace.get("in a table"))) return "get in a keyspace";
  if (!refused(h.keyspace.get("in a table", h.snapshot))) return "get at a snapshot";
  if (!refused(h.db.get("in a table", h.db.snapshot()))) return "get at a new snapshot";
  if (!refused(h.db.contains("in a table"))) return "contains";
  if (!refused(h.db.multi_get(keys))) return "multi_get";
  if (!refused(h.db.check())) return "check";
  if (!refused(h.cursor.status())) return "status of a cursor";
  h.cursor.next();
  if (h.cursor.valid() || !refused(h.cursor.status())) return "next";
  h.cursor.seek("in");
  if (h.cursor.valid() || !refused(h.cursor.status())) return "seek";
  Scan scan = h.db.scan();
  if (scan.begin() != scan.end() || !refused(scan.status())) return "scan";
  if (!h.db.keyspaces().empty()) return "keyspaces";
  if (h.db.stats().writes != 0) return "stats";
  return nullptr;
}

// Ends the child: 0 if everything was refused, or killed by SIGALRM if something waits.
[[noreturn]] void be_refused(Handles& h) {
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(kHangingS);
  const char* wrong = writes_not_refused(h);
  if (wrong == nullptr) wrong = reads_not_refused(h);
  if (wrong == nullptr && !refused(h.db.close())) wrong = "close";
  {
    const Handles gone = std::move(h);  // destructors wait for nothing
    const Db last = std::move(gone.db);
  }
  if (wrong != nullptr) std::fprintf(stderr, "not refused in a forked child: %s\n", wrong);
  ::_exit(wrong == nullptr ? 0 : 1);
}

// ---- a runtime that forks in the midst of its calls ------------------------------------------------------------------

class Forker {
 public:
  void arm(Handles* handles) { handles_.store(handles, std::memory_order_release); }
  void disarm() { handles_.store(nullptr, std::memory_order_release); }

  // Called by files and events; forks at one call of several of each kind, since a fork takes a while.
  void maybe(const char* where) {
    Handles* handles = handles_.load(std::memory_order_acquire);
    if (handles == nullptr) return;
    {
      const std::lock_guard lock(mutex_);
      if (forks_[where] >= kForksOfAKind) return;
      forks_[where]++;
    }
    const pid_t child = ::fork();
    if (child == 0) be_refused(*handles);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
        << "forked in " << where << ": "
        << (WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "something was not refused");
  }
  std::map<std::string, int> forks() {
    const std::lock_guard lock(mutex_);
    return forks_;
  }

 private:
  static constexpr int kForksOfAKind = 6;
  std::atomic<Handles*> handles_{nullptr};
  std::mutex mutex_;
  std::map<std::string, int> forks_;
};

class ForkingWritable : public WritableFile {
 public:
  ForkingWritable(std::unique_ptr<WritableFile> file, Forker& forker) : file_(std::move(file)), forker_(forker) {}
  Result<void> append(Bytes data) override { return forker_.maybe("append"), file_->append(data); }
  Result<void> sync() override { return forker_.maybe("sync of a file"), file_->sync(); }
  void start_writeback() override { file_->start_writeback(); }
  uint64_t size_bytes() const override { return file_->size_bytes(); }

 private:
  std::unique_ptr<WritableFile> file_;
  Forker& forker_;
};

class ForkingMapped : public MappedFile {
 public:
  ForkingMapped(std::unique_ptr<MappedFile> file, Forker& forker) : file_(std::move(file)), forker_(forker) {}
  char* data() override { return file_->data(); }
  uint64_t size_bytes() const override { return file_->size_bytes(); }
  Result<void> sync(uint64_t begin, uint64_t end) override {
    return forker_.maybe("sync of the log"), file_->sync(begin, end);
  }
  bool damaged() const override { return file_->damaged(); }
  void stored(uint64_t begin, uint64_t end) override { file_->stored(begin, end); }

 private:
  std::unique_ptr<MappedFile> file_;
  Forker& forker_;
};

class ForkingDirectory : public tests::ForwardingDirectory {
 public:
  ForkingDirectory(std::unique_ptr<Directory> directory, Forker& forker)
      : ForwardingDirectory(std::move(directory)), forker_(forker) {}
  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override {
    return forker_.maybe("open_read"), below().open_read(name);
  }
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) override {
    forker_.maybe("create");
    auto file = below().create(name);
    if (!file) return file;
    return std::make_unique<ForkingWritable>(*std::move(file), forker_);
  }
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t size_bytes,
                                                    MappedSpace space) override {
    forker_.maybe("create_mapped");
    return forking(below().create_mapped(name, size_bytes, space));
  }
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override {
    forker_.maybe("open_mapped");
    return forking(below().open_mapped(name));
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return forker_.maybe("rename"), below().rename(from, to);
  }
  Result<void> remove(const std::string& name) override { return forker_.maybe("remove"), below().remove(name); }
  Result<void> sync() override { return forker_.maybe("sync of the directory"), below().sync(); }

 private:
  Result<std::unique_ptr<MappedFile>> forking(Result<std::unique_ptr<MappedFile>> file) {
    if (!file) return file;
    return std::make_unique<ForkingMapped>(*std::move(file), forker_);
  }
  Forker& forker_;
};

class ForkingFileSystem : public FileSystem {
 public:
  explicit ForkingFileSystem(Forker& forker) : forker_(forker) {}
  Result<std::unique_ptr<Directory>> open_directory(const std::string& path, bool create) override {
    auto directory = real_->open_directory(path, create);
    if (!directory) return directory;
    return std::make_unique<ForkingDirectory>(*std::move(directory), forker_);
  }
  void read_batch(std::span<ReadRequest> requests) override { real_->read_batch(requests); }

 private:
  const std::shared_ptr<FileSystem> real_ = Runtime::standard().file_system;
  Forker& forker_;
};

class ForkingEvents : public EventSink {
 public:
  explicit ForkingEvents(Forker& forker) : forker_(forker) {}
  void on_event(const Event&) override { forker_.maybe("an event"); }

 private:
  Forker& forker_;
};

// ---- the tests -------------------------------------------------------------------------------------------------------

class ForkTest : public testing::Test {
 protected:
  Db open(const Runtime& runtime = Runtime::standard()) {
    Options options;
    options.memory_bytes = kMinMemoryBytes;
    options.row_cache_percent = 10;
    return Db::open(path_, options, runtime).value();
  }
  static Keyspace prepared(Db& db) {
    Keyspace keyspace = db.keyspace("one").value();
    keyspace.put("in a table", std::string(2000, 'v')).value();
    db.flush().value();
    keyspace.put("in memory", "v").value();
    return keyspace;
  }
  // A round of everything that changes something.
  static void change_everything(Db& db, const Keyspace& keyspace, uint64_t round) {
    const std::string name = "keyspace " + std::to_string(round);
    Keyspace passing = db.keyspace(name).value();
    for (int i = 0; i < 30; i++) {
      const std::string key = std::to_string(round * 1000 + i);
      const Durability durability = static_cast<Durability>(i % 3);
      keyspace.put(key, std::string(20'000, 'v'), durability).value();
      passing.put(key, "v", durability).value();
    }
    db.flush().value();
    db.sync().value();
    db.drop_keyspace(name).value();
    if (round % 4 == 3) db.compact().value();
  }

  os::TemporaryDirectory directory_;
  std::string path_ = directory_ / "db";
};

TEST_F(ForkTest, AChildBornInTheMidstOfAnIoIsRefusedEverything) {
  Forker forker;
  Runtime runtime = Runtime::standard();
  runtime.file_system = std::make_shared<ForkingFileSystem>(forker);
  runtime.events = std::make_shared<ForkingEvents>(forker);
  {
    Db db = open(runtime);
    const Keyspace keyspace = prepared(db);
    Handles handles = Handles::of(db, keyspace);
    forker.arm(&handles);
    for (uint64_t round = 0; round < 12 && !HasFailure(); round++) change_everything(db, keyspace, round);
    forker.disarm();
  }
  for (const char* where : {"append", "sync of a file", "sync of the log", "create", "create_mapped", "remove",
                            "sync of the directory", "an event"}) {
    EXPECT_GT(forker.forks()[where], 0) << "no fork in " << where;
  }
  Db again = open();
  EXPECT_TRUE(again.check().value().empty());
}

TEST_F(ForkTest, AChildOfManyThreadsIsRefusedEverything) {
  Db db = open();
  const Keyspace keyspace = prepared(db);
  Handles handles = Handles::of(db, keyspace);
  std::atomic<bool> enough{false};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    for (uint64_t round = 0; !enough; round++) change_everything(db, keyspace, round);
  });
  threads.emplace_back([&] {  // begins and ends threads: they take numbers and give them back
    while (!enough) std::thread([&] { (void)keyspace.get("in memory").value(); }).join();
  });
  for (int i = 0; i < 2; i++) {
    threads.emplace_back([&] {
      const Bytes keys[] = {"in a table", "in memory"};
      while (!enough) {
        const Snapshot snapshot = db.snapshot();
        (void)db.multi_get(keys, snapshot).value();
        (void)db.keyspaces();
        (void)db.stats();
        Scan scan = keyspace.scan();
        for (const auto& [key, value] : scan) {
          if (!value.empty()) break;
        }
        Transaction transaction = db.begin();
        (void)transaction.put("t", "v");
        (void)transaction.commit();
      }
    });
  }
  for (int i = 0; i < 60 && !HasFailure(); i++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(i % 7));
    const int code = os::in_child([&]() -> int { be_refused(handles); });
    EXPECT_EQ(code, 0) << (code == 128 + SIGALRM ? "something waits in the child" : "");
  }
  enough = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ForkTest, AChildOpensADatabaseOfItsOwn) {
  Db db = open();
  prepared(db);
  EXPECT_EQ(os::in_child([&]() -> int {
              ::alarm(kHangingS);
              Db own = Db::open(directory_ / "other").value();
              own.put("k", "v").value();
              own.flush().value();
              if (own.get("k").value()->to_string() != "v") return 1;
              const Bytes keys[] = {"k", "l"};
              if (own.multi_get(keys).value().size() != 2) return 2;
              return own.close() ? 0 : 3;
            }),
            0);
  EXPECT_TRUE(db.put("k", "v"));
}

std::vector<std::string> open_files() {
  std::vector<std::string> targets;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    targets.push_back(std::filesystem::read_symlink(entry, gone).string());
  }
  return targets;
}

TEST_F(ForkTest, DISABLED_PrintsItsOpenFiles) {
  std::FILE* out = std::fopen(std::getenv("NACRE_TEST_LIST"), "w");
  for (const std::string& target : open_files()) std::fprintf(out, "%s\n", target.c_str());
  std::fclose(out);
}

TEST_F(ForkTest, NoDescriptorOfAnOpenDatabaseOutlivesAnExec) {
  Db db = open();
  const Keyspace keyspace = prepared(db);
  for (uint64_t round = 0; round < 4; round++) change_everything(db, keyspace, round);
  std::vector<std::string> names;
  for (int i = 0; i < 100; i++) names.push_back(std::to_string(i));
  const std::vector<Bytes> keys(names.begin(), names.end());
  (void)keyspace.multi_get(keys).value();  // may use a ring
  Cursor cursor = keyspace.cursor();
  cursor.seek_first();

  const auto ours = [&](const std::vector<std::string>& targets) {
    std::vector<std::string> found;
    for (const std::string& target : targets) {
      if (target.starts_with(directory_.path()) || target.find("io_uring") != std::string::npos)
        found.push_back(target);
    }
    return found;
  };
  EXPECT_GT(ours(open_files()).size(), 3U) << "the lock, the directory, tables";
  os::TemporaryDirectory elsewhere;
  ::setenv("NACRE_TEST_LIST", (elsewhere / "list").c_str(), 1);
  ASSERT_EQ(os::in_fresh_process("ForkTest.DISABLED_PrintsItsOpenFiles"), 0);
  std::vector<std::string> after;
  std::string list = os::slurp(elsewhere / "list");
  for (size_t end; (end = list.find('\n')) != std::string::npos; list.erase(0, end + 1))
    after.push_back(list.substr(0, end));
  EXPECT_FALSE(after.empty());
  EXPECT_EQ(ours(after), std::vector<std::string>());
}

}  // namespace
}  // namespace nacre
