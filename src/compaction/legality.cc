#include "compaction/legality.h"

#include <algorithm>
#include <vector>

namespace nacre::compaction {

namespace {

constexpr uint64_t kNewestRun = ~uint64_t{0};  // the id of a run that is yet to be made is above all others

// Where a run stands: a smaller level is newer, within a level a larger id is.
struct Place {
  uint32_t level;
  uint64_t run;
  bool is_newer_than(const Place& other) const { return level != other.level ? level < other.level : run > other.run; }
};
Place place_of(const PlacedTable& table) { return {table.level, table.run}; }

bool meets(Bytes smallest, Bytes largest, Bytes other_smallest, Bytes other_largest) {
  return smallest <= other_largest && other_smallest <= largest;
}

class Case {
 public:
  Case(std::span<const PlacedTable> tables, std::span<const Reservation> reserved, const Plan& plan)
      : tables_(tables), reserved_(reserved), plan_(plan), numbers_(plan.inputs) {
    std::sort(numbers_.begin(), numbers_.end());
    for (const PlacedTable& table : tables) {
      if (is_input(table)) inputs_.push_back(&table);
    }
  }

  const char* verdict() const {
    if (const char* wrong = about_inputs(); wrong != nullptr) return wrong;
    if (const char* wrong = about_output(); wrong != nullptr) return wrong;
    for (const Reservation& reserved : reserved_) {
      if (writes_into(reserved.smallest, reserved.largest)) return "it writes into the range of a running job";
    }
    for (const PlacedTable& table : tables_) {
      if (is_input(table) || !writes_into(table.smallest, table.largest)) continue;
      if (const char* wrong = about_other(table); wrong != nullptr) return wrong;
    }
    return nullptr;
  }

 private:
  bool is_input(const PlacedTable& table) const {
    return std::binary_search(numbers_.begin(), numbers_.end(), table.number);
  }

  bool writes_into(Bytes smallest, Bytes largest) const {
    if (plan_.kind == Plan::Kind::kMerge) return meets(plan_.smallest, plan_.largest, smallest, largest);
    return std::any_of(inputs_.begin(), inputs_.end(), [&](const PlacedTable* input) {
      return meets(input->smallest, input->largest, smallest, largest);
    });
  }

  const char* about_inputs() const {
    if (numbers_.empty()) return "it has no inputs";
    if (std::adjacent_find(numbers_.begin(), numbers_.end()) != numbers_.end()) return "it takes a table twice";
    if (inputs_.size() != numbers_.size()) return "it takes a table that is not there";
    for (const PlacedTable* input : inputs_) {
      if (input->busy) return "it takes a table that a running job reads";
      if (input->smallest < Bytes(plan_.smallest) || input->largest > Bytes(plan_.largest))
        return "its range does not cover its inputs";
    }
    const bool of_one_run = std::all_of(inputs_.begin(), inputs_.end(),
                                        [&](const PlacedTable* input) { return input->run == inputs_.front()->run; });
    if (plan_.kind == Plan::Kind::kMove && !of_one_run) return "it moves tables of several runs";
    if (plan_.level_from > inputs_.front()->level) return "an input lies above the level that it begins at";
    return nullptr;
  }

  const char* about_output() const {
    if (plan_.output_level > kBottomLevel || plan_.output_level < inputs_.back()->level)
      return "its output level lies above an input";
    if (plan_.output_run == 0) return nullptr;
    const bool there = std::any_of(tables_.begin(), tables_.end(), [&](const PlacedTable& table) {
      return table.level == plan_.output_level && table.run == plan_.output_run;
    });
    return there ? nullptr : "it joins a run that its output level does not have";
  }

  // A table that stays, where the plan writes.
  const char* about_other(const PlacedTable& table) const {
    const Place place = place_of(table);
    // Tables of one run never overlap: what looks like it is an exclusive end.
    if (plan_.kind == Plan::Kind::kMove && table.run == inputs_.front()->run) return nullptr;
    const Place output{plan_.output_level, plan_.output_run != 0 ? plan_.output_run : kNewestRun};
    if (place.is_newer_than(place_of(*inputs_.front())))
      return place.is_newer_than(output) ? nullptr : "its output would stand before newer data";
    if (!place_of(*inputs_.back()).is_newer_than(place)) return "it skips a run between two of its inputs";
    if (plan_.bottom) return "it calls itself bottom and there is older data";
    return output.is_newer_than(place) ? nullptr : "its output would stand behind older data";
  }

  const std::span<const PlacedTable> tables_;
  const std::span<const Reservation> reserved_;
  const Plan& plan_;
  std::vector<uint64_t> numbers_;
  std::vector<const PlacedTable*> inputs_;  // newest run first
};

}  // namespace

const char* illegality(std::span<const PlacedTable> tables, std::span<const Reservation> reserved, const Plan& plan) {
  return Case(tables, reserved, plan).verdict();
}

}  // namespace nacre::compaction
