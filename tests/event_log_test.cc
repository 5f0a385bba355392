// The LOG of a database, and the events that tell of slow operations, through the public API.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "nacre/nacre.h"
#include "os/read_wait.h"
#include "os/testing.h"
#include "sync/sync.h"
#include "tests/support/forwarding_directory.h"

namespace nacre {
namespace {

using nlohmann::json;

// ---- a file system that takes its time -------------------------------------------------------------------------------

struct Pauses {
  std::atomic<uint64_t> append_ms{0};
  std::atomic<uint64_t> create_mapped_ms{0};
  std::atomic<uint64_t> sync_ms{0};
  std::atomic<uint64_t> read_ms{0};

  static void take(const std::atomic<uint64_t>& ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms.load()));
  }
};

class SlowReadable : public ReadableFile {
 public:
  SlowReadable(std::unique_ptr<ReadableFile> file, Pauses& pauses) : file_(std::move(file)), pauses_(pauses) {}
  Result<size_t> read(uint64_t offset, std::span<char> out) override {
    const os::ReadWait wait;
    Pauses::take(pauses_.read_ms);
    return file_->read(offset, out);
  }
  uint64_t size_bytes() const override { return file_->size_bytes(); }
  void will_need(uint64_t offset, uint64_t bytes) override { file_->will_need(offset, bytes); }

 private:
  std::unique_ptr<ReadableFile> file_;
  Pauses& pauses_;
};

class SlowWritable : public WritableFile {
 public:
  SlowWritable(std::unique_ptr<WritableFile> file, Pauses& pauses) : file_(std::move(file)), pauses_(pauses) {}
  Result<void> append(Bytes data) override {
    Pauses::take(pauses_.append_ms);
    return file_->append(data);
  }
  Result<void> sync() override { return file_->sync(); }
  void start_writeback() override { file_->start_writeback(); }
  uint64_t size_bytes() const override { return file_->size_bytes(); }

 private:
  std::unique_ptr<WritableFile> file_;
  Pauses& pauses_;
};

class SlowMapped : public MappedFile {
 public:
  SlowMapped(std::unique_ptr<MappedFile> file, Pauses& pauses) : file_(std::move(file)), pauses_(pauses) {}
  char* data() override { return file_->data(); }
  uint64_t size_bytes() const override { return file_->size_bytes(); }
  Result<void> sync(uint64_t begin, uint64_t end) override {
    Pauses::take(pauses_.sync_ms);
    return file_->sync(begin, end);
  }
  bool damaged() const override { return file_->damaged(); }
  void stored(uint64_t begin, uint64_t end) override { file_->stored(begin, end); }

 private:
  std::unique_ptr<MappedFile> file_;
  Pauses& pauses_;
};

template <class Slow, class File>
Result<std::unique_ptr<File>> slowed(Result<std::unique_ptr<File>> file, Pauses& pauses) {
  if (!file) return file;
  return std::make_unique<Slow>(*std::move(file), pauses);
}

class SlowDirectory : public tests::ForwardingDirectory {
 public:
  SlowDirectory(std::unique_ptr<Directory> directory, Pauses& pauses)
      : ForwardingDirectory(std::move(directory)), pauses_(pauses) {}
  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override {
    return slowed<SlowReadable>(below().open_read(name), pauses_);
  }
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) override {
    return slowed<SlowWritable>(below().create(name), pauses_);
  }
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t size,
                                                    MappedSpace space) override {
    Pauses::take(pauses_.create_mapped_ms);
    return slowed<SlowMapped>(below().create_mapped(name, size, space), pauses_);
  }
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override {
    return slowed<SlowMapped>(below().open_mapped(name), pauses_);
  }
  // Without LOG: what is slow is told to a sink.
  Result<std::unique_ptr<LineFile>> open_lines(const std::string& name) override { return Directory::open_lines(name); }

 private:
  Pauses& pauses_;
};

class SlowFileSystem : public FileSystem {
 public:
  explicit SlowFileSystem(Pauses& pauses) : pauses_(pauses) {}
  Result<std::unique_ptr<Directory>> open_directory(const std::string& path, bool create) override {
    auto directory = Runtime::standard().file_system->open_directory(path, create);
    if (!directory) return directory;
    return std::make_unique<SlowDirectory>(*std::move(directory), pauses_);
  }
  void read_batch(std::span<ReadRequest> requests) override {
    for (ReadRequest& request : requests) request.result = request.file->read(request.offset, request.out);
  }

 private:
  Pauses& pauses_;
};

// ---- a sink ----------------------------------------------------------------------------------------------------------

class JsonSink : public EventSink {
 public:
  void on_event(const Event& event) override {
    sync::MutexLock lock(mutex_);
    events_.push_back(json::parse(to_json(event)));
  }
  std::vector<json> of(EventKind kind) {
    sync::MutexLock lock(mutex_);
    std::vector<json> found;
    for (const json& event : events_) {
      if (event["kind"].get<std::string>() == to_string(kind)) found.push_back(event);
    }
    return found;
  }
  // Slow operations: cause, and the operations that it stopped.
  std::map<std::string, std::set<std::string>> slow() {
    std::map<std::string, std::set<std::string>> slow;
    for (const json& event : of(EventKind::kSlowOperation))
      slow[event["cause"]].insert(event["operation"].get<std::string>());
    return slow;
  }

 private:
  sync::Mutex mutex_;
  std::vector<json> events_;
};

class EventLog : public testing::Test {
 protected:
  static Options small(OpenMode mode = OpenMode::kCreateIfMissing) {
    Options options;
    options.mode = mode;
    options.memory_bytes = kMinMemoryBytes;
    return options;
  }
  Runtime runtime_with(std::function<void(LogOptions&)> change = {}) {
    Runtime runtime = Runtime::standard();
    runtime.log.format = LogFormat::kJson;
    if (change) change(runtime.log);
    return runtime;
  }
  // With the pauses of this test, telling its sink of what takes 20 ms.
  Runtime slow_runtime() {
    Runtime runtime = Runtime::standard();
    runtime.file_system = std::make_shared<SlowFileSystem>(pauses_);
    runtime.events = sink_;
    runtime.slow_ns = 20'000'000;
    return runtime;
  }
  static std::vector<json> log_of(const std::string& path) {
    std::vector<json> events;
    std::istringstream text(os::slurp(path + "/LOG"));
    for (std::string line; std::getline(text, line);) {
      events.push_back(json::parse(line, nullptr, false));
      EXPECT_TRUE(events.back().is_object()) << line;
    }
    return events;
  }
  static std::vector<json> of(const std::vector<json>& events, std::string_view kind) {
    std::vector<json> found;
    for (const json& event : events) {
      if (event["kind"] == kind) found.push_back(event);
    }
    return found;
  }
  static void fill(Db& db, int from, int to) {
    for (int i = from; i < to; i++) db.put("key" + std::to_string(i), std::string(500, 'v')).value();
  }

  const os::TemporaryDirectory where_;
  const std::string path_ = where_ / "db";
  Pauses pauses_;
  const std::shared_ptr<JsonSink> sink_ = std::make_shared<JsonSink>();
};

// ---- the file --------------------------------------------------------------------------------------------------------

TEST_F(EventLog, ADatabaseTellsItsLifeInItsDirectory) {
  {
    Db db = Db::open(path_, small(), runtime_with()).value();
    fill(db, 0, 100);
    db.flush().value();
    fill(db, 50, 100'000);
    db.compact().value();
    db.keyspace("\xffname").value();
    db.close().value();
  }
  struct stat status = {};
  ASSERT_EQ(::stat((path_ + "/LOG").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const std::vector<json> events = log_of(path_);
  EXPECT_EQ(of(events, "opened").size(), 1U);
  EXPECT_EQ(events.back()["kind"], "closed");
  EXPECT_EQ(of(events, "keyspace_created").back()["keyspace_hex"], "ff6e616d65");
  EXPECT_GE(of(events, "log_segment_ready").size(), 1U);
  std::set<std::string> causes;
  for (const json& flush : of(events, "flush_finished")) {
    causes.insert(flush["cause"]);
    EXPECT_GT(flush["bytes_in"], 0);
    EXPECT_GT(flush["bytes_out"], 0);
    EXPECT_GT(flush["duration_ns"], 0);
  }
  EXPECT_EQ(causes, (std::set<std::string>{"asked for", "memtable full"}));
  std::set<uint64_t> started;
  for (const json& each : of(events, "compaction_started")) {
    started.insert(each["job"].get<uint64_t>());
    EXPECT_TRUE(each["detail"].get<std::string>().starts_with("tables ")) << each;
  }
  EXPECT_GE(of(events, "compaction_finished").size() + of(events, "tables_moved").size(), 1U);
  for (const json& each : of(events, "compaction_finished")) {
    EXPECT_TRUE(started.contains(each["job"].get<uint64_t>())) << each;
    EXPECT_FALSE(each["cause"].get<std::string>().empty());
    EXPECT_GT(each["files_in"], 0);
    EXPECT_GT(each["bytes_in"], 0);
  }
}

TEST_F(EventLog, ANewHandleGoesOnAndAReaderChangesNothing) {
  Db::open(path_, small(), runtime_with()).value().close().value();
  const std::string first = os::slurp(path_ + "/LOG");
  Db::open(path_, small(), runtime_with()).value().close().value();
  const std::string second = os::slurp(path_ + "/LOG");
  EXPECT_TRUE(second.starts_with(first));
  EXPECT_GT(second.size(), first.size());
  Db::open(path_, small(OpenMode::kReadOnly), runtime_with()).value().close().value();
  EXPECT_EQ(os::slurp(path_ + "/LOG"), second);
}

TEST_F(EventLog, TwoDatabasesHaveTheirOwn) {
  const std::string other = where_ / "other";
  Db one = Db::open(path_, small(), runtime_with()).value();
  Db two = Db::open(other, small(), runtime_with()).value();
  one.keyspace("of one").value();
  two.keyspace("of two").value();
  EXPECT_EQ(of(log_of(path_), "keyspace_created").back()["keyspace"], "of one");
  EXPECT_EQ(of(log_of(other), "keyspace_created").back()["keyspace"], "of two");
  EXPECT_EQ(of(log_of(path_), "keyspace_created").back()["database"], path_);
}

TEST_F(EventLog, TheDefaultIsText) {
  Db::open(path_, small()).value().close().value();
  const std::string text = os::slurp(path_ + "/LOG");
  EXPECT_TRUE(text.contains("Z info opened duration_ns=") && text.contains(" detail=\"memory 16 MiB, ")) << text;
  EXPECT_TRUE(text.ends_with("Z info closed\n")) << text;
}

TEST_F(EventLog, ItCanBeTurnedOffAndASinkIsToldAllTheSame) {
  Runtime runtime = runtime_with([](LogOptions& log) { log.enabled = false; });
  runtime.events = sink_;
  Db::open(path_, small(), runtime).value().close().value();
  struct stat status = {};
  EXPECT_NE(::stat((path_ + "/LOG").c_str(), &status), 0);
  EXPECT_EQ(sink_->of(EventKind::kClosed).size(), 1U);
  runtime.log.enabled = true;
  runtime.events = nullptr;
  Db::open(path_, small(), runtime).value().close().value();
  EXPECT_EQ(log_of(path_).back()["kind"], "closed");
  EXPECT_EQ(sink_->of(EventKind::kClosed).size(), 1U);
}

TEST_F(EventLog, WrongOptionsAreRefusedBeforeAnythingIsMade) {
  const auto opened = Db::open(path_, small(), runtime_with([](LogOptions& log) { log.files = 0; }));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_STREQ(opened.error().reason, "LogOptions::files must be 1 to 1,000");
  struct stat status = {};
  EXPECT_NE(::stat(path_.c_str(), &status), 0);
}

TEST_F(EventLog, ItsFilesAreBounded) {
  const Runtime runtime = runtime_with([](LogOptions& log) {
    log.file_bytes = 64 << 10;
    log.files = 2;
  });
  Db::open(path_, small(), runtime).value().close().value();
  for (const char* name : {"/LOG", "/LOG.1", "/LOG.7"}) {
    os::spill(path_ + name, "2026-01-01T00:00:00.000000Z info " + std::string(63 << 10, 'o') + "\n");
  }
  Db db = Db::open(path_, small(), runtime).value();
  for (int i = 0; i < 10; i++) {
    const std::string name = "keyspace " + std::to_string(i) + std::string(200, 'n');
    db.keyspace(name).value();
    db.drop_keyspace(name).value();
  }
  EXPECT_TRUE(db.check().value().empty()) << "older parts of the log are known files";
  db.close().value();
  std::set<std::string> files;
  for (const DirectoryEntry& entry : os::posix_file_system()->open_directory(path_, false).value()->list().value()) {
    if (!entry.name.starts_with("LOG")) continue;
    files.insert(entry.name);
    EXPECT_LE(entry.size_bytes, 64U << 10) << entry.name;
  }
  EXPECT_EQ(files, (std::set<std::string>{"LOG", "LOG.1"}));
  EXPECT_EQ(log_of(path_).back()["kind"], "closed");
}

TEST_F(EventLog, NothingThatStandsInItsPlaceHurtsTheDatabase) {
  const std::string log = path_ + "/LOG";
  const std::string elsewhere = where_ / "elsewhere";
  os::spill(elsewhere, "dear");
  Db::open(path_, small()).value().close().value();
  const std::vector<std::pair<std::string, std::function<void()>>> obstacles = {
      {"a directory", [&] { ASSERT_EQ(::mkdir(log.c_str(), 0700), 0); }},
      {"a link", [&] { ASSERT_EQ(::symlink(elsewhere.c_str(), log.c_str()), 0); }},
      {"a dangling link", [&] { ASSERT_EQ(::symlink("nowhere", log.c_str()), 0); }},
      {"a pipe", [&] { ASSERT_EQ(::mkfifo(log.c_str(), 0600), 0); }},
      {"random bytes", [&] { os::spill(log, std::string(5000, '\xa5')); }},
  };
  for (const auto& [what, put_there] : obstacles) {
    os::remove_name(log);
    put_there();
    auto db = Db::open(path_, small());
    ASSERT_TRUE(db) << what << ": " << db.error().to_string();
    fill(*db, 0, 10);
    db->flush().value();
    EXPECT_TRUE(db->check().value().empty()) << what;
    db->close().value();
    EXPECT_TRUE(Db::open(path_, small(OpenMode::kReadOnly))) << what;
  }
  EXPECT_EQ(os::slurp(elsewhere), "dear");
}

TEST_F(EventLog, AFileThatMayNotBeWrittenHurtsNothing) {
  if (!os::is_root()) GTEST_SKIP() << "only root can become somebody else";
  ASSERT_EQ(::chmod(where_.path().c_str(), 0777), 0);
  os::as_nobody([&] { Db::open(path_, small()).value().close().value(); });
  ASSERT_EQ(::chown((path_ + "/LOG").c_str(), 0, 0), 0);
  const std::string before = os::slurp(path_ + "/LOG");
  os::as_nobody([&] {
    Db db = Db::open(path_, small()).value();
    fill(db, 0, 10);
    db.close().value();
  });
  EXPECT_EQ(os::slurp(path_ + "/LOG"), before);
}

TEST_F(EventLog, LinesBeforeAKillAreThere) {
  ASSERT_EQ(os::in_child([this]() -> int {
              Db db = Db::open(path_, small(), runtime_with()).value();
              fill(db, 0, 10);
              db.flush().value();
              fill(db, 10, 20);
              return ::raise(SIGKILL);
            }),
            128 + SIGKILL);
  EXPECT_EQ(of(log_of(path_), "flush_finished").size(), 1U);
  Db::open(path_, small(), runtime_with()).value().close().value();
  const std::vector<json> events = log_of(path_);
  EXPECT_EQ(of(events, "recovered").back()["entries"], 10);
  EXPECT_EQ(of(events, "flush_finished").at(1)["cause"], "recovered from the log");
}

TEST_F(EventLog, AForkedChildWritesNothing) {
  Db db = Db::open(path_, small(), runtime_with()).value();
  fill(db, 0, 10);
  const std::string before = os::slurp(path_ + "/LOG");
  EXPECT_EQ(os::in_child([&db] {
              const bool refused = !db.put("k", "v") && !db.flush() && !db.keyspace("another");
              return refused && !db.close() ? 0 : 1;
            }),
            0);
  EXPECT_EQ(os::slurp(path_ + "/LOG"), before);
}

TEST_F(EventLog, AFileSystemWithoutFilesOfLinesHasNone) {
  Db::open(path_, small(), slow_runtime()).value().close().value();
  struct stat status = {};
  EXPECT_NE(::stat((path_ + "/LOG").c_str(), &status), 0);
  EXPECT_EQ(sink_->of(EventKind::kOpened).size(), 1U);
}

// ---- slow operations -------------------------------------------------------------------------------------------------

TEST_F(EventLog, ASlowSyncIsNamed) {
  Db db = Db::open(path_, small(), slow_runtime()).value();
  pauses_.sync_ms = 40;
  db.put("k", "v", Durability::kDisk).value();
  Batch batch;
  batch.put("l", "w");
  db.write(batch, Durability::kDisk).value();
  db.put("m", "x").value();
  db.sync().value();
  pauses_.sync_ms = 0;
  EXPECT_EQ(sink_->slow()["I/O: sync of the log"], (std::set<std::string>{"put", "write", "sync"}));
  for (const json& event : sink_->of(EventKind::kSlowOperation)) {
    EXPECT_GE(event["sync_ns"], 40'000'000);
    EXPECT_GE(event["duration_ns"], event["sync_ns"]);
  }
}

// While one writer makes a segment of the log, under the commit lock, the others wait for it.
TEST_F(EventLog, ASlowSegmentAndTheLockAroundItAreNamed) {
  Runtime runtime = slow_runtime();
  runtime.slow_ns = 40'000'000;
  Db db = Db::open(path_, small(), runtime).value();
  pauses_.create_mapped_ms = 60;
  const auto named = [this] {
    const auto slow = sink_->slow();
    return slow.contains("I/O: log segment") && slow.contains("lock: other writers");
  };
  std::vector<std::thread> writers;
  std::atomic<int> next{0};
  for (int t = 0; t < 3; t++) {
    writers.emplace_back([&] {
      for (int i = 0; i < 4000 && !named(); i++) db.put(std::to_string(next++), std::string(20'000, 'v')).value();
    });
  }
  for (std::thread& writer : writers) writer.join();
  pauses_.create_mapped_ms = 0;
  EXPECT_TRUE(named());
}

TEST_F(EventLog, ADelayForBackgroundWorkIsNamed) {
  Db db = Db::open(path_, small(), slow_runtime()).value();
  pauses_.append_ms = 30;
  const auto named = [this] {
    const auto slow = sink_->slow();
    return slow.contains("delay: memtables full") || slow.contains("delay: memtables filling");
  };
  for (int i = 0; i < 4000 && !named(); i++) db.put(std::to_string(i), std::string(20'000, 'v')).value();
  pauses_.append_ms = 0;
  EXPECT_TRUE(named());
  EXPECT_FALSE(sink_->of(EventKind::kPaceChanged).empty());
}

TEST_F(EventLog, SlowReadsAreNamed) {
  {
    Db db = Db::open(path_, small()).value();
    fill(db, 0, 2000);
    db.close().value();
  }
  Db db = Db::open(path_, small(), slow_runtime()).value();
  const std::vector<std::function<void()>> reads = {
      [&] { db.get("key100").value(); },
      [&] { db.contains("key1500").value(); },
      [&] {
        const Bytes keys[] = {"key300", "key1900"};
        db.multi_get(keys).value();
      },
      [&] {
        Cursor cursor = db.cursor();
        cursor.seek("key700");
      },
  };
  pauses_.read_ms = 40;
  for (const auto& read : reads) read();
  pauses_.read_ms = 0;
  EXPECT_EQ(sink_->slow()["I/O: blocks of tables"], (std::set<std::string>{"get", "contains", "multi_get", "seek"}));
}

TEST_F(EventLog, OnlyAFewSlowOperationsASecondAreTold) {
  Runtime runtime = slow_runtime();
  runtime.slow_ns = 1;
  Db db = Db::open(path_, small(), runtime).value();
  constexpr uint64_t kWrites = 300;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < kWrites; i++) db.put("k", "v", Durability::kDisk).value();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  db.put("k", "v", Durability::kDisk).value();
  const uint64_t seconds = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin).count();
  const auto told = sink_->of(EventKind::kSlowOperation);
  EXPECT_LE(told.size(), 4 * (seconds + 1));
  uint64_t all = 0;
  for (const json& event : told) all += 1 + event.value("entries", uint64_t{0});
  EXPECT_EQ(all, kWrites + 1) << "each is told or counted";
}

TEST_F(EventLog, NothingIsSlowIfNobodyAsks) {
  Runtime runtime = slow_runtime();
  runtime.slow_ns = 0;
  Db db = Db::open(path_, small(), runtime).value();
  pauses_.sync_ms = 150;
  db.put("k", "v", Durability::kDisk).value();
  pauses_.sync_ms = 0;
  EXPECT_TRUE(sink_->slow().empty());
}

}  // namespace
}  // namespace nacre
