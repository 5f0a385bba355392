// One list of operations, many databases: whatever their options are, they answer alike, and as a sorted map does.
//
// Each list is drawn from a seed and given to several databases whose options differ in everything; at each reopening they
// may come back with others. Real files, real threads. A failure prints the line that replays its list:
// NACRE_METAMORPHIC_SEED is the first list's, NACRE_METAMORPHIC_LISTS how many there are, NACRE_METAMORPHIC_STEPS their length.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/no_trouble.h"
#include "tests/support/operation.h"
#include "tests/support/random_bytes.h"
#include "tests/support/sorted_maps.h"
#include "tests/support/subject.h"

namespace nacre {
namespace {

using tests::draw_operations;
using tests::Operation;
using tests::seed_from_environment;
using tests::SortedMaps;
using tests::Subject;

constexpr uint64_t kSubjects = 5;

// Every value of every option comes up; how often each did is counted.
class OptionsSource {
 public:
  explicit OptionsSource(uint64_t seed) : random_(seed) {}

  Options next() {
    Options options;
    options.memory_bytes = kMinMemoryBytes << pick("memory", 4);  // memtables of 1 to 8 MiB
    options.memtable = pick("memtable", 2) == 0 ? MemtableKind::kBTree : MemtableKind::kSkipList;
    static constexpr uint32_t kRowCaches[] = {0, 1, 10, 50};
    options.row_cache_percent = kRowCaches[pick("row cache", 4)];
    options.durability = static_cast<Durability>(pick("durability", 2));
    options.keyspace.shape = static_cast<CompactionShape>(pick("shape", 3));
    options.keyspace.compression = static_cast<Compression>(pick("codec", 3));
    options.keyspace.bottom_compression = static_cast<Compression>(pick("bottom codec", 3));
    options.keyspace.block_bytes = uint32_t{1024} << pick("block", 7);
    static constexpr uint32_t kBits[] = {0, 1, 2, 5, 10, 16, 24};
    options.keyspace.filter_bits_per_key = kBits[pick("filter", 7)];
    return options;
  }
  const std::map<std::string, std::vector<uint64_t>>& drawn() const { return drawn_; }

 private:
  uint64_t pick(const char* option, uint64_t values) {
    const uint64_t value = random_.below(values);
    auto& counts = drawn_[option];
    counts.resize(values);
    counts[value]++;
    return value;
  }

  base::Prng random_;
  std::map<std::string, std::vector<uint64_t>> drawn_;
};

class MetamorphicTest : public testing::Test {
 protected:
  void run_list(uint64_t seed, uint64_t steps) {
    os::TemporaryDirectory directory;
    OptionsSource options(seed);
    subjects_.clear();
    for (uint64_t i = 0; i < kSubjects; i++) {
      subjects_.push_back(
          std::make_unique<Subject>(directory / std::to_string(i), [&] { return options.next(); }, runtime_));
    }
    const std::vector<Operation> list = draw_operations(seed, steps);
    SortedMaps model;
    for (uint64_t step = 0; step < list.size() && !HasFailure(); step++) {
      const std::string expected = model.apply(list[step]);
      for (const auto& subject : subjects_) {
        const std::string answer = subject->apply(list[step]);
        if (answer != expected) differ(seed, step, list[step], *subject, expected, answer);
      }
      operations_ += kSubjects;
    }
    if (HasFailure()) return;
    check_all(seed, model);
    for (const auto& subject : subjects_) EXPECT_EQ(subject->apply({.kind = tests::OperationKind::kReopen}), "");
    check_all(seed, model);
    for (const auto& [option, counts] : options.drawn()) {
      auto& sum = drawn_[option];
      sum.resize(counts.size());
      for (size_t i = 0; i < counts.size(); i++) sum[i] += counts[i];
    }
    subjects_.clear();
  }

  static std::string beginning(const std::string& text) {
    return text.size() < 200 ? text : text.substr(0, 200) + "... (" + std::to_string(text.size()) + " bytes)";
  }
  static void differ(uint64_t seed, uint64_t step, const Operation& operation, const Subject& subject,
                     const std::string& expected, const std::string& answer) {
    size_t at = 0;
    while (at < expected.size() && at < answer.size() && expected[at] == answer[at]) at++;
    ADD_FAILURE() << "step " << step << ": " << to_string(operation) << "\n  database: " << subject.describe()
                  << "\n  answers differ at byte " << at << "\n  expected: " << beginning(expected.substr(at))
                  << "\n  answered: " << beginning(answer.substr(at)) << "\n  " << replay(seed);
  }
  static std::string replay(uint64_t seed) {
    return "replay: NACRE_METAMORPHIC_SEED=" + std::to_string(seed) +
           " NACRE_METAMORPHIC_LISTS=1 whole_metamorphic_test";
  }

  void check_all(uint64_t seed, const SortedMaps& model) {
    std::string expected;
    for (const auto& contents : model.contents()) {
      for (const auto& [key, value] : contents) tests::add_entry(expected, key, value);
      expected += "\n";
    }
    for (const auto& subject : subjects_) {
      EXPECT_TRUE(subject->contents() == expected) << subject->describe() << "\n  " << replay(seed);
      EXPECT_EQ(subject->findings(), "") << subject->describe() << "\n  " << replay(seed);
    }
  }

  const Runtime runtime_ = tests::untroubled_runtime();
  std::vector<std::unique_ptr<Subject>> subjects_;
  std::map<std::string, std::vector<uint64_t>> drawn_;
  uint64_t operations_ = 0;
};

TEST_F(MetamorphicTest, DatabasesOfAllOptionsAnswerAlike) {
  const uint64_t first = seed_from_environment("NACRE_METAMORPHIC_SEED", 1);
  const uint64_t lists = seed_from_environment("NACRE_METAMORPHIC_LISTS", 3);
  const uint64_t steps = seed_from_environment("NACRE_METAMORPHIC_STEPS", 400);
  for (uint64_t seed = first; seed < first + lists && !HasFailure(); seed++) run_list(seed, steps);
  std::printf("%llu lists from seed %llu, %llu operations\n", static_cast<unsigned long long>(lists),
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(operations_));
  if (lists < 4) return;  // too few draws
  for (const auto& [option, counts] : drawn_) {
    for (size_t i = 0; i < counts.size(); i++) EXPECT_GT(counts[i], 0U) << option << " was never number " << i;
  }
}

// A database that was made with wrong options could not be read again, so it must not be made.
TEST_F(MetamorphicTest, OptionsThatAreNotTestedAreRefusedAtOpen) {
  std::map<std::string, Options> wrong;
  wrong["too little memory"].memory_bytes = kMinMemoryBytes - 1;
  wrong["too large a row cache"].row_cache_percent = 51;
  wrong["too many filter bits"].keyspace.filter_bits_per_key = 25;
  wrong["too small blocks"].keyspace.block_bytes = 1023;
  wrong["too large blocks"].keyspace.block_bytes = 65537;
  wrong["no such memtable"].memtable = static_cast<MemtableKind>(2);
  wrong["no such durability"].durability = static_cast<Durability>(3);
  wrong["no such mode"].mode = static_cast<OpenMode>(4);
  wrong["no such shape"].keyspace.shape = static_cast<CompactionShape>(3);
  wrong["no such codec"].keyspace.compression = static_cast<Compression>(3);
  wrong["no such codec at the bottom"].keyspace.bottom_compression = static_cast<Compression>(255);
  os::TemporaryDirectory directory;
  for (const auto& [what, options] : wrong) {
    const auto fresh = Db::open(directory / "fresh", options, runtime_);
    ASSERT_FALSE(fresh) << what;
    EXPECT_EQ(fresh.error().kind, ErrorKind::kInvalidArgument) << what;
    EXPECT_FALSE(Db::open(directory / "fresh", {.mode = OpenMode::kMustExist}, runtime_)) << what << ": it was made";
  }
  Db db = Db::open(directory / "db", {}, runtime_).value();
  for (const auto& [what, options] : wrong) {
    if (options.keyspace.shape == CompactionShape{} && options.keyspace.filter_bits_per_key == 10 &&
        options.keyspace.block_bytes == 8192 && options.keyspace.compression == Compression::kLz4 &&
        options.keyspace.bottom_compression == Compression::kLz4)
      continue;  // what is wrong does not concern keyspaces
    const auto created = db.create_keyspace("k", options.keyspace);
    ASSERT_FALSE(created) << what;
    EXPECT_EQ(created.error().kind, ErrorKind::kInvalidArgument) << what;
    EXPECT_EQ(db.keyspaces().size(), 1U) << what;
  }
}

}  // namespace
}  // namespace nacre
