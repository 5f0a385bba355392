// What each crash profile may take, really takes now and then, and never exceeds. Synced bytes survive every profile.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/test_disk.h"
#include "sync/simulated_scheduler.h"
#include "sync/sync.h"

namespace nacre::sim {
namespace {

constexpr uint64_t kSeeds = 200;

// Runs `prepare`, cuts the power under `profile`, and collects what `look` sees, over many seeds.
std::set<std::string> outcomes(CrashProfile profile, const std::function<void(TestDisk&)>& prepare,
                               const std::function<std::string(TestDisk&)>& look, uint64_t seeds = kSeeds) {
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    TestDisk t(plain_options(seed));
    prepare(t);
    t.cut(profile);
    seen.insert(look(t));
  }
  return seen;
}

std::string names(TestDisk& t) {
  std::string text;
  for (const std::string& path : t.disk->files()) text += path.substr(3) + " ";
  return text;
}

TEST(PowerCut, SyncedFilesSurviveEveryProfile) {
  for (const CrashProfile profile : kAllProfiles) {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      TestDisk t(plain_options(seed));
      const std::string synced(1 + seed * 37 % 3000, 's');
      auto file = t.write("a", synced, true);
      auto mapped = t.directory->create_mapped("m", 16384).value();
      TestDisk::store(*mapped, 700, "synced");
      mapped->sync(700, 706).value();
      t.directory->sync().value();
      file->append(std::string(2000, 'n')).value();  // in the same sector as synced bytes
      TestDisk::store(*mapped, 706, "not synced");   // likewise
      TestDisk::store(*mapped, 9000, "not synced");
      t.cut(profile);
      ASSERT_TRUE(t.exists("a") && t.exists("m")) << to_string(profile) << " seed " << seed;
      EXPECT_EQ(t.content("a").substr(0, synced.size()), synced) << to_string(profile) << " seed " << seed;
      EXPECT_EQ(t.content("m").size(), 16384U);
      EXPECT_EQ(t.content("m").substr(700, 6), "synced");
      EXPECT_TRUE(t.directory->open_mapped("m"));
    }
  }
}

TEST(PowerCut, ASyncLeavesNothingPendingButWhatItDoesNotCover) {
  TestDisk t;
  auto file = t.write("a", "1", true);
  auto mapped = t.directory->create_mapped("m", 16384).value();
  TestDisk::store(*mapped, 0, "one");
  TestDisk::store(*mapped, 5000, "two");
  EXPECT_EQ(t.disk->pending_operations(), 4U);  // name, fill, two stores
  mapped->sync(0, 4096).value();
  EXPECT_EQ(t.disk->pending_operations(), 2U);
  mapped->sync(0, 16384).value();
  t.directory->sync().value();
  EXPECT_EQ(t.disk->pending_operations(), 0U);
  EXPECT_EQ(t.disk->used_bytes(), 16385U);
  t.write("b", "not synced");
  EXPECT_EQ(t.disk->used_bytes(), 16395U);
  t.cut(CrashProfile::kNothing);
  EXPECT_EQ(t.disk->used_bytes(), 16385U);
}

TEST(PowerCut, AnIoThatTheCutOvertakesHasNoEffect) {
  DiskOptions options = plain_options();
  options.latency_ns_min = options.latency_ns_max = 1'000'000;
  TestDisk t(options);
  t.write("a", "1", true);
  sync::Thread remover("remover", [&] { EXPECT_FALSE(t.directory->remove("a")); });
  sync::Scheduler::instance().sleep_ns(500'000);
  t.disk->power_cut(CrashProfile::kEverything);
  remover.join();
  t.disk->restart();
  EXPECT_EQ(t.content("a"), "1");
  t.reopen();
  EXPECT_EQ(read_all(*t.directory, "a"), "1");
}

TEST(PowerCut, NothingKeepsNothingAndEverythingAll) {
  const auto prepare = [](TestDisk& t) {
    t.write("old", "old", true);
    auto file = t.write("new", "new");
    t.directory->rename("old", "renamed").value();
    auto mapped = t.directory->create_mapped("m", 4096).value();
    mapped->data()[0] = 'u';  // unreported
    TestDisk::store(*mapped, 1, "r");
  };
  EXPECT_EQ(outcomes(CrashProfile::kNothing, prepare, names), std::set<std::string>{"old "});
  const auto look = [](TestDisk& t) {
    return names(t) + t.content("new") + t.content("renamed") + t.content("m").substr(0, 2);
  };
  EXPECT_EQ(outcomes(CrashProfile::kEverything, prepare, look), std::set<std::string>{"m new renamed newoldur"});
}

TEST(PowerCut, PrefixKeepsThePrefixesAndNoOther) {
  // Operations in order: link a, "1" into a, link b, "2" into b, rename a to c, remove b.
  const auto prepare = [](TestDisk& t) {
    t.write("a", "1");
    t.write("b", "2");
    t.directory->rename("a", "c").value();
    t.directory->remove("b").value();
  };
  const auto look = [](TestDisk& t) {
    std::string text;
    for (const std::string& path : t.disk->files()) text += path.substr(3) + "=" + t.disk->content(path) + " ";
    return text;
  };
  const std::set<std::string> allowed = {"", "a= ", "a=1 ", "a=1 b= ", "a=1 b=2 ", "b=2 c=1 ", "c=1 "};
  EXPECT_EQ(outcomes(CrashProfile::kPrefix, prepare, look), allowed);
}

TEST(PowerCut, PrefixOfStoresToAMapping) {
  const auto prepare = [](TestDisk& t) {
    auto mapped = t.directory->create_mapped("m", 4096).value();
    mapped->sync(0, 4096).value();
    t.directory->sync().value();
    mapped->data()[9] = 'u';  // unreported: lost
    for (uint64_t i = 0; i < 5; ++i) TestDisk::store(*mapped, i, std::string(1, static_cast<char>('0' + i)));
  };
  const auto look = [](TestDisk& t) { return std::string(t.content("m").c_str()) + t.content("m")[9]; };
  std::set<std::string> allowed;
  for (size_t n = 0; n <= 5; ++n) allowed.insert(std::string("01234").substr(0, n) + '\0');
  EXPECT_EQ(outcomes(CrashProfile::kPrefix, prepare, look), allowed);
}

TEST(PowerCut, TornWritesAreMixturesOfOldAndNew) {
  int whole = 0;
  int none = 0;
  int mixed_sectors = 0;
  int mixed_words = 0;
  for (uint64_t seed = 1; seed <= 600; ++seed) {
    TestDisk t(plain_options(seed));
    auto mapped = t.directory->create_mapped("m", 8192).value();
    std::fill_n(mapped->data(), 8192, 'o');
    mapped->sync(0, 8192).value();
    t.directory->sync().value();
    TestDisk::store(*mapped, 1000, std::string(3000, 'n'));
    t.cut(CrashProfile::kTorn);
    const std::string content = t.content("m");
    EXPECT_EQ(content.substr(0, 1000), std::string(1000, 'o'));
    EXPECT_EQ(content.substr(4000), std::string(4192, 'o'));
    bool partial = false;
    bool torn_inside = false;
    for (size_t at = 1000; at < 4000; ++at) {
      EXPECT_TRUE(content[at] == 'o' || content[at] == 'n');
      if (at % 8 != 0 && at != 1000) {
        EXPECT_EQ(content[at], content[at - 1]) << "a word is torn at " << at;
      }
      partial |= content[at] != content[1000];
      torn_inside |= at % kSectorBytes != 0 && at != 1000 && content[at] != content[at - 1];
    }
    whole += !partial && content[1000] == 'n' ? 1 : 0;
    none += !partial && content[1000] == 'o' ? 1 : 0;
    mixed_words += torn_inside ? 1 : 0;
    mixed_sectors += partial && !torn_inside ? 1 : 0;
  }
  EXPECT_GT(whole, 100);
  EXPECT_GT(mixed_words, 100);
  EXPECT_GT(mixed_sectors, 10);
  EXPECT_LT(none, 100);
}

TEST(PowerCut, TornAppendsAreMixturesOfZeroAndNewOfAnySize) {
  std::set<size_t> sizes;
  bool gap = false;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    TestDisk t(plain_options(seed));
    auto file = t.write("a", std::string(100, 's'), true);
    file->append(std::string(5000, '1')).value();
    file->append(std::string(5000, '2')).value();
    t.cut(CrashProfile::kTorn);
    const std::string content = t.content("a");
    sizes.insert(content.size());
    EXPECT_LE(content.size(), 10'100U);
    const size_t second = std::min<size_t>(content.size(), 5100);
    if (content.size() > 5100) {  // only the last write is torn
      EXPECT_EQ(content.substr(100, 5000), std::string(5000, '1'));
    }
    for (size_t at = 100; at < second; ++at) EXPECT_TRUE(content[at] == '1' || content[at] == '\0');
    for (size_t at = second; at < content.size(); ++at) EXPECT_TRUE(content[at] == '2' || content[at] == '\0');
    gap |= content.find('\0') != std::string::npos;
  }
  EXPECT_GT(sizes.size(), 20U);
  EXPECT_TRUE(gap);
}

TEST(PowerCut, TornTakesUnreportedStoresToo) {
  const auto prepare = [](TestDisk& t) {
    auto mapped = t.directory->create_mapped("m", 4096).value();
    mapped->sync(0, 4096).value();
    t.directory->sync().value();
    mapped->data()[0] = 'u';
  };
  const auto look = [](TestDisk& t) { return std::string(t.content("m").c_str()); };
  EXPECT_EQ(outcomes(CrashProfile::kTorn, prepare, look), (std::set<std::string>{"", "u"}));
  EXPECT_EQ(outcomes(CrashProfile::kPosixMin, prepare, look), (std::set<std::string>{"", "u"}));
  EXPECT_EQ(outcomes(CrashProfile::kPrefix, prepare, look), (std::set<std::string>{""}));
}

TEST(PowerCut, PosixMinReordersNames) {
  // A later operation without an earlier one: a fresh file's rename without its removal, a removal without a creation
  // ...
  const auto prepare = [](TestDisk& t) {
    t.write("x", "x", true);
    t.directory->remove("x").value();
    auto a = t.write("a", "1");
    a->sync().value();
    auto b = t.write("b", "2");
    b->sync().value();
    t.directory->rename("b", "c").value();
  };
  const std::set<std::string> seen = outcomes(CrashProfile::kPosixMin, prepare, names, 4 * kSeeds);
  std::set<std::string> allowed;
  for (const std::string a : {"", "a "}) {
    for (const std::string b : {"", "b ", "c "}) {
      for (const std::string x : {"", "x "}) allowed.insert(a + b + x);
    }
  }
  EXPECT_EQ(seen, allowed);
}

TEST(PowerCut, PosixMinKeepsAnySectorsAndSizesOnTheirOwn) {
  int size_without_data = 0;
  int hole = 0;
  std::set<size_t> sizes;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    TestDisk t(plain_options(seed));
    auto file = t.write("a", "", true);
    for (char c : {'1', '2', '3', '4'}) file->append(std::string(1024, c)).value();
    t.cut(CrashProfile::kPosixMin);
    const std::string content = t.content("a");
    sizes.insert(content.size());
    bool seen_zero = false;
    for (size_t sector = 0; sector * 512 < content.size(); ++sector) {
      const char expected = static_cast<char>('1' + sector / 2);
      const std::string bytes = content.substr(sector * 512, 512);
      EXPECT_TRUE(bytes == std::string(512, expected) || bytes == std::string(512, '\0')) << "seed " << seed;
      if (bytes[0] == '\0') {
        seen_zero = true;
      } else {
        hole += seen_zero ? 1 : 0;
      }
    }
    size_without_data += !content.empty() && content == std::string(content.size(), '\0') ? 1 : 0;
  }
  EXPECT_EQ(sizes, (std::set<size_t>{0, 1024, 2048, 3072, 4096}));
  EXPECT_GT(size_without_data, 5);
  EXPECT_GT(hole, 5);
}

TEST(PowerCut, PosixMinKeepsAnySectorsOfAMapping) {
  std::set<std::string> patterns;
  for (uint64_t seed = 1; seed <= 600; ++seed) {
    TestDisk t(plain_options(seed));
    auto mapped = t.directory->create_mapped("m", 4096).value();
    std::fill_n(mapped->data(), 4096, 'o');
    mapped->sync(0, 4096).value();
    t.directory->sync().value();
    TestDisk::store(*mapped, 0, std::string(2048, 'n'));
    t.cut(CrashProfile::kPosixMin);
    std::string pattern;
    for (size_t sector = 0; sector < 8; ++sector) {
      const std::string bytes = t.content("m").substr(sector * 512, 512);
      EXPECT_EQ(bytes, std::string(512, bytes[0]));
      pattern += bytes[0];
    }
    EXPECT_EQ(pattern.substr(4), "oooo");
    patterns.insert(pattern);
  }
  EXPECT_EQ(patterns.size(), 16U);
}

TEST(PowerCut, AnUnfinishedMappedFileIsShortOrHoleyOrWhole) {
  int holey = 0;
  int opened = 0;
  std::set<size_t> sizes;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    TestDisk t(plain_options(seed));
    auto mapped = t.directory->create_mapped("m", 16384).value();
    t.directory->sync().value();
    TestDisk::store(*mapped, 0, "x");
    t.cut(CrashProfile::kPosixMin);
    sizes.insert(t.content("m").size());
    const bool accepted = t.directory->open_mapped("m").has_value();
    opened += accepted ? 1 : 0;
    holey += !accepted && !t.content("m").empty() ? 1 : 0;
  }
  EXPECT_EQ(sizes.size(), 5U);
  EXPECT_GT(holey, 20);
  EXPECT_GT(opened, 20);
}

TEST(PowerCut, ReplacingAFileByRenameIsAtomicIfItWasSyncedFirst) {
  for (const bool synced : {true, false}) {
    const auto prepare = [&](TestDisk& t) {
      t.write("CURRENT", "old", true);
      auto file = t.write("tmp", "new");
      if (synced) file->sync().value();
      t.directory->rename("tmp", "CURRENT").value();
    };
    const auto look = [](TestDisk& t) { return t.exists("CURRENT") ? t.content("CURRENT") : "gone"; };
    std::set<std::string> allowed = {"old", "new"};
    EXPECT_EQ(outcomes(CrashProfile::kPrefix, prepare, look), allowed);
    if (!synced) allowed.insert({"", std::string(3, '\0')});  // the classic: renamed before its data was safe
    EXPECT_EQ(outcomes(CrashProfile::kPosixMin, prepare, look), allowed);
  }
}

TEST(PowerCut, AnUnsyncedRemovalMayComeBack) {
  const auto prepare = [](TestDisk& t) {
    t.write("a", "1", true);
    t.directory->remove("a").value();
  };
  for (const CrashProfile profile : {CrashProfile::kPrefix, CrashProfile::kTorn, CrashProfile::kPosixMin}) {
    EXPECT_EQ(outcomes(profile, prepare, names), (std::set<std::string>{"", "a "})) << to_string(profile);
  }
  const auto synced = [&](TestDisk& t) {
    prepare(t);
    t.directory->sync().value();
  };
  for (const CrashProfile profile : kAllProfiles)
    EXPECT_EQ(outcomes(profile, synced, names), std::set<std::string>{""});
}

TEST(PowerCut, AnExplicitSubsetIsExactlyThat) {
  std::set<uint64_t> states;
  for (uint64_t subset = 0; subset < 16; ++subset) {
    TestDisk t;
    auto a = t.write("a", "", true);
    auto b = t.write("b", "", true);
    a->append("1").value();
    b->append("2").value();
    a->append("3").value();
    t.directory->rename("a", "c").value();
    EXPECT_EQ(t.disk->pending_operations(), 4U);
    const CutReport report = t.disk->power_cut(CrashProfile::kNothing, subset);
    EXPECT_EQ(report.kept, static_cast<uint64_t>(__builtin_popcountll(subset)));
    states.insert(t.disk->durable_hash());
    t.disk->restart();
    const std::string name = (subset & 8) != 0 ? "c" : "a";
    std::string expected((subset & 4) != 0 ? 2 : subset & 1, '\0');
    if ((subset & 1) != 0) expected[0] = '1';
    if ((subset & 4) != 0) expected[1] = '3';
    EXPECT_EQ(t.content(name), expected) << subset;
    EXPECT_EQ(t.content("b"), (subset & 2) != 0 ? "2" : "") << subset;
  }
  EXPECT_EQ(states.size(), 16U);
}

TEST(PowerCut, WritebackMakesIntermediateStatesDurable) {
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    DiskOptions options = plain_options(seed);
    options.writeback_one_in = 2;
    TestDisk t(options);
    auto mapped = t.directory->create_mapped("m", 4096).value();
    mapped->sync(0, 4096).value();
    t.directory->sync().value();
    for (char c : {'1', '2', '3'}) TestDisk::store(*mapped, 0, std::string(1, c));
    t.cut(CrashProfile::kNothing);
    seen.insert(t.content("m").substr(0, 1));
  }
  EXPECT_EQ(seen, (std::set<std::string>{std::string(1, '\0'), "1", "2", "3"}));
}
}  // namespace
}  // namespace nacre::sim
