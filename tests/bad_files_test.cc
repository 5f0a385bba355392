// Damaged, foreign and missing files: a database answers with an error of the right kind or with the right data - never
// wrong data, never a crash - and touches nothing that is not provably its own.
//
// The places of damage are random, from a seed that is printed; NACRE_FILES_SEED and NACRE_FILES_FLIPS (a file) search further.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/checksum.h"
#include "base/prng.h"
#include "format/log_format.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/random_bytes.h"

namespace nacre {
namespace {

using tests::seed_from_environment;

constexpr int kLogged = 200;  // writes that only the log has

Options small(OpenMode mode = OpenMode::kCreateIfMissing) {
  Options options;
  options.mode = mode;
  options.memory_bytes = kMinMemoryBytes;
  options.keyspace.block_bytes = 1024;
  return options;
}

using Files = std::map<std::string, std::string>;     // name, contents
using Contents = std::map<std::string, std::string>;  // "keyspace/key", value

Files files_of(const std::string& path) {
  Files files;
  for (const DirectoryEntry& entry : os::posix_file_system()->open_directory(path, false).value()->list().value()) {
    files[entry.name] = os::slurp(path + "/" + entry.name);
  }
  return files;
}

void write_files(const std::string& path, const Files& files) {
  ::mkdir(path.c_str(), 0700);
  for (const auto& [name, contents] : files) os::spill(path + "/" + name, contents);
}

// Keeps the events about the log.
class LogEvents : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.file_kind == FileKind::kLog) events.push_back(event);
  }
  std::vector<Event> events;  // read their numbers only
};

bool is_table(const std::string& name) { return name.ends_with(".sst"); }
bool is_log(const std::string& name) { return name.ends_with(".wal"); }
bool is_manifest(const std::string& name) { return name.starts_with("MANIFEST"); }

std::string one_name(const Files& files, bool (*wanted)(const std::string&)) {
  for (const auto& [name, contents] : files) {
    if (wanted(name)) return name;
  }
  ADD_FAILURE() << "no such file";
  return "";
}

std::string numbered(const char* prefix, int i) {
  char text[32];
  std::snprintf(text, sizeof text, "%s%04d", prefix, i);
  return text;
}

// Two keyspaces, several tables on two levels, erased keys, range tombstones.
void make_closed(const std::string& path, uint64_t seed) {
  base::Prng random(seed);
  Db db = Db::open(path, small()).value();
  const Keyspace second = db.keyspace("second").value();
  for (int part = 0; part < 3; part++) {
    for (int i = 0; i < 150; i++)
      db.put("key" + std::to_string(random.below(200)), tests::value_of(random, random.below(120))).value();
    for (int i = 0; i < 30; i++) db.erase("key" + std::to_string(random.below(200))).value();
    for (int i = 0; i < 40; i++)
      second.put("second" + std::to_string(random.below(90)), tests::value_of(random, random.below(200))).value();
    db.erase_range("key5", "key55").value();
    if (part == 1) db.compact().value();
    db.flush().value();
  }
  db.close().value();
}

// What both keyspaces hold, read in both directions, or the error that reading them ended with.
Result<Contents> read_all(Db& db) {
  Contents contents;
  for (const char* name : {"default", "second"}) {
    auto keyspace = db.keyspace(name);
    if (!keyspace) return keyspace.error();
    size_t entries = 0;
    Scan scan = keyspace->scan();
    for (const auto& [key, value] : scan) {
      contents[std::string(name) + "/" + std::string(key)] = value;
      entries++;
    }
    if (const auto status = scan.status(); !status) return status.error();
    Scan backward = keyspace->scan({.reverse = true});
    for (const auto& [key, value] : backward) {
      EXPECT_EQ(contents[std::string(name) + "/" + std::string(key)], value);
      entries--;
    }
    if (const auto status = backward.status(); !status) return status.error();
    EXPECT_EQ(entries, 0U) << "forward and backward differ";
  }
  return contents;
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

// ---- missing and foreign files ---------------------------------------------------------------------------------------

TEST_F(BadFiles, EveryMissingFileIsNamed) {
  make_closed(path_, 3);
  const Contents expected = expected_contents();
  for (const auto& [name, contents] : files_of(path_)) {
    if (name == "LOCK" || is_log(name)) continue;
    ASSERT_EQ(::unlink((path_ + "/" + name).c_str()), 0);
    for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kMustExist, OpenMode::kCreateIfMissing}) {
      const auto opened = open(mode);
      ASSERT_FALSE(opened.has_value()) << name << " is missing";
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption) << name << ": " << opened.error().to_string();
      if (name != "CURRENT") {
        EXPECT_NE(opened.error().to_string().find(name), std::string::npos) << opened.error().to_string();
      }
    }
    os::spill(path_ + "/" + name, contents);
  }
  EXPECT_EQ(expected_contents(), expected) << "refused opens must leave everything";
}

TEST_F(BadFiles, ADirectoryOfOthersIsRefusedAndUntouched) {
  write_files(path_, {{"letter.txt", "dear"}, {"photo.jpg", "\xff\xd8"}});
  const Files before = files_of(path_);
  for (const OpenMode mode : {OpenMode::kCreateIfMissing, OpenMode::kCreateNew}) {
    const auto opened = open(mode);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument) << opened.error().to_string();
  }
  for (const OpenMode mode : {OpenMode::kMustExist, OpenMode::kReadOnly}) {
    const auto opened = open(mode);
    ASSERT_FALSE(opened.has_value());
    EXPECT_TRUE(opened.error().kind == ErrorKind::kInvalidArgument || opened.error().kind == ErrorKind::kNotFound)
        << opened.error().to_string();
  }
  EXPECT_EQ(files_of(path_), before) << "not even LOCK may appear";

  const os::TemporaryDirectory empty;
  EXPECT_EQ(Db::open(empty / ".", small(OpenMode::kMustExist)).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(files_of(empty / ".").empty());
}

TEST_F(BadFiles, AFileInPlaceOfTheDirectory) {
  os::spill(path_, "text");
  for (const OpenMode mode : {OpenMode::kCreateIfMissing, OpenMode::kReadOnly}) {
    const auto opened = open(mode);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument) << opened.error().to_string();
  }
  EXPECT_EQ(os::slurp(path_), "text");
}

TEST_F(BadFiles, FilesThatAreNotOursStay) {
  make_closed(path_, 4);
  const std::string other = directory_ / "other";
  make_closed(other, 5);
  const Files theirs = files_of(other);
  const Contents expected = expected_contents();
  const Files foreign = {{"notes.txt", "mine"},
                         {"000000.sst.bak", "x"},
                         {"900001.sst", theirs.at(one_name(theirs, is_table))},
                         {"MANIFEST-900002", theirs.at(one_name(theirs, is_manifest))}};
  write_files(path_, foreign);
  for (int i = 0; i < 2; i++) {
    Db db = open().value();
    EXPECT_TRUE(read_all(db).value() == expected);
    ASSERT_TRUE(db.put("k", "v").has_value() && db.erase("k").has_value() && db.compact().has_value());
  }
  const Files after = files_of(path_);
  for (const auto& [name, contents] : foreign) EXPECT_TRUE(after.contains(name) && after.at(name) == contents) << name;
}

TEST_F(BadFiles, AnotherDatabasesFilesAreRefused) {
  make_closed(path_, 6);
  const std::string other = directory_ / "other";
  make_closed(other, 6);  // the same operations: names and sizes agree, only the identity differs
  const Files ours = files_of(path_);
  const Files theirs = files_of(other);
  const Contents expected = expected_contents();
  uint64_t tried = 0;
  for (const auto& [name, contents] : ours) {
    if (!theirs.contains(name) || (!is_table(name) && !is_manifest(name))) continue;
    tried++;
    os::spill(path_ + "/" + name, theirs.at(name));
    for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kCreateIfMissing}) {
      const auto opened = open(mode);
      ASSERT_FALSE(opened.has_value()) << name << " of another database was accepted";
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption) << name << ": " << opened.error().to_string();
    }
    os::spill(path_ + "/" + name, contents);
  }
  EXPECT_GE(tried, 2U);
  EXPECT_EQ(expected_contents(), expected);
}

TEST_F(BadFiles, OurOwnTableUnderAnotherNumberIsRefused) {
  make_closed(path_, 7);
  const Files ours = files_of(path_);
  std::vector<std::string> tables;
  for (const auto& [name, contents] : ours) {
    if (is_table(name)) tables.push_back(name);
  }
  ASSERT_GE(tables.size(), 2U);
  os::spill(path_ + "/" + tables[0], ours.at(tables[1]));
  const auto opened = open(OpenMode::kReadOnly);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption) << opened.error().to_string();
}

TEST_F(BadFiles, ALinkIsNotFollowed) {
  make_closed(path_, 8);
  const std::string name = one_name(files_of(path_), is_table);
  ASSERT_EQ(::rename((path_ + "/" + name).c_str(), (directory_ / "elsewhere").c_str()), 0);
  ASSERT_EQ(::symlink((directory_ / "elsewhere").c_str(), (path_ + "/" + name).c_str()), 0);
  const auto opened = open(OpenMode::kReadOnly);
  EXPECT_FALSE(opened.has_value());
}

TEST_F(BadFiles, FilesAreForTheirOwnerOnly) {
  make_closed(path_, 9);
  struct stat status = {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  for (const auto& [name, contents] : files_of(path_)) {
    ASSERT_EQ(::stat((path_ + "/" + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << name;
  }
}

}  // namespace
}  // namespace nacre
