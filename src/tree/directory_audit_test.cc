#include "tree/directory_audit.h"

#include <gtest/gtest.h>

#include "format/reserve_format.h"
#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

using Names = std::vector<std::string>;

// A closed database with one table, and what an open finds after `change`.
struct Fixture {
  Fixture() {
    tree.open().value();
    table = tree.flush("a", "b").value();
    text = tree.text();
    tree.close();
  }
  Error refused() {
    const auto opened = tree.open();
    EXPECT_FALSE(opened.has_value());
    return opened ? Error{} : opened.error();
  }
  std::string table_name() const { return format::table_name(table); }

  FaultyDirectory directory;
  TestTree tree{directory};
  uint64_t table = 0;
  std::string text;
};

TEST(DirectoryAudit, ALiveTableThatIsNotAsRecordedIsNamed) {
  const std::string sizes = "the table's file has " + std::to_string(kTableFileBytes + 1) +
                            " bytes, and the manifest recorded " + std::to_string(kTableFileBytes);
  const std::vector<std::pair<std::string, Bytes>> damages = {
      {"", "missing"},
      {table_file(kTestUuid, 2) + "x", sizes},
      {table_file(format::Uuid::from_random(1, 2), 2), "another database"},
      {table_file(kTestUuid, 3), "another number"},
      {std::string(kTableFileBytes, 'x'), "does not end"},
  };
  for (const auto& [bytes, word] : damages) {
    Fixture fixture;
    ASSERT_EQ(fixture.table, 2U);
    fixture.directory.erase(fixture.table_name());
    if (!bytes.empty()) fixture.directory.put(fixture.table_name(), bytes);
    const auto before = fixture.directory.picture();
    const Error error = fixture.refused();
    EXPECT_EQ(error.kind, ErrorKind::kCorruption);
    EXPECT_EQ(error.file_kind, FileKind::kTable);
    EXPECT_EQ(error.file_number, 2U);
    EXPECT_TRUE(Bytes(error.reason).contains(word)) << error.to_string();
    EXPECT_EQ(fixture.directory.picture(), before);
  }
}

// A closing record of the log has 56 bits for the number of the next segment: a stranger's file must not drive the numbers there.
TEST(DirectoryAudit, AForeignFileWithAHugeNumberDoesNotDriveOurs) {
  for (const uint64_t number : {UINT64_MAX, uint64_t{1} << 60, uint64_t{1} << 54}) {
    Fixture fixture;
    fixture.directory.put(format::table_name(number), "not ours");
    for (int opens = 0; opens < 2; opens++) {
      fixture.tree.open().value();
      EXPECT_LT(fixture.tree.set->next_file_number(), 10'000U);
      fixture.tree.close();
    }
    EXPECT_EQ(fixture.directory.contents(format::table_name(number)), "not ours");
  }
}

TEST(DirectoryAudit, FilesOfOthersAreReportedAndStayThroughManyOpens) {
  Fixture fixture;
  const std::map<std::string, std::string> foreign = {
      {"notes.txt", "mine"},
      {"000003.sst.bak", "copy"},
      {"3.sst", "not our way to write it"},
      {"000004.sst", table_file(format::Uuid::from_random(1, 2), 4)},  // a table of another database
      {"000005.sst", table_file(kTestUuid, 2)},                        // a copy of ours under another number
      {"005000.sst", "a number that was never given out"},
      {"005001.blob", "the same"},
      {"MANIFEST-005002", "the same"},
      {"4611686018427387904.sst", "a number that would drive the counter out of range"},
      {"18446744073709551615.sst", "the largest there is"},
      {"000006.blob", "a kind that this release does not write"},
      {"000007.reserve", format::encode_reserve_header(format::Uuid::from_random(1, 2), 7)},  // another database's
      {"000008.reserve", format::encode_reserve_header(kTestUuid, 7)},  // ours under another number
      {"005003.reserve", "a number that was never given out"},
  };
  Names names;
  for (const auto& [name, bytes] : foreign) {
    fixture.directory.put(name, bytes);
    names.push_back(name);
  }
  for (int i = 0; i < 4; i++) {
    fixture.tree.open().value();
    EXPECT_EQ(fixture.tree.report.audit.unknown_files, names) << i;
    EXPECT_TRUE(fixture.tree.report.audit.leftover_tables.empty()) << i;
    EXPECT_EQ(fixture.tree.text(), fixture.text);
    EXPECT_GT(fixture.tree.set->next_file_number(), 5002U);  // passed over, and no clash
    fixture.tree.close();
    for (const auto& [name, bytes] : foreign) EXPECT_EQ(fixture.directory.contents(name), bytes);
  }
}

TEST(DirectoryAudit, OurOwnLeftoversMayBeRemoved) {
  Fixture fixture;
  fixture.tree.open().value();
  const uint64_t whole = fixture.tree.make_table().value();
  const uint64_t partial = fixture.tree.set->next_file_number();
  const uint64_t empty = fixture.tree.set->next_file_number();
  fixture.directory.put(format::table_name(partial), "some by");
  fixture.directory.put(format::table_name(empty), "");
  fixture.tree.close();  // nothing was committed: as after a crash in the midst of a flush
  fixture.directory.put("CURRENT.tmp", "half");
  const uint64_t manifest = fixture.tree.report.manifest_read + 50;
  fixture.directory.put(format::manifest_name(manifest), "cut off");
  fixture.tree.open(OpenMode::kReadOnly).value();
  EXPECT_EQ(fixture.tree.report.audit.leftover_tables, (std::vector<uint64_t>{whole, partial, empty}));
  EXPECT_EQ(fixture.tree.report.audit.leftover_manifests, std::vector<uint64_t>{manifest});
  EXPECT_TRUE(fixture.tree.report.audit.unknown_files.empty());
  fixture.tree.close();
  EXPECT_TRUE(fixture.directory.exists(format::manifest_name(manifest)));
  fixture.tree.open().value();
  EXPECT_EQ(fixture.tree.report.audit.leftover_tables.size(), 3U);
  EXPECT_FALSE(fixture.directory.exists(format::manifest_name(manifest)));
  EXPECT_TRUE(fixture.directory.exists(format::table_name(whole)));  // the caller's to remove
  EXPECT_EQ(fixture.tree.text(), fixture.text);
}

TEST(DirectoryAudit, OurOwnReservesMayBeRemoved) {
  Fixture fixture;
  fixture.tree.open().value();
  const uint64_t whole = fixture.tree.set->next_table_number().value();
  const uint64_t torn = fixture.tree.set->next_table_number().value();
  const std::string content = format::encode_reserve_header(kTestUuid, whole) + "noise";
  fixture.directory.put(format::reserve_name(whole), content);
  fixture.directory.put(format::reserve_name(torn), std::string(20, '\0'));
  fixture.tree.close();
  fixture.tree.open().value();
  const std::vector<ReserveFile>& found = fixture.tree.report.audit.reserves;
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].number, whole);
  EXPECT_EQ(found[0].bytes, content.size());
  EXPECT_EQ(found[1].number, torn);
  EXPECT_TRUE(fixture.tree.report.audit.unknown_files.empty());
}

// A job that wrote more tables than the manifest had reserved numbers for was cut off: its last files stayed for ever.
TEST(DirectoryAudit, TheLeftoversOfALargeJobMayBeRemoved) {
  Fixture fixture;
  fixture.tree.open().value();
  std::vector<uint64_t> numbers;
  for (int i = 0; i < 3000; i++) {
    numbers.push_back(fixture.tree.set->next_table_number().value());
    if (i % 100 == 99) fixture.directory.put(format::table_name(numbers.back()), "some by");
  }
  fixture.tree.close();
  fixture.tree.open().value();
  EXPECT_EQ(fixture.tree.report.audit.leftover_tables.size(), 30U);
  EXPECT_TRUE(fixture.tree.report.audit.unknown_files.empty());
}

TEST(DirectoryAudit, AManifestOfAnotherDatabaseIsRefusedOrLeftAlone) {
  Fixture fixture;
  FaultyDirectory elsewhere;
  TestTree other(elsewhere);
  VersionSetOptions options = other.options();
  options.uuid = format::Uuid::from_random(7, 8);
  {
    const auto made = VersionSet::open(elsewhere, options, &other.report).value()->uuid();
    EXPECT_EQ(made, options.uuid);
  }
  const std::string stranger = elsewhere.contents("MANIFEST-000001");
  fixture.directory.put("MANIFEST-000100", stranger);
  fixture.tree.open().value();
  EXPECT_EQ(fixture.tree.report.audit.unknown_files, Names{"MANIFEST-000100"});
  EXPECT_EQ(fixture.directory.contents("MANIFEST-000100"), stranger);
  fixture.tree.close();
  const std::string in_force =
      fixture.directory.contents("CURRENT").substr(0, fixture.directory.contents("CURRENT").find(' '));
  fixture.directory.put(in_force, stranger);
  const Error error = fixture.refused();
  EXPECT_EQ(error.kind, ErrorKind::kCorruption);
  EXPECT_TRUE(Bytes(error.reason).contains("another database")) << error.to_string();
}

TEST(DirectoryAudit, DirectoriesThatAreNoDatabase) {
  const auto open = [](const std::map<std::string, std::string>& files, OpenMode mode, bool* unchanged) {
    FaultyDirectory directory;
    for (const auto& [name, bytes] : files) directory.put(name, bytes);
    TestTree tree(directory);
    const auto opened = tree.open(mode);
    *unchanged = directory.picture() == files;
    return opened ? Error{.kind = ErrorKind::kNotFound, .reason = "opened"} : opened.error();
  };
  const struct {
    std::map<std::string, std::string> files;
    OpenMode mode;
    ErrorKind kind;
    Bytes word;
  } cases[] = {
      {{}, OpenMode::kMustExist, ErrorKind::kNotFound, "no database"},
      {{{"LOCK", ""}, {"LOG", "x"}, {"LOG.1", "x"}}, OpenMode::kReadOnly, ErrorKind::kNotFound, "no database"},
      {{{"family.jpg", "x"}}, OpenMode::kCreateIfMissing, ErrorKind::kInvalidArgument, "other files"},
      {{{"family.jpg", "x"}}, OpenMode::kMustExist, ErrorKind::kInvalidArgument, "other files"},
      {{{"CURRENT", "MANIFEST-000005\n"}, {"MANIFEST-000005", "x"}, {"000007.sst", "x"}},
       OpenMode::kCreateIfMissing,
       ErrorKind::kInvalidArgument,
       "RocksDB"},
      {{{"CURRENT", ""}}, OpenMode::kCreateIfMissing, ErrorKind::kCorruption, "CURRENT"},
      {{{"CURRENT", std::string(100000, 'x')}}, OpenMode::kMustExist, ErrorKind::kCorruption, "larger"},
      {{{"CURRENT", format::encode_current({.manifest_number = 3, .uuid = kTestUuid})}},
       OpenMode::kMustExist,
       ErrorKind::kCorruption,
       "does not exist"},
      {{{"000001.wal", "x"}}, OpenMode::kCreateIfMissing, ErrorKind::kCorruption, "CURRENT is missing"},
      {{{"000001.sst", "x"}}, OpenMode::kCreateIfMissing, ErrorKind::kCorruption, "CURRENT is missing"},
      {{{"000001.sst", "x"}}, OpenMode::kCreateNew, ErrorKind::kCorruption, "CURRENT is missing"},
      {{{"MANIFEST-000002", "x"}}, OpenMode::kCreateIfMissing, ErrorKind::kCorruption, "CURRENT is missing"},
  };
  for (const auto& each : cases) {
    bool unchanged = false;
    const Error error = open(each.files, each.mode, &unchanged);
    EXPECT_EQ(error.kind, each.kind) << error.to_string();
    EXPECT_TRUE(Bytes(error.reason).contains(each.word)) << error.to_string();
    EXPECT_TRUE(unchanged) << error.to_string();
  }
}

TEST(DirectoryAudit, ALostCurrentIsNotMistakenForANewDirectory) {
  Fixture fixture;  // the manifest in force is number 1, with edits behind its snapshot
  fixture.directory.erase("CURRENT");
  fixture.directory.erase(fixture.table_name());
  EXPECT_EQ(fixture.refused().kind, ErrorKind::kCorruption);
  FaultyDirectory directory;
  TestTree tree(directory);
  tree.open().value();
  tree.close();
  directory.erase("CURRENT");  // a database in which nothing ever happened: the mark tells
  EXPECT_EQ(tree.open().error().kind, ErrorKind::kCorruption);
}

TEST(DirectoryAudit, ANewerFormatIsUnsupported) {
  Fixture fixture;
  format::ManifestHeader header{.version = 2, .uuid = kTestUuid, .number = 1};
  fixture.directory.put("MANIFEST-000001", format::encode_manifest_header(header));
  EXPECT_EQ(fixture.refused().kind, ErrorKind::kUnsupported);
  header = {.required_features = 1, .uuid = kTestUuid, .number = 1};
  fixture.directory.put("MANIFEST-000001", format::encode_manifest_header(header));
  EXPECT_EQ(fixture.refused().kind, ErrorKind::kUnsupported);
  fixture.directory.erase("CURRENT");
  EXPECT_EQ(fixture.refused().kind, ErrorKind::kCorruption);  // the table says that there was one
  fixture.directory.erase(fixture.table_name());
  EXPECT_EQ(fixture.refused().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace nacre::tree
