// Defects that repair() and inspect() had, each as a small story of what a user would have seen.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nacre/inspect.h"
#include "nacre/repair.h"
#include "tests/support/damaged_database.h"
#include "tests/support/forwarding_directory.h"

namespace nacre::tests {
namespace {

// The file system with reads that fail, and somebody who looks on at renames.
class TroubledFiles final : public FileSystem {
 public:
  // Whether reading this range of the file fails.
  std::function<bool(const std::string& name, uint64_t offset, uint64_t bytes)> is_bad = [](const auto&, auto, auto) {
    return false;
  };
  std::function<void(Directory& directory, const std::string& to)> before_rename = [](auto&, const auto&) {};

  Result<std::unique_ptr<Directory>> open_directory(const std::string& path, bool create) override {
    auto opened = os::posix_file_system()->open_directory(path, create);
    if (!opened) return opened.error();
    return std::unique_ptr<Directory>(std::make_unique<Troubled>(*this, *std::move(opened)));
  }
  void read_batch(std::span<ReadRequest> requests) override {
    for (ReadRequest& request : requests) request.result = request.file->read(request.offset, request.out);
  }

 private:
  class File final : public ReadableFile {
   public:
    File(TroubledFiles& files, std::string name, std::unique_ptr<ReadableFile> file)
        : files_(files), name_(std::move(name)), file_(std::move(file)) {}
    Result<size_t> read(uint64_t offset, std::span<char> out) override {
      if (!files_.is_bad(name_, offset, out.size())) return file_->read(offset, out);
      return Error{.kind = ErrorKind::kIo, .operation = Operation::kRead, .system_errno = EIO, .offset = offset};
    }
    uint64_t size_bytes() const override { return file_->size_bytes(); }
    void will_need(uint64_t, uint64_t) override {}

   private:
    TroubledFiles& files_;
    const std::string name_;
    const std::unique_ptr<ReadableFile> file_;
  };

  class Troubled final : public ForwardingDirectory {
   public:
    Troubled(TroubledFiles& files, std::unique_ptr<Directory> directory)
        : ForwardingDirectory(std::move(directory)), files_(files) {}
    Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override {
      auto opened = below().open_read(name);
      if (!opened) return opened.error();
      return std::unique_ptr<ReadableFile>(std::make_unique<File>(files_, name, *std::move(opened)));
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
      files_.before_rename(below(), to);
      return below().rename(from, to);
    }

   private:
    TroubledFiles& files_;
  };
};

Runtime runtime_of(const std::shared_ptr<TroubledFiles>& files) {
  Runtime runtime = Runtime::standard();
  runtime.file_system = files;
  runtime.log.enabled = false;
  return runtime;
}

std::string words(const RepairReport& report) {
  std::string all;
  for (const RepairFinding& finding : report.findings)
    all += finding.file + " " + finding.keyspace + ": " + finding.what + "\n";
  return all;
}

std::string numbered(int i) {
  std::string digits = std::to_string(i);
  return std::string(8 - digits.size(), '0') + digits;
}

class SalvageRegression : public testing::Test {
 protected:
  Keyspaces repaired(const Files& files, const RepairOptions& options = {},
                     const Runtime& runtime = Runtime::standard()) {
    write_files(source_, files);
    auto report = repair(source_, target_, options, runtime);
    EXPECT_TRUE(report.has_value()) << report.error().to_string();
    if (!report) return {};
    report_ = *std::move(report);
    Db db = Db::open(target_, small(OpenMode::kReadOnly)).value();
    return keyspaces_of(db);
  }

  // The name of the log segment that has these bytes, and where.
  static std::pair<std::string, size_t> in_log(const Files& files, const std::string& bytes) {
    for (const auto& [name, contents] : files) {
      if (is_log(name) && contents.find(bytes) != std::string::npos) return {name, contents.find(bytes)};
    }
    ADD_FAILURE() << bytes << " is in no log segment";
    return {};
  }

  os::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "db";
  const std::string source_ = directory_ / "source";
  const std::string target_ = directory_ / "target";
  RepairReport report_;
};

// The log keeps what a keyspace has flushed for as long as another one holds its floor. With a whole manifest all of that was passed
// over, though the table that took it was damaged: half of it was lost beside a sound log that had everything.
TEST_F(SalvageRegression, WhatADamagedTableHeldComesBackFromTheLog) {
  std::map<std::string, std::string> wanted;
  Files files;
  {
    Options options = small();
    options.memory_bytes = uint64_t{64} << 20;  // with less the cold one is flushed soon, and the log goes
    Db db = Db::open(path_, options).value();
    db.keyspace("cold").value().put("cold", "1").value();
    for (int i = 0; db.stats().keyspaces[0].flushes == 0; i++) {
      wanted[numbered(i)] = std::string(200, static_cast<char>('a' + i % 26)) + std::to_string(i);
      db.put(numbered(i), wanted[numbered(i)]).value();
    }
    db.sync().value();
    files = files_of(path_);
  }
  for (const std::string& name : names_of(files, is_table))
    std::fill(files[name].begin(), files[name].begin() + static_cast<ptrdiff_t>(files[name].size() / 2), '\xee');
  EXPECT_EQ(repaired(files)["default"], wanted) << words(report_);
  EXPECT_FALSE(report_.complete());
}

// Values of small numbers are full of what looks like the end of a block. The search for blocks spent all that it may on the first beginning
// behind the damage, and gave up the rest of the table.
TEST_F(SalvageRegression, ADamagedBlockCostsItselfWhateverTheValuesLookLike) {
  constexpr int kEntries = 10000;
  Files files;
  {
    Options options = small();
    options.keyspace = {};
    options.keyspace.compression = options.keyspace.bottom_compression = Compression::kNone;
    Db db = Db::open(path_, options).value();
    base::Prng random(1);
    for (int i = 0; i < kEntries; i++) {
      std::string value;
      for (int word = 0; word < 64; word++) value += std::string{static_cast<char>(1 + random.below(5)), 0, 0, 0};
      db.put(numbered(i), value).value();
    }
    db.compact().value();
    db.close().value();
    files = files_of(path_);
  }
  uint64_t blocks_damaged = 0;
  for (const std::string& name : names_of(files, is_table)) {
    std::string& table = files[name];
    table[table.size() - 20] ^= 1;  // no footer, so no index
    table[table.size() / 10] ^= 1;
    blocks_damaged++;
  }
  EXPECT_GT(repaired(files)["default"].size(), kEntries - 40 * blocks_damaged) << words(report_);
}

// A crash while a flush is under way leaves a table that the manifest does not name yet, and may tear what the log had not synced.
// Together that passed for a manifest that had lost its end, and every key was in doubt.
TEST_F(SalvageRegression, AnOrdinaryCrashDoesNotMakeTheManifestDoubtful) {
  Files files;
  {
    Db db = Db::open(path_, small()).value();
    for (int i = 0; i < 100; i++) db.put("old" + std::to_string(i), "value").value();
    db.flush().value();
    for (int i = 0; i < 100; i++) db.put("key" + std::to_string(i), "value").value();
    files = files_of(path_);
    db.flush().value();
    for (const auto& [name, contents] : files_of(path_)) {
      if (is_table(name)) files.emplace(name, contents);
    }
  }
  const auto [log, at] = in_log(files, "key99");
  files[log][at] ^= 1;
  const Keyspaces found = repaired(files);
  EXPECT_EQ(found.at("default").size(), 199U);
  EXPECT_EQ(words(report_).find("lost its end"), std::string::npos) << words(report_);
}

// The manifest is damaged behind an edit that dropped a keyspace, and a table of it is still there: a cursor held it when the
// process died. It came back, under a made-up name.
TEST_F(SalvageRegression, ADroppedKeyspaceStaysDropped) {
  Files files;
  {
    Db db = Db::open(path_, small()).value();
    const Keyspace secret = db.keyspace("secret").value();
    for (int i = 0; i < 100; i++) secret.put("card" + std::to_string(i), "1234").value();
    db.put("a", "1").value();
    db.flush().value();
    Cursor cursor = secret.cursor();
    cursor.seek_first();
    db.drop_keyspace("secret").value();
    for (const char* name : {"after1", "after2", "after3"}) db.keyspace(name).value().put("x", "y").value();
    db.sync().value();
    files = files_of(path_);
  }
  std::string& manifest = files[one_name(files, is_manifest)];
  manifest[manifest.find("after2")] ^= 1;
  for (const auto& [name, entries] : repaired(files)) {
    for (const auto& [key, value] : entries) EXPECT_FALSE(key.starts_with("card")) << name << "/" << key;
  }
  EXPECT_FALSE(report_.complete());
}

// A repair that was killed before it had marked its target left an empty and sound database there.
TEST_F(SalvageRegression, ATargetIsMarkedBeforeItIsADatabase) {
  const Sample sample = make_sample(path_, 1, true);
  const auto files = std::make_shared<TroubledFiles>();
  int marked = 0;
  files->before_rename = [&](Directory& directory, const std::string& to) {
    if (to == "CURRENT" && directory.path().ends_with("target"))
      marked += directory.open_read("REPAIR-UNFINISHED").has_value() ? 1 : -100;
  };
  repaired(sample.files, {}, runtime_of(files));
  EXPECT_GT(marked, 0);
  EXPECT_FALSE(files_of(target_).contains("REPAIR-UNFINISHED"));
}

TEST_F(SalvageRegression, AnUnfinishedTargetIsNotOpened) {
  const std::string mark = "REPAIR-UNFINISHED";
  make_closed(path_, 1);
  os::spill(path_ + "/" + mark, "");
  write_files(directory_ / "begun", {{mark, ""}});
  for (const std::string& path : {path_, directory_ / "begun"}) {
    const Files before = files_of(path);
    for (const OpenMode mode :
         {OpenMode::kReadOnly, OpenMode::kMustExist, OpenMode::kCreateIfMissing, OpenMode::kCreateNew}) {
      const auto opened = Db::open(path, small(mode));
      ASSERT_FALSE(opened.has_value());
      EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument);
      EXPECT_NE(opened.error().to_string().find("repair"), std::string::npos) << opened.error().to_string();
    }
    EXPECT_TRUE(files_of(path) == before);
  }
}

// Reports and reserves are no data: a directory that holds nothing else was "repaired" into an empty database.
TEST_F(SalvageRegression, FilesWithoutDataAreNoDatabase) {
  for (const std::string name : {"STATS", "000007.reserve", "LOG", "LOCK", "REPAIR-UNFINISHED"}) {
    const std::string path = directory_ / name;
    write_files(path, {{name, "x"}});
    const auto report = repair(path, target_);
    ASSERT_FALSE(report.has_value()) << name;
    EXPECT_EQ(report.error().kind, ErrorKind::kNotFound) << name;
    const auto inspected = inspect(path, {}, [](const InspectItem&) { return true; });
    ASSERT_FALSE(inspected.has_value()) << name;
    EXPECT_EQ(inspected.error().kind, ErrorKind::kNotFound) << name;
  }
}

// A page that the system cannot read ended the search of its log segment: what lies behind it was not even seen.
TEST_F(SalvageRegression, AnUnreadablePageOfTheLogHidesNoRecordBehindIt) {
  Files files;
  {
    Db db = Db::open(path_, small()).value();
    for (int i = 0; i < 100; i++) db.put(numbered(i), std::string(500, 'v')).value();
    db.sync().value();
    files = files_of(path_);
  }
  const auto [log, at] = in_log(files, numbered(50));
  const uint64_t page = at / 4096 * 4096;
  const auto troubled = std::make_shared<TroubledFiles>();
  troubled->is_bad = [&, name = log](const std::string& file, uint64_t offset, uint64_t bytes) {
    return file == name && offset < page + 4096 && offset + bytes > page;
  };
  const auto found = repaired(files, {.log_past_damage = true}, runtime_of(troubled))["default"];
  EXPECT_TRUE(found.contains(numbered(99))) << words(report_);
  EXPECT_GT(found.size(), 85U);
  EXPECT_FALSE(found.contains(numbered(50)));
  EXPECT_FALSE(report_.complete());
}

// A log that could be searched and then not be read ended the repair; it costs what lies behind, and a finding.
TEST_F(SalvageRegression, ALogThatFailsLaterCostsAFindingOnly) {
  Files files;
  {
    Db db = Db::open(path_, small()).value();
    db.put("flushed", "1").value();
    db.flush().value();
    db.put("logged", "1").value();
    db.sync().value();
    files = files_of(path_);
  }
  const std::string log = in_log(files, "logged").first;
  const auto troubled = std::make_shared<TroubledFiles>();
  int reads = 0;
  for (int good = 1; good < 40; good++) {  // the first ones are the survey's
    reads = 0;
    troubled->is_bad = [&, name = log](const std::string& file, uint64_t, uint64_t) {
      return file == name && ++reads > good;
    };
    const std::string target = target_ + std::to_string(good);
    write_files(source_, files);
    const auto report = repair(source_, target, {}, runtime_of(troubled));
    ASSERT_TRUE(report.has_value()) << good << ": " << report.error().to_string();
    Db db = Db::open(target, small()).value();
    EXPECT_TRUE(db.contains("flushed").value());
    EXPECT_TRUE(db.contains("logged").value() || report->is_doubtful("default", "logged")) << good;
  }
}

// A table that was cut off was shown as in force, and nothing said that it is not what the manifest recorded.
TEST_F(SalvageRegression, ATableOfAnotherSizeIsShownAsDamage) {
  make_closed(path_, 3);
  Files files = files_of(path_);
  const std::string name = one_name(files, is_table);
  const std::string recorded = std::to_string(files[name].size());
  files[name].resize(1000);
  write_files(path_, files);
  std::string said;
  ASSERT_TRUE(inspect(path_, {}, [&](const InspectItem& item) {
                for (const InspectField& field : item.fields) {
                  if (item.damaged) said += field.text + " ";
                }
                return true;
              }).has_value());
  EXPECT_NE(said.find(name), std::string::npos) << said;
  EXPECT_NE(said.find(recorded), std::string::npos) << said;
  EXPECT_NE(said.find("1000"), std::string::npos) << said;
}

// An empty directory, and one of another engine, were called damaged in two places.
TEST_F(SalvageRegression, WhatIsNoDatabaseIsNotCalledDamaged) {
  const auto inspected = [&](const Files& files) {
    write_files(path_, files);
    int items = 0;
    const auto done = inspect(path_, {}, [&](const InspectItem&) { return ++items != 0; });
    EXPECT_EQ(items, 0);
    return done.has_value() ? ErrorKind::kIo : done.error().kind;
  };
  EXPECT_EQ(inspected({}), ErrorKind::kNotFound);
  EXPECT_EQ(inspected({{"IDENTITY", "x"}, {"000004.ldb", "x"}, {"OPTIONS-000005", "x"}}), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace nacre::tests
