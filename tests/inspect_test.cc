// inspect(): every file of a database is described, damage is an item where it lies, and the rest is described all the same.

#include "nacre/inspect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/damaged_database.h"

namespace nacre::tests {
namespace {

class InspectTest : public testing::Test {
 protected:
  std::vector<InspectItem> inspected(const std::string& name, const InspectOptions& options = {}) const {
    std::vector<InspectItem> items;
    const auto done = inspect(path_ + "/" + name, options, [&](const InspectItem& item) {
      items.push_back(item);
      return true;
    });
    EXPECT_TRUE(done.has_value()) << name << ": " << done.error().to_string();
    return items;
  }

  static std::string text(const InspectItem& item, const std::string& name) {
    for (const InspectField& field : item.fields) {
      if (field.name == name)
        return field.kind == InspectField::Kind::kNumber ? std::to_string(field.number) : field.text;
    }
    return "";
  }
  static std::vector<InspectItem> only(std::vector<InspectItem> items, const std::string& what) {
    std::erase_if(items, [&](const InspectItem& item) { return item.what != what; });
    return items;
  }
  static size_t damaged(const std::vector<InspectItem>& items) {
    return static_cast<size_t>(
        std::count_if(items.begin(), items.end(), [](const auto& item) { return item.damaged; }));
  }

  os::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(InspectTest, TheEntriesOfTablesAndLogAreAllThatIsThere) {
  const Sample sample = make_sample(directory_ / "original", 3, false);  // which closes it afterwards
  write_files(path_, sample.files);
  std::map<std::string, std::string> newest;  // of the default keyspace, what is visible by sequence
  std::map<std::string, uint64_t> sequences;
  for (const auto& [name, bytes] : sample.files) {
    const auto items = inspected(name, {.entries = true, .values = true});
    EXPECT_EQ(damaged(items), 0U) << name;
    uint64_t keyspace = 0;
    for (const InspectItem& item : items) {
      if (std::string(item.what) == "footer") keyspace = std::stoull(text(item, "keyspace"));
      const bool operation = std::string(item.what) == "operation";
      if (!operation && std::string(item.what) != "entry") continue;
      if (operation ? text(item, "keyspace") != "0" : keyspace != 0) continue;
      const std::string key = text(item, "key");
      const uint64_t sequence = std::stoull(text(item, "sequence"));
      if (text(item, "kind") == "erase range" || (sequences.contains(key) && sequences[key] > sequence)) continue;
      sequences[key] = sequence;
      newest[key] = text(item, "kind") == "put" ? text(item, "value") : "";
    }
  }
  for (const auto& [key, value] : sample.contents.at("default")) EXPECT_EQ(newest[key], value) << key;
}

TEST_F(InspectTest, ADatabaseIsShownWithItsKeyspacesTablesAndFiles) {
  const Sample sample = make_sample(path_, 4, true);
  const auto items = inspected("");
  EXPECT_EQ(only(items, "keyspace").size(), 3U);
  EXPECT_EQ(only(items, "table").size(), names_of(sample.files, is_table).size());
  EXPECT_EQ(only(items, "file").size(), std::distance(std::filesystem::directory_iterator(path_), {}));
  EXPECT_EQ(damaged(items), 0U);
}

// One bit anywhere: found, and described where it is; never a crash.
TEST_F(InspectTest, OneBitIsFoundWhereverItMatters) {
  const Sample sample = make_sample(path_, 2, true, 300);
  base::Prng random(1);
  for (const std::string& name : names_of(sample.files, is_table)) {
    for (int i = 0; i < 40; i++) {
      std::string bytes = sample.files.at(name);
      bytes[random.below(bytes.size())] ^= static_cast<char>(1 << random.below(8));
      os::spill(path_ + "/" + name, bytes);
      EXPECT_NE(damaged(inspected(name, {.entries = true})), 0U) << name;
    }
    os::spill(path_ + "/" + name, sample.files.at(name));
  }
  for (const auto& [name, whole] : sample.files) {
    for (int i = 0; i < 40; i++) {
      std::string bytes = whole;
      bytes.resize(random.below(bytes.size() + 1));
      os::spill(path_ + "/" + name, bytes);
      inspected(name, {.entries = true});
    }
    os::spill(path_ + "/" + name, whole);
  }
}

TEST_F(InspectTest, ManifestDamageHidesNoEditBehindIt) {
  const Sample sample = make_sample(path_, 5, true);
  const std::string name = one_name(sample.files, is_manifest);
  const auto records = only(inspected(name), "record");
  ASSERT_GT(records.size(), 2U);
  std::string bytes = sample.files.at(name);
  bytes[records[1].offset + 20] ^= 1;
  os::spill(path_ + "/" + name, bytes);
  const auto items = inspected(name);
  EXPECT_EQ(only(items, "record").size(), records.size() - 1);
  const auto damage = only(items, "damage");
  ASSERT_EQ(damage.size(), 1U);
  EXPECT_EQ(damage[0].offset, records[1].offset);
}

TEST_F(InspectTest, ItEndsWhenTheReceiverHasHadEnough) {
  const Sample sample = make_sample(path_, 6, true);
  for (const auto& [name, bytes] : sample.files) {
    int items = 0;
    EXPECT_TRUE(
        inspect(path_ + "/" + name, {.entries = true}, [&](const InspectItem&) { return ++items < 3; }).has_value());
    EXPECT_LE(items, 3);
  }
  EXPECT_EQ(inspect(path_ + "/000999.sst", {}, [](const InspectItem&) { return true; }).error().kind,
            ErrorKind::kNotFound);
  os::spill(path_ + "/letter", "Dear all, this is no file of a database");
  EXPECT_EQ(inspect(path_ + "/letter", {}, [](const InspectItem&) { return true; }).error().kind,
            ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace nacre::tests
