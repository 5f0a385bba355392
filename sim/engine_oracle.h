// EngineOracle: what a database must show that several writers filled while machines died under it.
//
// Writer w numbers its commits 1, 2, ... and changes only keys of its own, so what the database holds is told by a *cut*:
// how many commits of each writer it has. Each commit leaves its number behind: a batch in "c/<w>" of both keyspaces, a
// single put in "s/<w>" of one. So every view names its own cut, and must then be equal to the replay of that cut,
// key for key in both keyspaces.
//
// The commit order is not known, but it is one order, so of any two cuts one contains the other, and a commit that was
// acknowledged before another began is in every cut that has the other. "last" is written by the batches of all
// writers: its winner may not be older than a batch that began after it was acknowledged.
//
// What must survive: the floors below. An open decides: the cut that it shows is there for ever.
//
// Thread safety: none needed, nothing here reaches a point of the scheduler.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "nacre/options.h"

namespace nacre::sim {

inline constexpr uint32_t kWriters = 3;
inline constexpr uint32_t kKeyspaces = 2;

struct EngineOp {
  enum class Kind : uint8_t { kPut, kErase, kEraseRange };
  Kind kind = Kind::kPut;
  uint32_t keyspace = 0;
  std::string key;
  std::string end;        // of a range
  uint64_t value_id = 0;  // value_of(value_id, value_bytes)
  uint32_t value_bytes = 0;
};

struct EngineCommit {
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  bool batch = true;  // else a single put
  Durability durability = Durability::kOs;
  std::vector<EngineOp> ops;
  uint64_t began = 0;
  uint64_t ended = kNever;  // acknowledged
};

using EngineCut = std::array<uint64_t, kWriters>;
using EngineView = std::array<std::vector<std::pair<std::string, std::string>>, kKeyspaces>;

class EngineOracle {
 public:
  static std::string value_of(uint64_t id, uint32_t bytes);
  static std::string counter_key(uint32_t writer) { return "c/" + std::to_string(writer); }
  static std::string single_key(uint32_t writer) { return "s/" + std::to_string(writer); }
  static std::string last_value(uint32_t writer, uint64_t number) {
    return std::to_string(writer) + ":" + std::to_string(number);
  }

  // A new commit of the writer, which is about to be tried. Its number is count(writer).
  const EngineCommit& begin(uint32_t writer, base::Prng& prng, bool large_values);
  uint64_t count(uint32_t writer) const { return commits_[writer].size(); }
  void acknowledged(uint32_t writer);
  void refused(uint32_t writer) { commits_[writer].pop_back(); }  // the newest: it was not applied
  EngineCut acknowledged_so_far() const;
  // Commits in the cut survive a power cut from now on.
  void made_durable(const EngineCut& cut);
  uint64_t now() { return ++clock_; }

  // What is wrong with a view whose reading began at `began`, "" if nothing.
  std::string check(const EngineView& view, uint64_t began);
  // The same after an open, which decides.
  std::string check_opened(const EngineView& view);
  void power_lost() { power_lost_ = true; }

 private:
  using Model = std::array<std::map<std::string, const EngineOp*>, kKeyspaces>;

  static EngineCut cut_of(const EngineView& view);
  std::string check_view(const EngineView& view, const EngineCut& cut) const;
  std::string check_last(const EngineView& view, const EngineCut& cut) const;
  std::string check_order(const EngineCut& cut, uint64_t began) const;
  std::string check_chain(const EngineCut& cut) const;
  Model replay(const EngineCut& cut) const;

  std::array<std::vector<EngineCommit>, kWriters> commits_;
  EngineCut survives_power_{};
  EngineCut survives_kill_{};
  bool power_lost_ = false;
  std::vector<EngineCut> seen_;
  uint64_t clock_ = 0;
  uint64_t values_ = 0;
};

std::string to_string(const EngineCut& cut);

}  // namespace nacre::sim
