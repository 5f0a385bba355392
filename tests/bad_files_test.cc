// Damaged files: a database answers with an error of the right kind or with the right data - never wrong data, never a crash.
//
// The places of damage are random, from a seed that is printed; NACRE_FILES_SEED and NACRE_FILES_FLIPS (a file) search further.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/checksum.h"
#include "base/prng.h"
#include "format/log_format.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/database_files.h"
#include "tests/support/random_bytes.h"

namespace nacre {
namespace {

using namespace tests;

constexpr int kLogged = 200;  // writes that only the log has

// Keeps the events about the log that was found.
class LogEvents : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.file_kind == FileKind::kLog && event.kind != EventKind::kLogSegmentReady) events.push_back(event);
  }
  std::vector<Event> events;  // read their numbers only
};

std::string numbered(const char* prefix, int i) {
  char text[32];
  std::snprintf(text, sizeof text, "%s%04d", prefix, i);
  return text;
}

class BadFiles : public testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) std::printf("replay: NACRE_FILES_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  }

  // One attempt on `path`: open, read everything by scan and by get, check.
  void attempt(const std::string& path, OpenMode mode, const Contents& expected, const std::string& what) {
    attempts_++;
    auto opened = Db::open(path, small(mode));
    if (!opened) {
      errors_++;
      return expect_right_kind(opened.error(), what + " open");
    }
    Db db = *std::move(opened);
    const auto contents = read_all(db);
    if (!contents) {
      errors_++;
      expect_right_kind(contents.error(), what + " scan");
      const auto findings = db.check();
      ASSERT_TRUE(findings.has_value()) << what;
      EXPECT_FALSE(findings->empty()) << what << ": a scan finds damage that check does not";
    } else {
      expect_contents(*contents, expected, what);
    }
    for (const auto& [name, value] : expected) {
      const size_t slash = name.find('/');
      if (logged_ && name.find("/logged") != std::string::npos) continue;
      auto keyspace = db.keyspace(name.substr(0, slash));
      if (!keyspace) continue;
      const auto got = keyspace->get(name.substr(slash + 1));
      if (!got) {
        expect_right_kind(got.error(), what + " get");
        continue;
      }
      ASSERT_TRUE(got->has_value()) << what << ": get lost " << name;
      ASSERT_TRUE(**got == value) << what << ": get answers a wrong value of " << name;
    }
  }

  // All that is expected; of the writes that only an unsynced log has, a prefix will do.
  void expect_contents(const Contents& contents, const Contents& expected, const std::string& what) {
    int there = 0;
    const auto logged_name = [](int i) { return numbered(i % 2 == 0 ? "default/logged" : "second/logged", i); };
    if (logged_) {
      while (there < kLogged && contents.contains(logged_name(there))) there++;
    }
    Contents wanted = expected;
    for (int i = there; logged_ && i < kLogged; i++) wanted.erase(logged_name(i));
    if (contents == wanted) return;
    const auto [got, missing] = std::mismatch(contents.begin(), contents.end(), wanted.begin(), wanted.end());
    ADD_FAILURE() << what << ": wrong data: " << contents.size() << " entries, expected " << wanted.size()
                  << "; first difference " << (got == contents.end() ? "(end)" : got->first) << " against "
                  << (missing == wanted.end() ? "(end)" : missing->first);
  }
  static void expect_right_kind(const Error& error, const std::string& what) {
    EXPECT_TRUE(error.kind == ErrorKind::kCorruption || error.kind == ErrorKind::kUnsupported)
        << what << ": " << error.to_string();
    EXPECT_NE(error.reason, nullptr) << what;
  }

  // Flips and truncates every file in place and reads only; one time in sixteen a copy is opened for writing.
  void damage_each_file(const Contents& expected) {
    const Files files = files_of(path_);
    const uint64_t flips = seed_from_environment("NACRE_FILES_FLIPS", 60);
    for (const auto& [name, contents] : files) {
      if (name == "LOCK" || contents.empty()) continue;
      for (uint64_t i = 0; i < flips && !HasFailure(); i++) {
        // Half of the damage at either end, where the structures are; a log is zero bytes for the most part.
        const uint64_t near = std::min<uint64_t>(contents.size(), i % 4 == 2 ? 300 : 4096);
        uint64_t at = random_.below(contents.size());
        if (i % 2 == 0)
          at = is_log(name) || i % 4 == 0 ? random_.below(near) : contents.size() - 1 - random_.below(near);
        std::string damaged = contents;
        std::string what = name + " of " + std::to_string(contents.size()) + " bytes, ";
        if (i % 5 == 4) {
          damaged.resize(at);
          what += "truncated at " + std::to_string(at);
        } else if (i % 5 == 3) {
          for (uint64_t j = at; j < std::min<uint64_t>(at + 512, damaged.size()); j++)
            damaged[j] = static_cast<char>(random_.next());
          what += "512 random bytes at " + std::to_string(at);
        } else {
          damaged[at] = static_cast<char>(damaged[at] ^ (1 << random_.below(8)));
          what += "a bit flipped at " + std::to_string(at);
        }
        if (i % 16 == 15) {
          Files copy = files;
          copy[name] = damaged;
          const os::TemporaryDirectory elsewhere;
          write_files(elsewhere / "db", copy);
          attempt(elsewhere / "db", OpenMode::kCreateIfMissing, expected, what + " (writing)");
        } else {
          os::spill(path_ + "/" + name, damaged);
          attempt(path_, OpenMode::kReadOnly, expected, what);
          os::spill(path_ + "/" + name, contents);
        }
      }
    }
    std::printf("%llu damaged databases, %llu errors, the others right; seed %llu\n",
                static_cast<unsigned long long>(attempts_), static_cast<unsigned long long>(errors_),
                static_cast<unsigned long long>(seed_));
  }

  Contents expected_contents() {
    Db db = Db::open(path_, small(OpenMode::kReadOnly)).value();
    return read_all(db).value();
  }
  Result<Db> open(OpenMode mode = OpenMode::kCreateIfMissing) { return Db::open(path_, small(mode)); }
  Result<Db> open(OpenMode mode, const std::shared_ptr<LogEvents>& events) {
    Runtime runtime = Runtime::standard();
    runtime.events = events;
    return Db::open(path_, small(mode), runtime);
  }

  os::TemporaryDirectory directory_;
  std::string path_ = directory_ / "db";
  uint64_t seed_ = seed_from_environment("NACRE_FILES_SEED", 99);
  base::Prng random_{seed_};
  bool logged_ = false;
  uint64_t attempts_ = 0;
  uint64_t errors_ = 0;
};

TEST_F(BadFiles, DamageOfAClosedDatabaseIsFoundOrHarmless) {
  make_closed(path_, 1);
  damage_each_file(expected_contents());
  EXPECT_GT(errors_, attempts_ / 4);
}

TEST_F(BadFiles, DamageOfAnUnsyncedLogLeavesAPrefix) {
  ::setenv("NACRE_TEST_PATH", path_.c_str(), 1);
  ASSERT_EQ(os::in_fresh_process("BadFiles.DISABLED_WritesAndDies"), 42);
  logged_ = true;
  const Contents expected = expected_contents();
  for (int i = 0; i < kLogged; i++)
    ASSERT_TRUE(expected.contains(numbered(i % 2 == 0 ? "default/logged" : "second/logged", i)));
  damage_each_file(expected);
}

// RELIABILITY 6: a merge that meets a damaged block ends with its error, keeps its inputs, and never writes what it could not
// verify under a fresh checksum. Flushes and writes go on.
TEST_F(BadFiles, AMergeDoesNotLaunderDamage) {
  make_closed(path_, 10);
  const Contents expected = expected_contents();
  const Files files = files_of(path_);
  int errors = 0;
  int harmless = 0;
  for (const auto& [name, contents] : files) {
    for (uint64_t at = 50; is_table(name) && at < contents.size(); at += contents.size() / 12 + 1) {
      const std::string what = name + ", a bit flipped at " + std::to_string(at);
      Files copy = files;
      copy[name][at] ^= 4;
      const os::TemporaryDirectory elsewhere;
      write_files(elsewhere / "db", copy);
      auto opened = Db::open(elsewhere / "db", small());
      if (!opened) {
        expect_right_kind(opened.error(), what + " open");
        continue;
      }
      const Result<void> compacted = opened->compact();
      if (compacted) {
        harmless++;
      } else {
        errors++;
        expect_right_kind(compacted.error(), what + " compact");
        EXPECT_NE(compacted.error().to_string().find(name), std::string::npos) << compacted.error().to_string();
        EXPECT_FALSE(opened->check().value().empty()) << what;
      }
      opened->put("after", "1").value();
      opened->flush().value();
      EXPECT_EQ(opened->get("after").value()->to_string(), "1");
      opened->erase("after").value();
      opened->close().value();
      attempt(elsewhere / "db", OpenMode::kCreateIfMissing, expected, what + " reopened");
    }
  }
  std::printf("%d compactions met damage, %d did not\n", errors, harmless);
  EXPECT_GT(errors, 5);
}

// RELIABILITY 12: what is refused is left as it is. A log of a newer release was found out when a new manifest was in force already.
TEST_F(BadFiles, AnOpenThatIsRefusedChangesNothing) {
  ::setenv("NACRE_TEST_PATH", path_.c_str(), 1);
  ASSERT_EQ(os::in_fresh_process("BadFiles.DISABLED_SyncsAndDies"), 42);
  const Files whole = files_of(path_);
  for (const bool newer : {true, false}) {
    Files files = whole;
    for (auto& [name, contents] : files) {
      const size_t record = contents.find("synced-value");
      if (!is_log(name) || record == std::string::npos) continue;
      if (!newer) {
        contents[record] ^= 1;
        continue;
      }
      for (const size_t page : {size_t{0}, format::kLogHeaderPageBytes}) {
        contents[page + 8] = 2;  // the version
        const uint64_t checksum = base::checksum64(Bytes(contents).substr(page, 56), 0x6c6f672d6964656eULL);
        std::memcpy(contents.data() + page + 56, &checksum, sizeof checksum);
      }
    }
    ASSERT_NE(files, whole);
    const os::TemporaryDirectory elsewhere;
    write_files(elsewhere / "db", files);
    for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kMustExist, OpenMode::kCreateIfMissing}) {
      const auto opened = Db::open(elsewhere / "db", small(mode));
      ASSERT_FALSE(opened.has_value());
      EXPECT_EQ(opened.error().kind, newer ? ErrorKind::kUnsupported : ErrorKind::kCorruption);
      EXPECT_EQ(files_of(elsewhere / "db"), files) << "the refused database was changed";
    }
  }
}

TEST_F(BadFiles, DISABLED_WritesAndDies) {
  const std::string path = std::getenv("NACRE_TEST_PATH");
  make_closed(path, 2);
  Db db = Db::open(path, small()).value();
  const Keyspace second = db.keyspace("second").value();
  for (int i = 0; i < kLogged; i++) {
    const Keyspace& keyspace = i % 2 == 0 ? db.default_keyspace() : second;
    keyspace.put(numbered("logged", i), "v").value();
  }
  ::_exit(42);
}

// RELIABILITY 7: acknowledged as durable and lost is an error, never a shorter log.
TEST_F(BadFiles, DamageOfASyncedLogIsAnError) {
  ::setenv("NACRE_TEST_PATH", path_.c_str(), 1);
  ASSERT_EQ(os::in_fresh_process("BadFiles.DISABLED_SyncsAndDies"), 42);
  Files files = files_of(path_);
  uint64_t found = 0;
  for (auto& [name, contents] : files) {
    if (!is_log(name)) continue;
    // The second of the synced records: much evidence stands behind it.
    size_t at = contents.find("synced-value");
    if (at == std::string::npos) continue;
    at = contents.find("synced-value", at + 1);
    found++;
    contents[at] ^= 1;
    os::spill(path_ + "/" + name, contents);
    for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kCreateIfMissing}) {
      const auto log = std::make_shared<LogEvents>();
      const auto opened = open(mode, log);
      ASSERT_FALSE(opened.has_value());
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption) << opened.error().to_string();
      EXPECT_EQ(opened.error().file_kind, FileKind::kLog) << opened.error().to_string();
      ASSERT_EQ(log->events.size(), 1U);
      EXPECT_EQ(log->events[0].kind, EventKind::kCorruption);
      EXPECT_EQ(log->events[0].offset, opened.error().offset);
      EXPECT_EQ(log->events[0].entries, 1U) << "damaged: the others behind it can be salvaged";
      EXPECT_GT(log->events[0].bytes_in, 19 * std::strlen("synced-value")) << "synced";
      EXPECT_NE(opened.error().to_string().find(name), std::string::npos) << opened.error().to_string();
      EXPECT_LE(opened.error().offset, at);
    }
    contents[at] ^= 1;
    os::spill(path_ + "/" + name, contents);
  }
  EXPECT_EQ(found, 1U);
  EXPECT_EQ(open().value().get("k7").value()->to_string(), "synced-value");
}

TEST_F(BadFiles, DISABLED_SyncsAndDies) {
  Db db = Db::open(std::getenv("NACRE_TEST_PATH"), small()).value();
  for (int i = 0; i < 20; i++) db.put("k" + std::to_string(i), "synced-value", Durability::kDisk).value();
  ::_exit(42);
}

TEST_F(BadFiles, ATornTailIsReported) {
  ::setenv("NACRE_TEST_PATH", path_.c_str(), 1);
  ASSERT_EQ(os::in_fresh_process("BadFiles.DISABLED_WritesAndDies"), 42);
  uint64_t tears = 0;
  for (auto& [name, contents] : files_of(path_)) {
    if (!is_log(name)) continue;
    const size_t at = contents.find(numbered("logged", kLogged - 3));
    if (at == std::string::npos) continue;
    tears++;
    contents[at] ^= 1;
    os::spill(path_ + "/" + name, contents);
    const auto log = std::make_shared<LogEvents>();
    Db db = open(OpenMode::kCreateIfMissing, log).value();
    ASSERT_EQ(log->events.size(), 1U);
    EXPECT_EQ(log->events[0].kind, EventKind::kTornTail);
    EXPECT_EQ(log->events[0].entries, 2U) << "whole records behind the torn one";
    EXPECT_LE(log->events[0].offset, at);
    EXPECT_GT(log->events[0].offset + 100, at);
    EXPECT_TRUE(db.contains(numbered("logged", kLogged - 4)).value());
    EXPECT_FALSE(db.contains(numbered("logged", kLogged - 2)).value());
  }
  EXPECT_EQ(tears, 1U);
}

}  // namespace
}  // namespace nacre
