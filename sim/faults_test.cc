// Every fault really happens where it was planned, and only there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "sim/test_disk.h"

namespace nacre::sim {
namespace {

int differing_bits(const std::string& a, const std::string& b) {
  int bits = 0;
  for (size_t i = 0; i < a.size(); ++i) bits += __builtin_popcount(static_cast<unsigned char>(a[i] ^ b[i]));
  return bits;
}

TEST(Faults, NthSiteOnceAndForGood) {
  for (const bool for_good : {false, true}) {
    TestDisk t;
    t.write("a", "content");
    t.faults().plan({.nth = 3, .kinds = kReads, .error_number = EINTR, .for_good = for_good});
    auto file = t.directory->open_read("a").value();
    char out[4];
    std::string results;
    for (int i = 0; i < 5; ++i) {
      t.directory->list().value();  // not counted: another kind
      const auto result = file->read(0, out);
      results += result ? '.' : 'E';
      EXPECT_TRUE(result || result.error().system_errno == EINTR);
    }
    EXPECT_EQ(results, for_good ? "..EEE" : "..E..");
    EXPECT_EQ(t.faults().sites(IoKind::kRead), 5U);
    EXPECT_EQ(t.faults().injected(FaultEffect::kError), for_good ? 3U : 1U);
  }
}

// A small workload that uses every kind of I/O; true if nothing failed.
bool touch_everything(TestDisk& t) {
  auto fs = t.disk->file_system();
  auto directory = fs->open_directory("db", true);
  if (!directory) return false;
  Directory& d = **directory;
  bool good = d.lock("LOCK", LockKind::kWrite).has_value();
  if (auto file = d.create("a")) {
    good &= (*file)->append("a").has_value();
    good &= (*file)->sync().has_value();
  } else {
    good = false;
  }
  good &= d.sync().has_value();
  if (auto mapped = d.create_mapped("m", 4096)) {
    TestDisk::store(**mapped, 0, "m");
    good &= !(*mapped)->damaged();
    good &= (*mapped)->sync(0, 1).has_value();
  } else {
    good = false;
  }
  good &= d.open_mapped("m").has_value();
  if (auto file = d.open_read("a")) {
    char out[1];
    good &= (*file)->read(0, out).has_value();
  } else {
    good = false;
  }
  good &= d.rename("a", "b").has_value();
  good &= d.list().has_value();
  good &= d.remove("b").has_value();
  return good;
}

TEST(Faults, ASweepReachesEverySiteOfEveryKind) {
  TestDisk clean;
  const uint64_t before = clean.faults().sites();
  ASSERT_TRUE(touch_everything(clean));
  const uint64_t sites = clean.faults().sites() - before;
  for (uint32_t kind = 0; kind < static_cast<uint32_t>(IoKind::kCount); ++kind) {
    EXPECT_GT(clean.faults().sites(static_cast<IoKind>(kind)), 0U) << to_string(static_cast<IoKind>(kind));
  }
  for (uint64_t nth = 1; nth <= sites; ++nth) {
    TestDisk t;
    t.faults().plan({.nth = nth});
    EXPECT_FALSE(touch_everything(t)) << "a failure of site " << nth << " went unseen";
    EXPECT_EQ(t.faults().injected(FaultEffect::kError), 1U);
  }
  TestDisk t;
  t.faults().plan({.nth = sites + 1});
  EXPECT_TRUE(touch_everything(t));
}

TEST(Faults, ACutAtEverySiteLeavesTheProcessDead) {
  for (const FaultEffect effect :
       {FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter, FaultEffect::kKill, FaultEffect::kKillAfter}) {
    uint64_t nth = 1;
    for (;; ++nth) {
      TestDisk t;
      t.faults().plan({.nth = nth, .effect = effect, .profile = CrashProfile::kPosixMin});
      const bool good = touch_everything(t);
      if (t.disk->is_on()) {
        EXPECT_TRUE(good);
        break;
      }
      t.disk->restart();
      t.reopen();
      EXPECT_TRUE(t.directory->list());
    }
    EXPECT_GT(nth, 15U);
  }
}

TEST(Faults, CutBeforeAndAfterTheOperation) {
  for (const bool after : {false, true}) {
    TestDisk t;
    t.write("a", "1", true);
    t.faults().plan({.kinds = only(IoKind::kRename),
                     .effect = after ? FaultEffect::kPowerCutAfter : FaultEffect::kPowerCut,
                     .profile = CrashProfile::kEverything});
    EXPECT_FALSE(t.directory->rename("a", "b"));
    t.disk->restart();
    EXPECT_EQ(t.exists("a"), !after);
    EXPECT_EQ(t.exists("b"), after);
  }
}

TEST(Faults, ShortReadsAndWrites) {
  TestDisk t;
  const std::string all(1000, 'x');
  t.write("a", all);
  t.faults().plan({.kinds = kReads, .effect = FaultEffect::kShort});
  auto reader = t.directory->open_read("a").value();
  std::string out(1000, '\0');
  EXPECT_LT(reader->read(0, out).value(), 1000U);
  EXPECT_EQ(reader->read(0, out).value(), 1000U);

  t.faults().plan({.kinds = kWrites, .effect = FaultEffect::kShort, .error_number = EDQUOT});
  auto writer = t.directory->create("b").value();
  const auto written = writer->append(all);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kNoSpace);
  EXPECT_LT(t.content("b").size(), 1000U);
  EXPECT_EQ(t.content("b"), std::string(t.content("b").size(), 'x'));
  EXPECT_FALSE(writer->sync());  // the failure is final
}

TEST(Faults, AFlipOfAReadIsOneBitAndPasses) {
  TestDisk t;
  const std::string all(1000, 'x');
  t.write("a", all);
  t.faults().plan({.kinds = kReads, .effect = FaultEffect::kFlip});
  auto reader = t.directory->open_read("a").value();
  std::string out(1000, '\0');
  EXPECT_EQ(reader->read(0, out).value(), 1000U);
  EXPECT_EQ(differing_bits(out, all), 1);
  EXPECT_EQ(reader->read(0, out).value(), 1000U);
  EXPECT_EQ(out, all);
}

TEST(Faults, AMisdirectedWriteHitsAnotherPlace) {
  int other_file = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    TestDisk t(plain_options(seed));
    t.write("victim", std::string(4096, 'v'), true);
    auto writer = t.directory->create("a").value();
    writer->append(std::string(4096, '1')).value();
    writer->sync().value();
    t.faults().plan({.kinds = kWrites, .effect = FaultEffect::kMisdirect});
    writer->append(std::string(512, '2')).value();
    EXPECT_EQ(t.content("a").substr(4096), std::string(512, '2'));  // the cache is right until it is dropped
    writer->sync().value();
    t.directory->sync().value();
    t.cut(CrashProfile::kPosixMin);
    const std::string a = t.content("a");
    const std::string victim = t.content("victim");
    EXPECT_EQ(a.size(), 4608U);
    EXPECT_EQ(victim.size(), 4096U);
    EXPECT_EQ(a.substr(4096), std::string(512, '\0'));
    const auto hits = [](const std::string& text) { return std::count(text.begin(), text.end(), '2'); };
    EXPECT_EQ(hits(a) + hits(victim), 512);
    other_file += hits(victim) != 0 ? 1 : 0;
  }
  EXPECT_GT(other_file, 2);
  EXPECT_LT(other_file, 18);
}

TEST(Faults, AFailedSyncLosesPagesForEverThoughTheCacheShowsThem) {
  int lost = 0;
  int kept = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    TestDisk t(plain_options(seed));
    auto file = t.write("a", "synced ", true);
    file->append("doubtful").value();
    t.faults().plan({.kinds = kSyncs});
    EXPECT_EQ(file->sync().error().system_errno, EIO);
    EXPECT_FALSE(file->append("x"));
    EXPECT_EQ(t.content("a"), "synced doubtful");
    file.reset();
    t.directory->sync().value();
    t.kill();
    EXPECT_EQ(t.content("a"), "synced doubtful");  // until reboot
    t.cut(CrashProfile::kEverything);
    EXPECT_TRUE(t.content("a") == "synced doubtful" || t.content("a") == "synced ") << t.content("a");
    ++(t.content("a") == "synced " ? lost : kept);
  }
  EXPECT_GT(lost, 20);
  EXPECT_GT(kept, 20);
}

TEST(Faults, AFailedMappedSyncIsNotMendedByTheNextUnlessStoredAgain) {
  int lost = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    TestDisk t(plain_options(seed));
    auto file = t.directory->create_mapped("m", 8192).value();
    file->sync(0, 8192).value();
    t.directory->sync().value();
    TestDisk::store(*file, 0, "first");
    TestDisk::store(*file, 4096, "second");
    t.faults().plan({.kinds = kSyncs});
    EXPECT_FALSE(file->sync(0, 8192));
    EXPECT_FALSE(file->sync(0, 8192));  // final for the handle
    auto again = t.directory->open_mapped("m").value();
    TestDisk::store(*again, 4096 + 6, "!");
    again->sync(0, 8192).value();  // another handle thinks that all is well
    EXPECT_EQ(t.content("m").substr(0, 5), "first");
    t.cut(CrashProfile::kEverything);
    EXPECT_EQ(t.content("m").substr(4096, 7), "second!");
    const std::string first = t.content("m").substr(0, 5);
    EXPECT_TRUE(first == "first" || first == std::string(5, '\0'));
    lost += first == "first" ? 0 : 1;
  }
  EXPECT_GT(lost, 20);
  EXPECT_LT(lost, 80);
}

TEST(Faults, ALyingSyncSaysOkAndKeepsNothing) {
  TestDisk t;
  t.faults().plan({.kinds = kSyncs, .effect = FaultEffect::kLie, .for_good = true});
  t.write("a", "lied about", true);
  auto mapped = t.directory->create_mapped("m", 4096).value();
  TestDisk::store(*mapped, 0, "m");
  mapped->sync(0, 4096).value();
  t.directory->sync().value();
  EXPECT_EQ(t.faults().injected(FaultEffect::kLie), 4U);
  t.cut(CrashProfile::kNothing);
  EXPECT_TRUE(t.disk->files().empty());
}

TEST(Faults, ALyingSyncOfAFileIsNotMadeTrueByItsDirectory) {
  TestDisk t;
  t.faults().plan(
      {.kinds = only(IoKind::kSyncFile) | only(IoKind::kSyncMapped), .effect = FaultEffect::kLie, .for_good = true});
  t.write("a", "lied about", true);
  auto mapped = t.directory->create_mapped("m", 4096).value();
  mapped->sync(0, 4096).value();
  t.directory->sync().value();
  t.cut(CrashProfile::kNothing);
  EXPECT_EQ(t.content("a"), "");
  EXPECT_EQ(t.content("m"), "");
}

TEST(Faults, AFailedDirectorySyncLosesNames) {
  int lost = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    TestDisk t(plain_options(seed));
    auto file = t.write("a", "1");
    file->sync().value();
    t.faults().plan({.kinds = kSyncs});
    EXPECT_FALSE(t.directory->sync());
    EXPECT_TRUE(t.exists("a"));
    EXPECT_FALSE(t.directory->sync()) << "a failed sync is final";
    t.reopen();
    t.directory->sync().value();  // too late
    t.cut(CrashProfile::kEverything);
    lost += t.exists("a") ? 0 : 1;
  }
  EXPECT_GT(lost, 10);
  EXPECT_LT(lost, 50);
}

TEST(Faults, ADamagedStoreIsFlaggedAndNeverReachesTheFile) {
  TestDisk t;
  auto file = t.directory->create_mapped("m", 8192).value();
  file->sync(0, 8192).value();
  t.directory->sync().value();
  EXPECT_FALSE(file->damaged());
  t.faults().plan({.kinds = only(IoKind::kStore)});
  TestDisk::store(*file, 100, "lost");
  EXPECT_TRUE(file->damaged());
  EXPECT_EQ(std::string(file->data() + 100, 4), "lost");  // the process still sees its own bytes
  TestDisk::store(*file, 5000, "other page");
  EXPECT_FALSE(file->sync(0, 8192));
  t.kill();
  EXPECT_EQ(t.content("m").substr(100, 4), std::string(4, '\0'));
  EXPECT_EQ(t.content("m").substr(5000, 10), "other page");
}

// Or a kill after it would lose what nothing had failed for.
TEST(Faults, AStoreToAPageWithUnsyncedBytesDoesNotFault) {
  TestDisk t;
  auto file = t.directory->create_mapped("m", 8192).value();
  file->sync(0, 8192).value();
  t.directory->sync().value();
  TestDisk::store(*file, 0, "acknowledged");
  t.faults().plan({.kinds = only(IoKind::kStore), .for_good = true});
  TestDisk::store(*file, 100, "as well");
  EXPECT_FALSE(file->damaged());
  file->sync(0, 4096).value();
  TestDisk::store(*file, 200, "lost");
  EXPECT_TRUE(file->damaged());
  t.kill();
  EXPECT_EQ(t.content("m").substr(0, 12), "acknowledged");
  EXPECT_EQ(t.content("m").substr(100, 7), "as well");
  EXPECT_EQ(t.content("m").substr(200, 4), std::string(4, '\0'));
}

TEST(Faults, RatesHitAboutAsOftenAsAsked) {
  TestDisk t;
  t.write("a", std::string(100, 'a'));
  t.faults().set_rates({.read_error = 10, .read_short = 10, .read_flip = 10});
  auto file = t.directory->open_read("a").value();
  char out[100];
  for (int i = 0; i < 10'000; ++i) (void)file->read(0, out);
  for (const FaultEffect effect : {FaultEffect::kError, FaultEffect::kShort, FaultEffect::kFlip}) {
    EXPECT_GT(t.faults().injected(effect), 600U) << to_string(effect);
    EXPECT_LT(t.faults().injected(effect), 1200U) << to_string(effect);
  }
  t.faults().clear();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(file->read(0, out).value(), 100U);
}

}  // namespace
}  // namespace nacre::sim
