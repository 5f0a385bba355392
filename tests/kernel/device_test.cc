// Devices and quotas that are full, and file systems that are or become read-only, under the whole engine (promise 5).

#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "tests/kernel/mounts.h"

namespace nacre {
namespace {

using kernel_tests::Mounted;
using kernel_tests::OwnMounts;

[[maybe_unused]] testing::Environment* const own_mounts = testing::AddGlobalTestEnvironment(new OwnMounts);

// On a full btrfs, LOG beside the database delays by up to a commit interval (30 s) when freed space can be used again: promise 5.
Runtime runtime_on(const std::string& file_system) {
  Runtime runtime = Runtime::standard();
  if (file_system == "btrfs" || file_system == "quota") runtime.log.enabled = false;
  return runtime;
}

Options small(OpenMode mode = OpenMode::kCreateIfMissing) {
  Options options;
  options.mode = mode;
  options.memory_bytes = kMinMemoryBytes;
  options.keyspace.compression = options.keyspace.bottom_compression = Compression::kNone;
  return options;
}

template <class T>
std::string said(const Result<T>& result) {
  return result.has_value() ? "ok" : result.error().to_string();
}
template <class T>
std::string kind_of(const Result<T>& result) {
  return result.has_value() ? "ok" : std::string(to_string(result.error().kind));
}
const std::string kFull(to_string(ErrorKind::kNoSpace));

// Batches over two keyspaces, and what of them must be there.
class Batches {
 public:
  explicit Batches(Db& db) : db_(db), second_(db.keyspace("second").value()) {}

  // One batch: its number in both keyspaces, and values that fill the device.
  Result<void> write(Durability durability) {
    const std::string number = std::to_string(next_);
    const std::string key = std::to_string(next_ % 200);
    const std::string value = number + std::string(20'000 + random_.below(20'000), 'v');
    Batch batch;
    batch.put(key, value);
    batch.put("last", number);
    batch.put(second_, key, value);
    batch.put(second_, "last", number);
    const auto written = db_.write(batch, durability);
    if (!written) return written;
    contents_[key] = value;
    contents_["last"] = number;
    next_++;
    return {};
  }
  // Both keyspaces hold what was acknowledged, and nothing of what was refused.
  static void expect_in(const Db& db, Keyspace second, const std::map<std::string, std::string>& contents) {
    for (const Keyspace& keyspace : {db.default_keyspace(), second}) {
      std::map<std::string, std::string> found;
      Scan scan = keyspace.scan();
      for (const auto& [key, value] : scan) found.emplace(key, value);
      ASSERT_EQ(said(scan.status()), "ok");
      ASSERT_EQ(found.size(), contents.size());
      for (const auto& [key, value] : contents) ASSERT_TRUE(found[key] == value) << "of key " << key;
    }
  }
  void expect_whole() { expect_in(db_, second_, contents_); }
  const std::map<std::string, std::string>& contents() const { return contents_; }
  Result<void> erase_all() {
    for (int number = 0; number < 50; number++) {  // one by one, then in a batch, then all
      const auto erased = db_.erase(std::to_string(number), Durability::kDisk);
      if (!erased) return erased;
    }
    Batch batch;
    for (int number = 0; number < 100; number++) batch.erase(second_, std::to_string(number));
    batch.erase_range("0", "z");
    batch.erase_range(second_, "0", "z");
    const auto erased = db_.write(batch, Durability::kDisk);
    if (erased) contents_.clear();
    return erased;
  }
  // The caller erased [0, 1) and [2, 9999).
  void forget_erased() {
    std::erase_if(contents_,
                  [](const auto& entry) { return entry.first < "1" || (entry.first >= "2" && entry.first < "9999"); });
  }
  uint64_t written() const { return next_ - 1; }

 private:
  Db& db_;
  Keyspace second_;
  base::Prng random_{7};
  uint64_t next_ = 1;
  std::map<std::string, std::string> contents_;
};

bool fill(const std::string& path, uint64_t mebibytes) {
  return kernel_tests::shell("dd if=/dev/urandom of=" + path + " bs=1M conv=fsync count=" + std::to_string(mebibytes));
}

// ---- full ------------------------------------------------------------------------------------------------------------

struct Kind {
  const char* name;
  int mebibytes;
  int ballast_mebibytes;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

// On btrfs before 6.16 a store into a mapped file may find no space, although the file is written in place.
bool kernel_keeps_mapped_pages(const std::string& kind) {
  utsname system = {};
  int major = 0;
  int minor = 0;
  if (kind != "btrfs" || ::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &major, &minor) != 2)
    return true;
  return major > 6 || (major == 6 && minor >= 16);
}

class FullDevice : public testing::TestWithParam<Kind> {
 protected:
  // Writes until the device refuses, in whatever durability comes.
  static void write_until_full(Batches& batches) {
    Result<void> written;
    for (uint64_t i = 0; written && i < 20'000; i++) written = batches.write(static_cast<Durability>(i % 3));
    ASSERT_EQ(kind_of(written), kFull) << said(written);
    for (uint64_t i = 0; i < 30; i++) {  // some may fit into what is left
      const auto again = batches.write(static_cast<Durability>(i % 3));
      ASSERT_TRUE(again || kind_of(again) == kFull) << said(again);
    }
  }
  // The first write after there is room: soon, since failed jobs are tried again after half a second.
  static void write_until_taken(Batches& batches) {
    Result<void> written;
    for (int i = 0; i < 1200; i++) {
      if (written = batches.write(Durability::kDisk); written) return;
      ASSERT_EQ(kind_of(written), kFull) << said(written);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL() << "writes do not resume: " << said(written);
  }
};

TEST_P(FullDevice, WritesFailWholeAndResumeWithoutReopening) {
  const Mounted device(GetParam().name, GetParam().mebibytes);
  if (!device.why_not().empty()) GTEST_SKIP() << "SKIPPED, and so not tested on this machine: " << device.why_not();
  if (!kernel_keeps_mapped_pages(GetParam().name)) GTEST_SKIP() << "SKIPPED: this kernel is older than 6.16";
  const std::string path = device.where() + "/db";
  std::map<std::string, std::string> contents;
  {
    Db db = Db::open(path, small(), runtime_on(GetParam().name)).value();
    Batches batches(db);
    for (int round = 0; round < 2; round++) {
      ASSERT_TRUE(fill(device.ballast(), GetParam().ballast_mebibytes)) << "round " << round;
      ASSERT_NO_FATAL_FAILURE(write_until_full(batches)) << "round " << round;
      ASSERT_NO_FATAL_FAILURE(batches.expect_whole()) << "round " << round;
      ASSERT_EQ(::unlink(device.ballast().c_str()), 0);
      ASSERT_NO_FATAL_FAILURE(write_until_taken(batches)) << "round " << round;
      ASSERT_NO_FATAL_FAILURE(batches.expect_whole()) << "round " << round;
      for (const std::string name : {"", "second"}) {  // make room for the next ballast
        const Keyspace keyspace = name.empty() ? db.default_keyspace() : db.keyspace(name).value();
        ASSERT_EQ(said(keyspace.erase_range("0", "1")), "ok");
        ASSERT_EQ(said(keyspace.erase_range("2", "9999")), "ok");
      }
      batches.forget_erased();
      ASSERT_EQ(said(db.compact()), "ok");
    }
    contents = batches.contents();
    std::printf("%llu batches acknowledged\n", static_cast<unsigned long long>(batches.written()));
    ASSERT_EQ(said(db.flush()), "ok");
  }
  Db again = Db::open(path, small(), runtime_on(GetParam().name)).value();
  Batches::expect_in(again, again.keyspace("second").value(), contents);
  EXPECT_TRUE(again.check().value().empty());
}

// Puts are refused until all was erased and given back; in the second round the full device is opened anew before that.
class EraseOnFullDevice : public FullDevice {};

TEST_P(EraseOnFullDevice, GoesOnAndMakesRoomForPuts) {
  const Mounted device(GetParam().name, GetParam().mebibytes);
  if (!device.why_not().empty()) GTEST_SKIP() << "SKIPPED, and so not tested on this machine: " << device.why_not();
  const std::string path = device.where() + "/db";
  const auto has_reserve = [&path] { return kernel_tests::shell("ls " + path + "/*.reserve"); };
  std::optional<Db> db = Db::open(path, small()).value();
  auto batches = std::make_optional<Batches>(*db);
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 150; i++) ASSERT_EQ(said(batches->write(Durability::kOs)), "ok");
    for (int i = 0; i < 100 && !has_reserve(); i++) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_TRUE(has_reserve()) << "round " << round;
    (void)kernel_tests::shell("dd if=/dev/urandom of=" + device.ballast() + " bs=1M conv=fsync");  // until it is full
    // While it is looked whether there is room for it again, a file of it is there for a moment.
    for (int refused = 0, turn = 0; refused < 60 || (turn < 20'000 && has_reserve()); turn++) {
      const auto written = batches->write(Durability::kOs);
      ASSERT_TRUE(written || kind_of(written) == kFull) << said(written);
      refused = written ? 0 : refused + 1;
      if (!written) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_FALSE(has_reserve());
    ASSERT_NO_FATAL_FAILURE(batches->expect_whole()) << "round " << round;
    if (round == 1) {
      batches.reset();
      db.reset();
      db = Db::open(path, small()).value();
      batches.emplace(*db);
    }
    ASSERT_EQ(said(batches->erase_all()), "ok") << "round " << round;
    ASSERT_NO_FATAL_FAILURE(write_until_taken(*batches)) << "round " << round;
    ASSERT_NO_FATAL_FAILURE(batches->expect_whole()) << "round " << round;
    ASSERT_EQ(::unlink(device.ballast().c_str()), 0);
  }
  EXPECT_TRUE(db->check().value().empty());
}

std::string name_of(const testing::TestParamInfo<Kind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Kinds, FullDevice,
                         testing::Values(Kind{"tmpfs", 56, 16}, Kind{"ext4", 64, 16}, Kind{"btrfs", 128, 80}), name_of);

INSTANTIATE_TEST_SUITE_P(Kinds, EraseOnFullDevice, testing::Values(Kind{"tmpfs", 56, 16}, Kind{"ext4", 64, 16}),
                         name_of);

// A quota of btrfs may take a page of the mapped log, whatever was written there before: then the outcome of one commit is
// unknown, and writes resume after reopening (promise 4).
TEST(FullQuota, NothingIsLostAndWritesAreTakenAgain) {
  const Mounted device("quota", 40);
  if (!device.why_not().empty()) GTEST_SKIP() << "SKIPPED, and so not tested on this machine: " << device.why_not();
  const std::string path = device.where() + "/db";
  ASSERT_TRUE(fill(device.ballast(), 10));
  uint64_t acknowledged = 0;
  {
    Db db = Db::open(path, small(), runtime_on("quota")).value();
    Batches batches(db);
    Result<void> written;
    while (written) written = batches.write(Durability::kDisk);
    const ErrorKind kind = written.error().kind;
    ASSERT_TRUE(kind == ErrorKind::kNoSpace || kind == ErrorKind::kIo) << said(written);
    acknowledged = batches.written();
    for (const auto& [key, value] : batches.contents()) ASSERT_EQ(kind_of(db.get(key)), "ok");
  }
  ASSERT_EQ(::unlink(device.ballast().c_str()), 0);
  Db db = Db::open(path, small(), runtime_on("quota")).value();
  const std::string last = db.get("last").value()->to_string();
  EXPECT_TRUE(last == std::to_string(acknowledged) || last == std::to_string(acknowledged + 1))
      << last << " " << acknowledged;
  EXPECT_EQ(db.keyspace("second").value().get("last").value()->to_string(), last);
  Batches more(db);
  EXPECT_EQ(said(more.write(Durability::kDisk)), "ok");
  EXPECT_TRUE(db.check().value().empty());
}

// ---- read-only -------------------------------------------------------------------------------------------------------

TEST(ReadOnlyDevice, AFileSystemThatBecomesReadOnlyRefusesWritesAndIsRead) {
  const Mounted device("ext4", 64);
  if (!device.why_not().empty()) GTEST_SKIP() << "SKIPPED, and so not tested on this machine: " << device.why_not();
  const std::string path = device.where() + "/db";
  uint64_t acknowledged = 0;
  {
    Db db = Db::open(path, small()).value();
    Batches batches(db);
    for (int i = 0; i < 200; i++) ASSERT_EQ(said(batches.write(Durability::kDisk)), "ok");
    acknowledged = batches.written();
    if (!device.become_read_only()) GTEST_SKIP() << "SKIPPED: this kernel cannot be told to find an error in an ext4";
    for (int i = 0; i < 100; i++) {
      const auto refused = db.put("last", "0", Durability::kDisk);
      ASSERT_FALSE(refused.has_value());
      const ErrorKind kind = refused.error().kind;
      // Who meets it first is told kIo: this write, or a job in the background that prepares a file of the log.
      ASSERT_TRUE(kind == ErrorKind::kClosed || (i == 0 && kind == ErrorKind::kIo)) << said(refused);
    }
    // The one in doubt is visible until the next open: the values that were there before are.
    for (const auto& [key, value] : batches.contents()) {
      if (key == "last") continue;
      const auto found = db.get(key);
      ASSERT_EQ(said(found), "ok");
      ASSERT_TRUE(*found && **found == value) << "of key " << key;
    }
    EXPECT_FALSE(db.flush().has_value());
    EXPECT_FALSE(db.close().has_value());
  }
  ASSERT_TRUE(device.remount("errors=remount-ro"));
  Db again = Db::open(path, small()).value();
  const std::string last = again.get("last").value()->to_string();
  EXPECT_TRUE(last == std::to_string(acknowledged) || last == "0") << last;
  EXPECT_EQ(again.keyspace("second").value().get("last").value()->to_string(), std::to_string(acknowledged));
  EXPECT_TRUE(again.check().value().empty());
}

TEST(ReadOnlyDevice, ADatabaseOnAReadOnlyMountIsReadAndNotWritten) {
  const Mounted device("ext4", 64);
  if (!device.why_not().empty()) GTEST_SKIP() << "SKIPPED, and so not tested on this machine: " << device.why_not();
  const std::string path = device.where() + "/db";
  // Killed, so that there is a log to replay.
  ASSERT_EQ(os::in_child([&]() -> int {
              Db db = Db::open(path, small()).value();
              Batches batches(db);
              for (int i = 0; i < 100; i++) batches.write(Durability::kOs).value();
              ::_exit(42);  // no destructor runs
            }),
            42);
  ASSERT_TRUE(device.remount("ro"));
  {
    const auto refused = Db::open(path, small());
    ASSERT_FALSE(refused.has_value());
    std::printf("an open for writing answers: %s\n", said(refused).c_str());
    EXPECT_EQ(kind_of(refused), to_string(ErrorKind::kIo));
  }
  for (int i = 0; i < 2; i++) {
    Db db = Db::open(path, small(OpenMode::kReadOnly)).value();
    EXPECT_EQ(db.get("last").value()->to_string(), "100");
    EXPECT_EQ(db.keyspace("second").value().get("last").value()->to_string(), "100");
    EXPECT_EQ(kind_of(db.put("k", "v")), to_string(ErrorKind::kInvalidArgument));
    EXPECT_TRUE(db.check().value().empty());
    EXPECT_EQ(said(db.close()), "ok");
  }
  ASSERT_TRUE(device.remount("rw"));
  Db again = Db::open(path, small()).value();
  EXPECT_EQ(again.get("last").value()->to_string(), "100");
}

}  // namespace
}  // namespace nacre
