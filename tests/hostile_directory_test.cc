// What others can do to the directory of a database: take its log away under the running engine, put links in the place of its
// files or of files that it is going to make, give the process a careless umask.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "nacre/nacre.h"
#include "os/testing.h"

namespace nacre {
namespace {

class HostileDirectory : public testing::Test {
 protected:
  Result<Db> open(OpenMode mode = OpenMode::kCreateIfMissing) {
    Options options;
    options.mode = mode;
    options.memory_bytes = kMinMemoryBytes;
    return Db::open(path_, options);
  }
  // Tables of two keyspaces, and a log that is needed: the process that wrote it died.
  void make_killed() {
    ASSERT_EQ(os::in_child([this]() -> int {
                Db db = open().value();
                const Keyspace second = db.keyspace("second").value();
                for (int i = 0; i < 2000; i++) {
                  second.put(key_of(i), std::string(400, 'v')).value();
                  if (i == 1000) db.flush().value();
                  if (i == 1500) db.compact().value();
                }
                ::_exit(42);  // no destructor runs
              }),
              42);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  static bool has_all(Db& db) {
    const Keyspace second = db.keyspace("second").value();
    for (int i = 0; i < 2000; i++) {
      if (!second.contains(key_of(i)).value()) return false;
    }
    return true;
  }
  static std::string key_of(int i) { return "key" + std::to_string(100'000 + i); }

  os::TemporaryDirectory directory_;
  std::string path_ = directory_ / "db";
};

// The pages of the mapping that lie behind the end of the file are gone: a store there is a SIGBUS.
TEST_F(HostileDirectory, ALogThatLosesItsPagesIsAnErrorNotACrash) {
  int acknowledged = 0;
  {
    Db db = open().value();
    while (acknowledged < 100) db.put(key_of(acknowledged++), std::string(400, 'v')).value();
    for (const std::string& name : names()) {
      if (!name.ends_with(".wal")) continue;
      ASSERT_EQ(::truncate((path_ + "/" + name).c_str(), 100 << 10), 0);
    }
    Result<void> written;
    for (int i = acknowledged; written && i < 100'000; i++) {
      written = db.put(key_of(i), std::string(400, 'v'), static_cast<Durability>(i % 3));
      if (written) acknowledged++;
    }
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().kind, ErrorKind::kIo) << written.error().to_string();
    EXPECT_EQ(written.error().system_errno, EIO) << written.error().to_string();
    const auto later = db.put("later", "v", Durability::kDisk);
    ASSERT_FALSE(later.has_value());
    EXPECT_EQ(later.error().kind, ErrorKind::kClosed) << later.error().to_string();
    for (int i = 0; i < acknowledged; i++) ASSERT_TRUE(db.contains(key_of(i)).value()) << i;
    const auto closed = db.close();
    ASSERT_FALSE(closed.has_value());
    EXPECT_EQ(closed.error().kind, ErrorKind::kIo) << closed.error().to_string();
  }
  // What was synced and is gone is damage; else what is there is a prefix.
  auto again = open();
  if (!again) {
    EXPECT_EQ(again.error().kind, ErrorKind::kCorruption) << again.error().to_string();
    return;
  }
  bool ended = false;
  for (int i = 0; i <= acknowledged; i++) {
    const bool there = again->contains(key_of(i)).value();
    EXPECT_FALSE(there && ended) << i;
    ended = ended || !there;
  }
}

TEST_F(HostileDirectory, NoFileIsReadThroughALink) {
  make_killed();
  ASSERT_TRUE(open().value().close());  // from here on every table is needed
  const std::string elsewhere = directory_ / "elsewhere";
  bool has_log = false;
  bool has_table = false;
  for (const std::string& name : names()) {
    has_log |= name.ends_with(".wal");
    has_table |= name.ends_with(".sst");
    const std::string whole = path_ + "/" + name;
    ASSERT_EQ(::rename(whole.c_str(), elsewhere.c_str()), 0);
    ASSERT_EQ(::symlink(elsewhere.c_str(), whole.c_str()), 0);
    const std::string before = os::slurp(elsewhere);
    {
      auto opened = open(OpenMode::kReadOnly);
      // Segments that wait for use may be missing; LOG is not read.
      EXPECT_TRUE(!opened || ((name.ends_with(".wal") || name == "LOG") && has_all(*opened))) << name;
    }
    EXPECT_TRUE(os::slurp(elsewhere) == before) << name;
    ASSERT_EQ(::unlink(whole.c_str()), 0);
    ASSERT_EQ(::rename(elsewhere.c_str(), whole.c_str()), 0);
  }
  EXPECT_TRUE(has_log && has_table);
  Db db = open().value();
  EXPECT_TRUE(has_all(db));
}

// Links that wait under the names of files that the next open and its work are going to make.
TEST_F(HostileDirectory, NoFileIsMadeThroughALink) {
  make_killed();
  const std::string victim = directory_ / "victim";
  ASSERT_EQ(::unlink((path_ + "/LOG").c_str()), 0);
  std::vector<std::string> links = {path_ + "/CURRENT.tmp", path_ + "/LOG"};
  for (int number = 1; number < 200; number++) {
    char text[32];
    std::snprintf(text, sizeof text, "%06d", number);
    for (const std::string& name :
         {std::string(text) + ".wal", std::string(text) + ".sst", "MANIFEST-" + std::string(text)})
      links.push_back(path_ + "/" + name);
  }
  for (const std::string& link : links)
    (void)!::symlink(victim.c_str(), link.c_str());  // fails for names that are taken
  auto opened = open();
  if (opened) {
    for (int i = 0; i < 3000; i++) (void)opened->put(key_of(i), std::string(400, 'v')).has_value();
    (void)opened->flush().has_value();
    (void)opened->compact().has_value();
    (void)opened->close().has_value();
  }
  EXPECT_FALSE(std::filesystem::exists(victim));
}

TEST_F(HostileDirectory, AllFilesAreTheOwnersWhateverTheUmask) {
  const mode_t umask = ::umask(0);
  {
    Db db = open().value();
    const Keyspace second = db.keyspace("second").value();
    for (int i = 0; i < 3000; i++) second.put(key_of(i), std::string(400, 'v')).value();
    db.flush().value();
    db.compact().value();
    struct stat status = {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
    int seen = 0;
    for (const std::string& name : names()) {
      if (::lstat((path_ + "/" + name).c_str(), &status) != 0) {
        EXPECT_EQ(errno, ENOENT) << name;  // files nobody needs any more are removed in the background
        continue;
      }
      EXPECT_TRUE(S_ISREG(status.st_mode)) << name;
      EXPECT_EQ(status.st_mode & 07777, 0600U) << name;
      seen++;
    }
    EXPECT_GE(seen, 5);
  }
  ::umask(umask);
}

}  // namespace
}  // namespace nacre
