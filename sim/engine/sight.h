// Sight: what one commit point of the database turned out to be, learned from what was read at it.
//
// A reader does not know which cut it sees (history.h). It knows bounds: what had ended before the point was taken is in it,
// what had not begun when that was done is not. Each thing read rules out some numbers of commits; when none is left for a
// stream, no cut shows all that was read, and the database is wrong. So snapshots, cursors, single gets and the state after a
// crash are judged alike.
//
//     Sight sight(history);              // before the call that takes the commit point
//     Snapshot snapshot = db.snapshot();
//     sight.taken();                     // after it
//     wrong = sight.sees(place, value);  // "" or what is wrong; as often as there is something to see
//
// Thread safety: one thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/engine/history.h"

namespace nacre::sim {

using Entries = std::vector<std::pair<std::string, std::string>>;

class Sight {
 public:
  // A commit point that is taken from now on.
  explicit Sight(History& history);
  // What a crash left: anything between what must be there and what was begun.
  Sight(History& history, const Cut& floor);
  // This cut and no other.
  static Sight exactly(History& history, const Cut& cut);
  void taken();

  [[nodiscard]] std::string sees(const Place& place, const std::optional<Bytes>& value);
  // Everything in [from, to) of the space, no end: up to the last key.
  [[nodiscard]] std::string sees_range(uint32_t space, const std::string& from, const std::optional<std::string>& to,
                                       const Entries& entries);

  // The fewest and the most commits of the stream that it may show.
  Number least(uint32_t stream) const;
  Number most(uint32_t stream) const;
  bool may_be(uint32_t stream, Number number) const;
  uint64_t began() const { return began_; }
  uint64_t ended() const { return ended_; }
  std::string to_string() const;

 private:
  struct Window {
    Number first = 0;
    std::vector<bool> may;  // first, first + 1, ...
  };

  std::string sees_own(const Track& track, const std::optional<Bytes>& value);
  std::string sees_shared(const Track& track, const std::optional<Bytes>& value);
  std::string sees_winner(const Track& track, const Version& winner);
  std::string sees_count(const Track& track, const Version& winner) const;
  std::string sees_nothing(const Track& track);
  // False if nothing is left.
  bool rule_out_below(uint32_t stream, Number number);
  bool rule_out_from(uint32_t stream, Number number);
  static bool any(const Window& window);

  History* history_;
  std::array<Window, kStreams> windows_;
  uint64_t began_;
  uint64_t ended_ = kNever;
};

}  // namespace nacre::sim
