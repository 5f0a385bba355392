// repair(): what is not named as lost or doubtful is right, whatever was damaged; and nothing is invented.

#include "nacre/repair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/coding.h"
#include "tests/support/damaged_database.h"

namespace nacre::tests {
namespace {

using Kind = RepairFinding::Kind;

class RepairTest : public testing::Test {
 protected:
  // Repairs a database of these files, and holds the outcome against what it held. The report.
  RepairReport repaired(const Sample& sample, const Files& files, RepairOptions options = {}) {
    options.memory_bytes = kMinMemoryBytes;
    const std::string source = directory_ / ("source" + std::to_string(++rounds_));
    target_ = directory_ / ("target" + std::to_string(rounds_));
    write_files(source, files);
    const auto report = repair(source, target_, options);
    EXPECT_TRUE(report.has_value()) << report.error().to_string();
    if (!report) return {};
    EXPECT_TRUE(files_of(source) == files) << "the source was changed";
    Db db = Db::open(target_, small(OpenMode::kReadOnly)).value();
    EXPECT_TRUE(db.check().value().empty());
    contents_ = keyspaces_of(db);
    expect_right(sample, *report);
    return *report;
  }

  void expect_right(const Sample& sample, const RepairReport& report) {
    for (const auto& [name, entries] : sample.contents) {
      for (const auto& [key, value] : entries) {
        if (report.is_doubtful(name, key)) continue;
        const auto found = contents_[name].find(key);
        if (found == contents_[name].end()) {
          ADD_FAILURE() << "lost in silence: " << name << "/" << key << "\n" << words(report);
        } else {
          EXPECT_EQ(found->second, value) << "old in silence: " << name << "/" << key << "\n" << words(report);
        }
      }
    }
    uint64_t entries_seen = 0;
    for (const auto& [name, entries] : contents_) {
      for (const auto& [key, value] : entries) {
        entries_seen++;
        EXPECT_TRUE(sample.was_written(name, key, value)) << "invented: " << name << "/" << key << "\n"
                                                          << words(report);
        if (report.is_doubtful(name, key)) continue;
        const auto known = sample.contents.find(name);
        EXPECT_TRUE(known != sample.contents.end() && known->second.contains(key))
            << "brought back in silence: " << name << "/" << key << "\n"
            << words(report);
      }
    }
    EXPECT_EQ(report.entries, entries_seen);
  }

  static std::string words(const RepairReport& report) {
    std::string all;
    for (const RepairFinding& finding : report.findings) {
      all += (finding.kind == Kind::kLost       ? "lost "
              : finding.kind == Kind::kDoubtful ? "doubtful "
                                                : "note ") +
             finding.file + "@" + std::to_string(finding.offset) + " " + finding.keyspace + " [" +
             finding.from.value_or("-") + ", " + finding.to.value_or("-") + "] " + finding.what + "\n";
    }
    return all;
  }

  // How many of the keys that it held are in doubt.
  static size_t doubtful_keys(const Sample& sample, const RepairReport& report) {
    size_t count = 0;
    for (const auto& [name, entries] : sample.contents) {
      for (const auto& [key, value] : entries) count += report.is_doubtful(name, key);
    }
    return count;
  }

  os::TemporaryDirectory directory_;
  int rounds_ = 0;
  std::string target_;
  Keyspaces contents_;  // of the last one repaired
};

TEST_F(RepairTest, ASoundDatabaseComesBackAsItWas) {
  for (const bool closed : {true, false}) {
    const Sample sample = make_sample(directory_ / ("db" + std::to_string(closed)), 1, closed);
    const RepairReport report = repaired(sample, sample.files);
    EXPECT_TRUE(report.complete()) << words(report);
    EXPECT_TRUE(report.findings.empty()) << words(report);
    EXPECT_EQ(contents_, sample.contents);
    EXPECT_TRUE(closed || report.log_records != 0);
  }
}

// The property. A failure prints the round, which REPAIR_SEED replays alone.
TEST_F(RepairTest, WhateverIsDamagedNothingIsWrongInSilence) {
  std::vector<Sample> samples;
  for (uint64_t seed = 0; seed < 4; seed++) {
    samples.push_back(make_sample(directory_ / ("db" + std::to_string(seed)), seed, seed % 2 == 0));
  }
  const uint64_t only = seed_from_environment("REPAIR_SEED", UINT64_MAX);
  size_t complete = 0;
  for (uint64_t round = 0; round < 60; round++) {
    const uint64_t seed = only == UINT64_MAX ? round : only;
    base::Prng random(seed + 1000);
    const Sample& sample = samples[seed % samples.size()];
    Files files = sample.files;
    std::string what;
    const uint64_t places = 1 + random.below(3);
    for (uint64_t i = 0; i < places && files.size() > 1; i++) what += damage(files, random) + "; ";
    SCOPED_TRACE("REPAIR_SEED=" + std::to_string(seed) + ": " + what);
    complete += repaired(sample, files).complete();
    if (HasFailure() || only != UINT64_MAX) break;
  }
  std::printf("%zu repairs lost nothing\n", complete);
}

TEST_F(RepairTest, WithoutCurrentTheManifestIsFound) {
  const Sample sample = make_sample(directory_ / "db", 5, true);
  for (const bool damaged : {false, true}) {
    Files files = sample.files;
    files.erase("CURRENT");
    if (damaged) files["CURRENT"] = "MANIFEST-000099 nothing\n";
    const RepairReport report = repaired(sample, files);
    EXPECT_TRUE(report.complete()) << words(report);
    EXPECT_EQ(contents_, sample.contents);
  }
}

// Tables say to which keyspace they belong: only the names are gone, and the certainty.
TEST_F(RepairTest, WithoutAManifestEverythingIsThereUnderAnotherName) {
  for (const bool closed : {true, false}) {
    const Sample sample = make_sample(directory_ / ("db" + std::to_string(closed)), 6, closed);
    Files files = sample.files;
    std::erase_if(files, [](const auto& file) { return file.first == "CURRENT" || is_manifest(file.first); });
    const RepairReport report = repaired(sample, files);
    EXPECT_FALSE(report.complete());
    Keyspaces renamed;
    for (const auto& [name, entries] : sample.contents) {
      if (!entries.empty())
        renamed[name == "default" ? name : "keyspace-" + std::to_string(sample.ids.at(name))] = entries;
    }
    EXPECT_EQ(contents_, renamed);
  }
}

TEST_F(RepairTest, ADamagedBlockCostsItsOwnKeysAlone) {
  const Sample sample = make_sample(directory_ / "db", 7, true, 4000);
  for (const std::string& name : names_of(sample.files, is_table)) {
    Files files = sample.files;
    files[name][10] ^= 1;  // in the first block
    const RepairReport report = repaired(sample, files);
    EXPECT_FALSE(report.complete());
    EXPECT_EQ(report.findings.size(), 1U) << words(report);
    EXPECT_LT(doubtful_keys(sample, report), sample.size() / 4) << words(report);
  }
}

// Footer, index and properties are there for speed: without them the blocks are found by their checksums.
TEST_F(RepairTest, ATableThatLostItsEndKeepsItsBlocks) {
  const Sample sample = make_sample(directory_ / "db", 8, true, 4000);
  for (const std::string& name : names_of(sample.files, is_table)) {
    Files files = sample.files;
    std::string& bytes = files[name];
    bytes.back() ^= 1;
    const RepairReport report = repaired(sample, files);
    EXPECT_TRUE(report.complete()) << words(report);  // the manifest knows the counts
    EXPECT_EQ(contents_, sample.contents);
    bytes.resize(bytes.size() / 2);  // where few blocks and a large filter lie, all of them may be in it
    repaired(sample, files);
    bytes.resize(10);
    EXPECT_FALSE(repaired(sample, files).complete());
    bytes = std::string(bytes.size(), 'x');
    EXPECT_FALSE(repaired(sample, files).complete());
  }
}

// What a compaction replaced and a crash left lying must not come back: the manifest says what counts.
TEST_F(RepairTest, ReplacedTablesDoNotComeBack) {
  const std::string path = directory_ / "db";
  Files old;
  Sample sample;
  {
    Db db = Db::open(path, small()).value();
    for (int i = 0; i < 300; i++) sample.put(db, "default", "key" + std::to_string(i), "old" + std::to_string(i));
    db.flush().value();
    db.settle().value();
    old = files_of(path);
    for (int i = 0; i < 300; i += 2) sample.erase(db, "default", "key" + std::to_string(i));
    for (int i = 1; i < 300; i += 4) sample.put(db, "default", "key" + std::to_string(i), "new" + std::to_string(i));
    db.compact().value();
    sample.contents = keyspaces_of(db);
    db.close().value();
  }
  Db::open(path, small()).value().close().value();  // a new manifest, which does not know what was removed before
  sample.files = files_of(path);
  size_t added = 0;
  for (const auto& [name, bytes] : old) added += is_table(name) && sample.files.emplace(name, bytes).second;
  ASSERT_NE(added, 0U);
  const RepairReport report = repaired(sample, sample.files);
  EXPECT_TRUE(report.complete()) << words(report);
  EXPECT_EQ(contents_, sample.contents);

  std::erase_if(sample.files, [](const auto& file) { return file.first == "CURRENT" || is_manifest(file.first); });
  EXPECT_FALSE(repaired(sample, sample.files).complete()) << "now they may, and the report must say so";
}

// Commits are applied up to the damage, and beyond it only if asked for.
TEST_F(RepairTest, TheLogIsAPrefixUnlessMoreIsAskedFor) {
  const std::string path = directory_ / "db";
  Sample sample;
  Files files;
  {
    Db db = Db::open(path, small()).value();
    for (int i = 0; i < 100; i++) {
      sample.put(db, "default", "key" + std::to_string(1000 + i), "value" + std::to_string(i));
      if (i == 99) db.sync().value();
    }
    sample.contents = keyspaces_of(db);
    files = files_of(path);
  }
  std::string log;
  for (const auto& [name, bytes] : files) {
    if (is_log(name) && bytes.find("key1050") != std::string::npos) log = name;
  }
  ASSERT_FALSE(log.empty());
  files[log][files[log].find("key1050")] ^= 1;
  const RepairReport prefix = repaired(sample, files);
  EXPECT_FALSE(prefix.complete());
  EXPECT_EQ(contents_["default"].size(), 50U);
  EXPECT_EQ(contents_["default"].rbegin()->first, "key1049");
  const RepairReport more = repaired(sample, files, {.log_past_damage = true});
  EXPECT_FALSE(more.complete());
  EXPECT_EQ(contents_["default"].size(), 99U);
  EXPECT_FALSE(contents_["default"].contains("key1050"));
}

TEST_F(RepairTest, LostRangeErasesAreSaid) {
  const std::string path = directory_ / "db";
  Sample sample;
  {
    Db db = Db::open(path, small()).value();
    for (int i = 0; i < 100; i++) sample.put(db, "default", "key" + std::to_string(1000 + i), "value");
    db.flush().value();
    db.erase_range("key1020", "key1030").value();
    db.put("key1020", "again").value();
    sample.note_put("default", "key1020", "again");
    db.flush().value();
    sample.contents = keyspaces_of(db);
    sample.files = files_of(path);
  }
  EXPECT_TRUE(repaired(sample, sample.files).complete());
  EXPECT_EQ(contents_, sample.contents);
  size_t said = 0;
  for (const std::string& name : names_of(sample.files, is_table)) {
    Files files = sample.files;
    std::string& bytes = files[name];
    const auto tombstones_at = base::load<uint64_t>(bytes.data() + bytes.size() - 128);
    if (base::load<uint64_t>(bytes.data() + bytes.size() - 120) == tombstones_at) continue;
    bytes[tombstones_at] ^= 1;
    const RepairReport report = repaired(sample, files);
    said += report.is_doubtful("default", "key1025");
    EXPECT_FALSE(report.is_doubtful("default", "key1050")) << words(report);
    EXPECT_TRUE(contents_["default"].contains("key1025"));
  }
  EXPECT_EQ(said, 1U);
}

TEST_F(RepairTest, WhatCannotBeRepairedIsRefusedAndLeftAlone) {
  const std::string path = directory_ / "db";
  const Sample sample = make_sample(path, 9, true);
  EXPECT_EQ(repair(path, path).error().kind, ErrorKind::kInvalidArgument);
  Files after = files_of(path);
  after.erase("LOCK");
  EXPECT_TRUE(after == sample.files);
  EXPECT_EQ(repair(directory_ / "none", directory_ / "new").error().kind, ErrorKind::kNotFound);
  write_files(directory_ / "others", {{"letter.txt", "x"}});
  EXPECT_EQ(repair(directory_ / "others", directory_ / "new").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(repair(path, directory_ / "others").error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(files_of(directory_ / "others").size(), 1U);
  Db db = Db::open(path, small()).value();
  EXPECT_EQ(repair(path, directory_ / "new").error().kind, ErrorKind::kBusy);
}

}  // namespace
}  // namespace nacre::tests
