// Oracle: what a database must show, from docs/PROMISES.md alone. It shares no code with the engine.
//
//   order        every commit point that anybody saw, and what every crash left, is a prefix of one order of commits, over all
//                keyspaces, creations and drops of keyspaces included: of two cuts one contains the other, and a commit that
//                was acknowledged before another began is in every cut that has the other
//   time         a commit point has all that was acknowledged before it was taken, and nothing that began after; a later one
//                has all that an earlier one had
//   durability   after a crash what its kind must honour is there (History::Floors)
//   decision     what an open shows is there for ever, the rest never comes back
//
// Thread safety: none needed, nothing here reaches a point of the scheduler.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/history.h"
#include "sim/engine/sight.h"

namespace nacre::sim {

class Oracle {
 public:
  History& history() { return history_; }
  const History& history() const { return history_; }

  // The commit point is known as well as it ever will be. "" or what is wrong with it.
  [[nodiscard]] std::string judge(const Sight& sight);
  // The same of what a crash left: it may be less than was seen before it.
  [[nodiscard]] std::string judge_after_crash(const Sight& sight);
  // Whether all that was read fits a supposed cut.
  using Explains = std::function<bool(Sight& supposed)>;
  // What stands open now shows this; the history is decided by it. What the sight leaves open for each stream may not go together:
  // of the cuts in it one that explains all is taken, the greatest that is met first; all of them show the same.
  [[nodiscard]] std::string decide(const Sight& sight, const Explains& explains = [](Sight&) { return true; });

  void power_lost() { power_lost_ = true; }
  bool is_power_lost() const { return power_lost_; }
  // The bounds of what the next open may show.
  const Cut& must_survive() const { return power_lost_ ? history_.floors().power : history_.floors().kill; }

 private:
  struct Seen {
    Cut least{};
    Cut most{};
    uint64_t began = 0;
    uint64_t ended = 0;
    std::string text;
  };

  static constexpr uint32_t kMostCuts = 2000;  // looked at; a device that lied leaves too many

  std::optional<Cut> find_cut(const Sight& sight, const Explains& explains);
  std::string check_time(const Seen& seen) const;
  static std::string check_pair(const Seen& a, const Seen& b);

  History history_;
  std::vector<Seen> seen_;  // since the last open
  bool power_lost_ = false;
};

// Transactions keep these if they are serializable. `keys` are those of one commit point, of the area alone.
[[nodiscard]] std::string check_roll(KeyFamily family, const Entries& entries);
[[nodiscard]] std::string check_pair_area(const Entries& entries);

}  // namespace nacre::sim
