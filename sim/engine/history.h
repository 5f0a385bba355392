// History: what was committed, by whom, in which order as far as it can be known; and what each place held after it.
//
// Commits belong to *streams*. A stream is one thread: it has one commit in flight at most and numbers them 1, 2, ... So all
// that a database shows is told by a *cut*, how many commits of each stream it has. Most places (a key of a keyspace) are
// written by one stream, and then the cut tells what they hold. A few are *shared*: there the winner of two streams is known
// only as far as one commit was acknowledged before the other began, or somebody saw who won.
//
// A commit that was refused keeps its number and changes nothing. One that is in doubt stays in flight until the next open.
//
// Thread safety: none needed, nothing here reaches a point of the scheduler.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nacre/options.h"
#include "sim/engine/content.h"

namespace nacre::sim {

using Number = uint32_t;  // of a commit in its stream; 0: before the first
using Cut = std::array<Number, kStreams>;

inline constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
inline constexpr uint32_t kNamesSpace = std::numeric_limits<uint32_t>::max();  // the space of keyspaces' names

// A key in a space: spaces are the incarnations of keyspaces, numbered as they come.
struct Place {
  uint32_t space = 0;
  std::string key;
  auto operator<=>(const Place&) const = default;
};
std::string to_string(const Place& place);

struct CommitId {
  uint32_t stream = 0;
  Number number = 0;
  auto operator<=>(const CommitId&) const = default;
};
std::string to_string(const CommitId& id);

struct Version {
  CommitId by;
  Content content;
};

struct Track {
  Place place;
  bool shared = false;
  bool counted = false;           // shared; each commit puts a text that begins with one more than it read
  std::vector<Version> versions;  // ascending in number if not shared, else as they were begun
};

struct Commit {
  Durability durability = Durability::kOs;
  uint64_t began = 0;
  uint64_t ended = kNever;  // acknowledged
  bool refused = false;
  std::vector<Track*> touched;
};

class History {
 public:
  uint64_t now() { return ++clock_; }

  // --- one commit of a stream: begun, changed, then one of the ends
  void begin(uint32_t stream, Durability durability);
  void put(uint32_t stream, const Place& place, const Content& content);
  void erase(uint32_t stream, const Place& place);
  // Erases what may be there of [from, to) in the space.
  void erase_range(uint32_t stream, uint32_t space, const std::string& from, const std::string& to);
  void acknowledged(uint32_t stream);
  void refused(uint32_t stream);

  // Several streams write here. To be said before the first of them does.
  void share(const Place& place, bool counted);

  Number begun(uint32_t stream) const { return static_cast<Number>(commits_[stream].size()); }
  // Commits up to here have ended: they are in every later view.
  Number settled(uint32_t stream) const { return settled_[stream]; }
  const Commit& commit(const CommitId& id) const { return commits_[id.stream][id.number - 1]; }
  // Whether a comes before b in commit order, by all that is known: a was acknowledged before b began, or is an earlier one
  // of its stream, or somebody saw b win; or so through others.
  bool surely_before(const CommitId& a, const CommitId& b) const;
  const Track* find(const Place& place) const;
  const std::map<Place, Track>& tracks() const { return tracks_; }
  // The place after `number` commits of its stream; null: never written. Not for shared places.
  static const Content* at(const Track& track, Number number);

  // --- what must survive
  struct Floors {
    Cut kill{};    // the death of the process
    Cut power{};   // a power cut
    Cut tables{};  // the loss of the log
  };
  const Floors& floors() const { return floors_; }
  Cut settled_so_far() const { return settled_; }
  // A flush, sync or close returned: commits in the cut survive a power cut. In tables: without the log, too.
  void made_durable(const Cut& cut, bool in_tables);
  void trust_nothing() { floors_ = {}; }

  // An open decides: what is not in the cut will never be seen again, the rest is there for ever.
  void decide(const Cut& cut);

  // A shared place that both wrote shows the winner's, so it comes later.
  void note_order(const CommitId& loser, const CommitId& winner);
  // What was noted, to be put back after a supposition.
  using Order = std::set<std::pair<CommitId, CommitId>>;
  const Order& order() const { return order_; }
  void set_order(Order order) { order_ = std::move(order); }

 private:
  Track& track(const Place& place);
  void change(uint32_t stream, Track& track, const Content& content);
  bool before_in_time(const CommitId& a, const CommitId& b) const;

  std::array<std::vector<Commit>, kStreams> commits_;
  Cut settled_{};
  Floors floors_;
  std::map<Place, Track> tracks_;
  Order order_;  // what time does not tell, as it was seen: (earlier, later)
  uint64_t clock_ = 0;
};

}  // namespace nacre::sim
