// Points: which commit points of one writer explain what a reader saw.
//
// Thread safety: none; within a simulation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nacre/bytes.h"

namespace nacre::sim {

// Every value that a key ever had, with the number of the write that brought it; none: erased.
struct Change {
  uint64_t write = 0;
  std::optional<std::string> value;
};
using Past = std::map<std::string, std::vector<Change>>;

// The commit points that may be the one a reader reads at, as numbers of writes: those that ended before it came, up to those
// that had begun when it was answered. What it sees rules some out; one must be left.
class Points {
 public:
  Points(uint64_t least, uint64_t most) {
    for (uint64_t at = least; at <= most; at++) left_.push_back(at);
  }
  // False: no point explains this and what was seen before.
  bool sees(const Past& past, const std::string& key, const std::optional<Bytes>& value) {
    const auto known = past.find(key);
    std::erase_if(left_, [&](uint64_t at) {
      const std::optional<std::string>* shown = nullptr;
      for (size_t i = known == past.end() ? 0 : known->second.size(); i-- > 0 && shown == nullptr;) {
        if (known->second[i].write <= at) shown = &known->second[i].value;
      }
      const bool present = shown != nullptr && shown->has_value();
      return present != value.has_value() || (present && Bytes(**shown) != *value);
    });
    return !left_.empty();
  }

 private:
  std::vector<uint64_t> left_;
};

}  // namespace nacre::sim
