#include "sim/engine/oracle.h"

#include <algorithm>

namespace nacre::sim {

// Of commits that surely are in it, none may have begun after one ended that surely is not.
std::string Oracle::check_time(const Seen& seen) const {
  uint64_t newest_begin = 0;
  uint64_t oldest_end = kNever;
  CommitId in;
  CommitId out;
  for (uint32_t s = 0; s < kStreams; s++) {
    for (Number n = seen.least[s]; n > 0; n--) {
      const Commit& commit = history_.commit({s, n});
      if (commit.refused) continue;
      if (commit.began > newest_begin) {
        newest_begin = commit.began;
        in = {s, n};
      }
      break;
    }
    for (Number n = seen.most[s] + 1; n <= history_.begun(s); n++) {
      const Commit& commit = history_.commit({s, n});
      if (commit.refused) continue;
      if (commit.ended < oldest_end) {
        oldest_end = commit.ended;
        out = {s, n};
      }
      break;
    }
  }
  if (oldest_end >= newest_begin) return "";
  return "the cut " + seen.text + " has " + to_string(in) + " and lacks " + to_string(out) +
         ", which was acknowledged before the other began: it is no prefix of the commit order";
}

std::string Oracle::check_pair(const Seen& a, const Seen& b) {
  bool a_has_more = false;
  bool b_has_more = false;
  for (uint32_t s = 0; s < kStreams; s++) {
    a_has_more |= a.least[s] > b.most[s];
    b_has_more |= b.least[s] > a.most[s];
  }
  if (a_has_more && b_has_more) return "two orders were seen: " + a.text + " and " + b.text;
  if (a_has_more && a.ended < b.began) return "time ran backwards: " + a.text + " was seen before " + b.text;
  if (b_has_more && b.ended < a.began) return "time ran backwards: " + b.text + " was seen before " + a.text;
  return "";
}

std::string Oracle::judge(const Sight& sight) {
  Seen seen{.began = sight.began(), .ended = sight.ended(), .text = sight.to_string()};
  for (uint32_t s = 0; s < kStreams; s++) {
    seen.least[s] = sight.least(s);
    seen.most[s] = sight.most(s);
  }
  if (std::string wrong = check_time(seen); !wrong.empty()) return wrong;
  for (const Seen& other : seen_) {
    if (std::string wrong = check_pair(other, seen); !wrong.empty()) return wrong;
  }
  seen_.push_back(std::move(seen));
  return "";
}

std::string Oracle::judge_after_crash(const Sight& sight) {
  for (Seen& seen : seen_) seen.ended = kNever;
  return judge(sight);
}

std::optional<Cut> Oracle::find_cut(const Sight& sight, const Explains& explains) {
  Cut cut{};
  for (uint32_t s = 0; s < kStreams; s++) cut[s] = sight.most(s);
  for (uint32_t tries = 0; tries < kMostCuts; tries++) {
    const History::Order known = history_.order();
    Sight supposed = Sight::exactly(history_, cut);
    if (explains(supposed)) return cut;
    history_.set_order(known);
    uint32_t s = 0;  // the next lower one: like the digits of a number
    for (; s < kStreams; s++) {
      const Number least = sight.least(s);
      if (cut[s] != least) {
        do cut[s]--;
        while (!sight.may_be(s, cut[s]));
        break;
      }
      cut[s] = sight.most(s);
    }
    if (s == kStreams) return std::nullopt;
  }
  for (uint32_t s = 0; s < kStreams; s++) cut[s] = sight.most(s);
  return cut;
}

std::string Oracle::decide(const Sight& sight, const Explains& explains) {
  if (std::string wrong = judge_after_crash(sight); !wrong.empty()) return wrong;
  const std::optional<Cut> cut = find_cut(sight, explains);
  if (!cut) return "no cut in " + sight.to_string() + " shows all that was read";
  history_.decide(*cut);
  seen_.clear();
  power_lost_ = false;
  return "";
}

std::string check_roll(KeyFamily family, const Entries& entries) {
  std::vector<uint32_t> ranks;
  for (uint32_t slot = 0; slot < kRollSlots; slot++) {
    const std::string key = key_of(family, kRollArea, slot);
    for (const auto& [there, value] : entries) {
      if (there == key) ranks.push_back(slot / kWriters);
    }
  }
  for (uint32_t i = 0; i < ranks.size(); i++) {
    if (ranks[i] != i) {
      return "transactions that each inserted what the range lacked are not serializable: rank " + std::to_string(i) +
             " of " + std::to_string(ranks.size()) + (ranks[i] < i ? " is there twice" : " is missing");
    }
  }
  return "";
}

std::string check_pair_area(const Entries& entries) {
  if (entries.size() < 2) return "";
  return "transactions that each looked for the other's key are not serializable: both keys are there";
}

}  // namespace nacre::sim
