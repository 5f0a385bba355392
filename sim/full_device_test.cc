// Promise 5 on a device that is full: erases go on, give space back, and puts are taken again; all of it without reopening,
// and after reopening too.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <string>

#include "nacre/db.h"
#include "sim/simulation.h"

namespace nacre::sim {
namespace {

constexpr int kKeys = 1800;
constexpr uint64_t kSecond = 1'000'000'000;

Options small() {
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.keyspace.compression = options.keyspace.bottom_compression = Compression::kNone;
  return options;
}

std::string key_of(int i) { return "key " + std::to_string(10'000 + i); }

class Story {
 public:
  explicit Story(Simulation& sim) : sim_(sim), db_(Db::open("db", small(), sim.runtime()).value()) {}

  void expect(bool holds, const std::string& what) {
    if (!holds) sim_.fail(what);
  }
  bool has_reserve() const {
    for (const std::string& path : sim_.disk().files()) {
      if (path.ends_with(".reserve")) return true;
    }
    return false;
  }
  void nap(uint64_t duration_ns) { sim_.runtime().clock->sleep_ns(duration_ns); }
  Result<void> put(int i) { return db_->put(key_of(i), std::string(1900, 'v')); }

  // A database of three and a half megabytes, which keeps a reserve of half of one.
  void begin() {
    for (int i = 0; i < kKeys; i++) put(i).value();
    for (int turn = 0; turn < 60 && !has_reserve(); turn++) nap(kSecond);
    expect(has_reserve(), "there is room for a reserve, and none is kept");
  }
  // Until puts are refused and stay so: what the reserve gave back is not for them. (What the log had kept for later use is.)
  void fill(int32_t full_errno) {
    sim_.disk().set_capacity(sim_.disk().used_bytes() + 200'000, full_errno);
    for (int refused = 0; refused < 40;) {
      const auto result = put(kKeys + taken_);
      if (result) {
        expect(++taken_ < 1000, "the device does not fill");
        refused = 0;
      } else {
        expect(result.error().kind == ErrorKind::kNoSpace, "there is no other reason");
        refused++;
        nap(kSecond / 2);
      }
    }
    expect(!has_reserve(), "the reserve is kept on a full device");
    // It came back once, for the log gave up what it had kept; not again and again, of the room that it gave back itself.
    expect(sim_.events().count(EventKind::kSpaceReturned) <= 2, "puts were taken again and again on a full device");
  }
  void erase_all() {
    for (int i = 0; i < 300; i++) expect(db_->erase(key_of(i)).has_value(), "an erase was refused");
    Batch batch;
    for (int i = 300; i < 500; i++) batch.erase(key_of(i));
    expect(db_->write(batch, Durability::kDisk).has_value(), "a batch of erases was refused");
    expect(db_->erase_range(key_of(500), key_of(9000), Durability::kDisk).has_value(), "an erase_range was refused");
  }
  void expect_puts_again() {
    for (int i = 1; i < 100; i++) {
      Result<void> result;
      for (int turn = 0; turn < 120 && !(result = put(i)); turn++) {
        expect(result.error().kind == ErrorKind::kNoSpace, "there is no other reason");
        nap(kSecond / 2);
      }
      expect(result.has_value(), "all was erased, and puts are refused");
    }
    for (int i = 0; i < kKeys + taken_; i++) {
      const auto found = db_->contains(key_of(i));
      expect(found && *found == (i >= 1 && i < 100), "what was erased is there, or what was put is not");
    }
    expect(db_->check().value().empty(), "a table is damaged");
  }
  void reopen() {
    db_.reset();
    auto again = Db::open("db", small(), sim_.runtime());
    if (!again) sim_.fail("a full device cannot be opened: " + again.error().to_string());
    db_ = *std::move(again);
  }
  void kill_and_reopen() {
    sim_.disk().kill_process();
    db_.reset();
    sim_.disk().restart();
    reopen();
  }

  // The device is filled by others, to the last byte.
  void fill_by_others() { sim_.disk().set_capacity(sim_.disk().used_bytes(), ENOSPC); }
  Db& db() { return *db_; }

 private:
  Simulation& sim_;
  std::optional<Db> db_;
  int taken_ = 0;
};

void simulate(const std::function<void(Story&)>& body, uint64_t seeds = 12) {
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    Simulation sim(seed);
    const sync::RunResult result = sim.run([&] {
      Story story(sim);
      story.begin();
      body(story);
    });
    ASSERT_EQ(result.report, "") << "seed " << seed;
  }
}

TEST(FullDevice, ErasesGoOnAndPutsAreTakenAgain) {
  for (const int32_t full_errno : {ENOSPC, EDQUOT}) {
    simulate([&](Story& story) {
      story.fill(full_errno);
      story.erase_all();
      story.expect_puts_again();
    });
  }
}

// Twice: the second open finds no reserve.
TEST(FullDevice, CanBeReopenedAndErased) {
  simulate([](Story& story) {
    story.fill(ENOSPC);
    story.reopen();
    story.reopen();
    story.erase_all();
    story.expect_puts_again();
  });
}

TEST(FullDevice, CanBeReopenedAfterAKillAndErased) {
  simulate([](Story& story) {
    story.fill(EDQUOT);
    story.kill_and_reopen();
    story.erase_all();
    story.expect_puts_again();
  });
}

// The device is filled by somebody else, to the last byte: the first to find out is an erase, a flush, a drop, a close
// or an open.
TEST(FullDevice, TheReserveIsKeptForWhoeverNeedsItFirst) {
  enum class First { kErase, kFlush, kDrop, kClose, kOpen };
  for (const First first : {First::kErase, First::kFlush, First::kDrop, First::kClose, First::kOpen}) {
    simulate(
        [first](Story& story) {
          const Keyspace other = story.db().keyspace("other").value();
          other.put("key", std::string(100'000, 'o')).value();
          story.fill_by_others();
          if (first == First::kErase) {
            for (int i = 0; i < 1000; i++)
              story.expect(other.erase(std::string(100, 'k')).has_value(), "an erase was refused");
          }
          if (first == First::kFlush) story.expect(story.db().flush().has_value(), "a flush found no space");
          if (first == First::kDrop)
            story.expect(story.db().drop_keyspace("other").has_value(), "a drop found no space");
          if (first == First::kOpen) story.kill_and_reopen();
          if (first == First::kClose) story.reopen();
          story.erase_all();
          story.expect_puts_again();
        },
        6);
  }
}

}  // namespace
}  // namespace nacre::sim
