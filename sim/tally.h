// Tally: how much a campaign has really done. Counters by name, and the crash states it has met.
//
//     tally().count("flushes", n);    // workloads count what they do; SimDisk counts power cuts, kills and crash states
//
// A *crash state* is what a restarted machine finds: after a power cut all durable names and bytes, after a kill also
// what the page cache shows. It is kept as a hash of 64 bits, so that distinct ones can be counted over many processes.
//
// Nothing in a run may depend on it. Thread safety: none, one OS thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/coding.h"

namespace nacre::sim {

class Tally {
 public:
  void count(std::string_view name, uint64_t how_many = 1);
  void crash_state(uint64_t hash);
  void add(const Tally& other);

  const std::map<std::string, uint64_t, std::less<>>& counts() const { return counts_; }
  uint64_t of(std::string_view name) const;  // 0 if it was never counted
  uint64_t crash_states_tried() const { return tried_; }
  const std::unordered_set<uint64_t>& crash_states() const { return states_; }

  // Between processes of one program.
  void append_to(std::string& out) const;
  static Tally read_from(base::Decoder& in);

 private:
  std::map<std::string, uint64_t, std::less<>> counts_;
  std::unordered_set<uint64_t> states_;
  uint64_t tried_ = 0;
};

// Of this process.
Tally& tally();

}  // namespace nacre::sim
