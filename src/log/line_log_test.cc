#include "log/line_log.h"

#include <gtest/gtest.h>

#include <string>

#include "base/prng.h"
#include "os/testing.h"

namespace nacre::log {
namespace {

constexpr uint64_t kFileBytes = uint64_t{64} << 10;
constexpr uint64_t kSecondNs = 1'000'000'000;

// Lines of every length, each with its number.
std::string line_of(uint64_t number, base::Prng& random) {
  return std::to_string(number) + " " + std::string(random.below(300), 'x') + "\n";
}

bool anything(Bytes) { return true; }
bool numbered(Bytes begin) { return begin[0] >= '0' && begin[0] <= '9'; }

class LineLogTest : public testing::Test {
 protected:
  std::string path_of(uint32_t age) const { return where_ / (age == 0 ? "LOG" : "LOG." + std::to_string(age)); }
  std::string text_of(uint32_t age) const { return os::slurp(path_of(age)); }
  bool exists(uint32_t age) const { return os::exists(path_of(age)); }

  const os::TemporaryDirectory where_;
  const std::unique_ptr<Directory> directory_ = where_.open();
};

TEST_F(LineLogTest, NothingIsCreatedBeforeTheFirstLine) {
  LineLog log(*directory_, kFileBytes, 4, anything);
  EXPECT_FALSE(exists(0));
  EXPECT_TRUE(log.append("one\n", 1));
  EXPECT_EQ(text_of(0), "one\n") << "a line is in the file when the call returns";
  EXPECT_EQ(os::mode_of(path_of(0)), 0600U);
}

TEST_F(LineLogTest, AReopenedLogGoesOn) {
  EXPECT_TRUE(LineLog(*directory_, kFileBytes, 4, anything).append("one\n", 1));
  EXPECT_TRUE(LineLog(*directory_, kFileBytes, 4, anything).append("two\n", 2));
  EXPECT_EQ(text_of(0), "one\ntwo\n");
}

// All files together are the newest lines without a gap, each file within its size, whatever the sizes and the number of files.
TEST_F(LineLogTest, RotationKeepsTheNewestLinesWithoutAGap) {
  base::Prng random(7);
  for (const uint32_t files : {1U, 2U, 5U}) {
    std::string all;
    LineLog log(*directory_, kFileBytes, files, anything);
    for (uint64_t number = 0; number < 4000; number++) {
      const std::string line = line_of(number, random);
      ASSERT_TRUE(log.append(line, number));
      all += line;
    }
    std::string kept;
    for (uint32_t age = files; age-- > 0;) {
      EXPECT_LE(text_of(age).size(), kFileBytes);
      if (age != 0) {
        EXPECT_GE(text_of(age).size(), kFileBytes - 512) << "begun anew too early";
      }
      kept += text_of(age);
    }
    EXPECT_FALSE(exists(files)) << "more files than were asked for";
    EXPECT_TRUE(all.ends_with(kept)) << files;
  }
}

TEST_F(LineLogTest, ALineLongerThanAFileIsKeptWhole) {
  LineLog log(*directory_, kFileBytes, 2, anything);
  const std::string line = std::string(3 * kFileBytes, 'x') + "\n";
  EXPECT_TRUE(log.append("first\n", 1));
  EXPECT_TRUE(log.append(line, 2));
  EXPECT_TRUE(text_of(0) == line);
  EXPECT_TRUE(log.append("after\n", 3));
  EXPECT_EQ(text_of(0), "after\n");
}

TEST_F(LineLogTest, FewerFilesThanBeforeRemoveTheRest) {
  for (uint32_t age = 1; age < 9; age++) os::spill(path_of(age), "old\n");
  os::spill(where_ / "LOG.txt", "not ours\n");
  LineLog log(*directory_, kFileBytes, 3, anything);
  EXPECT_TRUE(log.append(std::string(kFileBytes - 1, 'x') + "\n", 1));
  EXPECT_TRUE(log.append("next\n", 2));
  for (uint32_t age = 0; age < 9; age++) EXPECT_EQ(exists(age), age < 3) << age;
  EXPECT_EQ(os::slurp(where_ / "LOG.txt"), "not ours\n");
}

TEST_F(LineLogTest, ALineWithoutAnEndGetsOne) {
  os::spill(path_of(0), "torn by a power c");
  LineLog log(*directory_, kFileBytes, 4, anything);
  EXPECT_TRUE(log.append("whole\n", 1));
  EXPECT_EQ(text_of(0), "torn by a power c\nwhole\n");
}

TEST_F(LineLogTest, ALinkOrADirectoryIsLeftAloneAndTriedAgainLater) {
  const std::string elsewhere = where_ / "elsewhere";
  os::spill(elsewhere, "somebody else's\n");
  os::make_link(elsewhere, path_of(0));
  LineLog log(*directory_, kFileBytes, 4, anything);
  EXPECT_FALSE(log.append("one\n", kSecondNs));
  os::remove_name(path_of(0));
  os::make_directory(path_of(0));
  EXPECT_FALSE(log.append("two\n", 3 * kSecondNs));
  os::remove_name(path_of(0));
  EXPECT_FALSE(log.append("three\n", 3 * kSecondNs + 1))
      << "too soon: each attempt costs a system call under somebody's lock";
  EXPECT_TRUE(log.append("four\n", 4 * kSecondNs + 1));
  EXPECT_EQ(text_of(0), "four\n");
  EXPECT_EQ(os::slurp(elsewhere), "somebody else's\n");
}

// A rotation that cannot be done must not let the file grow, and must not lose what is there.
TEST_F(LineLogTest, ARotationThatFailsKeepsTheBound) {
  os::make_directory(path_of(1));
  LineLog log(*directory_, kFileBytes, 2, anything);
  base::Prng random(3);
  for (uint64_t number = 0; number < 1000; number++) (void)log.append(line_of(number, random), kSecondNs * number);
  EXPECT_LE(text_of(0).size(), kFileBytes);
  EXPECT_TRUE(text_of(0).starts_with("0 "));
  os::remove_name(path_of(1));
  EXPECT_TRUE(log.append("again\n", kSecondNs * 2000));
  EXPECT_EQ(text_of(0), "again\n");
  EXPECT_TRUE(text_of(1).starts_with("0 "));
}

// The wall clock may be set back while attempts pause.
TEST_F(LineLogTest, AClockThatIsSetBackDoesNotSilenceTheLog) {
  os::make_directory(path_of(0));
  LineLog log(*directory_, kFileBytes, 4, anything);
  EXPECT_FALSE(log.append("one\n", 1000 * kSecondNs));
  os::remove_name(path_of(0));
  EXPECT_TRUE(log.append("two\n", 10 * kSecondNs));
}

TEST_F(LineLogTest, OnAFullDeviceOnlyALittleIsWritten) {
  LineLog log(*directory_, 2 * kMostOnFullDeviceBytes, 4, anything);
  const std::string line = std::string(999, 'x') + "\n";
  for (int round = 1; round <= 2; round++) {
    log.set_device_full(true);
    for (int i = 0; i < 500; i++) (void)log.append(line, 1);
    EXPECT_LE(text_of(0).size() + text_of(1).size(), round * kMostOnFullDeviceBytes);
    EXPECT_GT(text_of(0).size() + text_of(1).size(), round * kMostOnFullDeviceBytes - 2 * line.size());
  }
  log.set_device_full(false);
  EXPECT_TRUE(log.append(line, 1));
}

TEST_F(LineLogTest, AFullDeviceLosesLinesAndNothingElse) {
  if (!os::is_root()) GTEST_SKIP() << "only root may mount a small file system";
  const os::SmallFileSystem small("size=128k");
  if (!small.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here";
  const auto directory = small.where().open();
  os::spill(small.where() / "other", std::string(96 << 10, 'o'));
  LineLog log(*directory, kFileBytes, 4, anything);
  const std::string line = std::string(999, 'x') + "\n";
  bool lost = false;
  for (int i = 0; i < 200; i++) lost |= !log.append(line, 1);
  EXPECT_TRUE(lost);
  const std::string text = os::slurp(small.where() / "LOG");
  EXPECT_GT(text.size(), 0U);
  EXPECT_EQ(text.size() % line.size(), 0U) << "half a line";
  os::remove_name(small.where() / "other");
  EXPECT_TRUE(log.append(line, 1));
}

// A file that Nacre cannot prove to be its own is never changed or removed (promise 8): here kept copies of an incident, and the
// log of another program in a directory that both use.
TEST_F(LineLogTest, FilesOfOthersStayAsTheyAre) {
  for (const uint32_t foreign : {0U, 1U, 3U, 5U, 999U}) {
    const std::string theirs = "somebody else's";
    os::spill(path_of(foreign), theirs);
    LineLog log(*directory_, kFileBytes, 4, numbered);
    base::Prng random(3);
    bool written = true;
    for (uint64_t number = 0; number < 3000; number++) written = log.append(line_of(number, random), number);
    EXPECT_EQ(text_of(foreign), theirs) << foreign;
    EXPECT_EQ(written, foreign >= 4) << foreign << ": where a file of the log would have to be, there is no log";
    for (const uint32_t age : {0U, 1U, 2U, 3U, foreign}) {
      if (exists(age)) os::remove_name(path_of(age));
    }
  }
}

TEST_F(LineLogTest, NumbersThatNoLogReachesAreNotLookedAt) {
  os::spill(path_of(20261231), "7 looks like one");
  LineLog log(*directory_, kFileBytes, 1, numbered);
  base::Prng random(3);
  for (uint64_t number = 0; number < 3000; number++) EXPECT_TRUE(log.append(line_of(number, random), number));
  EXPECT_TRUE(exists(20261231));
}

TEST_F(LineLogTest, NothingIsWrittenAfterTheClose) {
  LineLog log(*directory_, kFileBytes, 4, anything);
  EXPECT_TRUE(log.append("one\n", 1));
  log.close();
  EXPECT_FALSE(log.append("two\n", 2));
  EXPECT_EQ(text_of(0), "one\n");
}

}  // namespace
}  // namespace nacre::log
