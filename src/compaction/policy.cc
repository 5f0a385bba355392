#include "compaction/policy.h"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace nacre::compaction {

namespace {

// Part of the key space [begin, end); an empty end is open. Grows to whole tables when a plan takes it.
struct Range {
  Bytes begin;
  Bytes end;
  bool open_end = true;
  bool closed_end = false;  // `end` itself belongs to it
};

bool overlaps(const ShapeTable& table, const Range& range) {
  if (table.largest < range.begin) return false;
  if (range.open_end) return true;
  return range.closed_end ? table.smallest <= range.end : table.smallest < range.end;
}

void grow(Range& range, const ShapeTable& table) {
  range.begin = std::min(range.begin, table.smallest);
  if (range.open_end) return;
  if (table.largest >= range.end) {
    range.end = table.largest;
    range.closed_end = true;
  }
}

// The runs [first, last] of the shape within a partition.
struct Slice {
  std::vector<const ShapeTable*> tables;  // newest run first
  Bytes smallest;
  Bytes largest;
  uint64_t bytes = 0;
  uint64_t entries = 0;
  bool busy = false;  // some of it belongs to a running job
};

// Takes every table of runs [first, last] that overlaps the range, growing the range until no table reaches over it.
Slice take(const Shape& shape, size_t first, size_t last, Range& range) {
  Slice slice;
  size_t before = std::numeric_limits<size_t>::max();
  while (slice.tables.size() != before) {
    before = slice.tables.size();
    slice = Slice{};
    for (size_t r = first; r <= last; r++) {
      for (const ShapeTable& table : shape.runs[r].tables) {
        if (!overlaps(table, range)) continue;
        slice.tables.push_back(&table);
        slice.bytes += table.bytes;
        slice.entries += table.entries;
        slice.busy |= table.busy;
      }
    }
    for (const ShapeTable* table : slice.tables) grow(range, *table);
  }
  for (const ShapeTable* table : slice.tables) {
    slice.smallest = slice.smallest.data() == nullptr ? table->smallest : std::min(slice.smallest, table->smallest);
    slice.largest = std::max(slice.largest, table->largest);
  }
  for (const Reservation& reserved : shape.reserved) {
    if (reserved.smallest <= slice.largest && slice.smallest <= reserved.largest) slice.busy = true;
  }
  return slice;
}

// What a partition holds, level by level.
struct Census {
  uint64_t above_bytes = 0;
  uint64_t below_bytes = 0;
  uint64_t below_entries = 0;
  uint64_t tombstones_above = 0;
  uint64_t tombstones_below = 0;
  uint64_t range_tombstones = 0;
  uint32_t runs[kBottomLevel + 1] = {};
  uint64_t bytes[kBottomLevel + 1] = {};
  uint32_t runs_above = 0;
};

Census census_of(const Shape& shape, const Range& range) {
  Census census;
  for (const ShapeRun& run : shape.runs) {
    bool present = false;
    for (const ShapeTable& table : run.tables) {
      if (!overlaps(table, range)) continue;
      present = true;
      census.bytes[run.level] += table.bytes;
      census.range_tombstones += table.range_tombstones;
      if (run.level == kBottomLevel) {
        census.below_bytes += table.bytes;
        census.below_entries += table.entries;
        census.tombstones_below += table.erases;
      } else {
        census.above_bytes += table.bytes;
        census.tombstones_above += table.erases;
      }
    }
    if (!present) continue;
    census.runs[run.level]++;
    if (run.level != kBottomLevel) census.runs_above++;
  }
  return census;
}

// What waits above, an erase counting as the entry that it erases.
double weight_above(const Census& census) {
  double weight = static_cast<double>(census.above_bytes);
  if (census.below_entries != 0) {
    weight += static_cast<double>(census.tombstones_above) * static_cast<double>(census.below_bytes) /
              static_cast<double>(census.below_entries);
  }
  return weight;
}

uint32_t max_runs(uint32_t level, const PolicyOptions& options) {
  switch (options.shape) {
    case CompactionShape::kLazyLeveled: return level == kBottomLevel ? 1 : options.runs_per_level;
    case CompactionShape::kLeveled: return level == 0 ? std::min<uint32_t>(options.runs_per_level, 4) : 1;
    case CompactionShape::kTiered: return options.runs_per_level;
  }
  return 1;
}

size_t first_run_of(const Shape& shape, uint32_t level) {
  size_t r = 0;
  while (r < shape.runs.size() && shape.runs[r].level < level) r++;
  return r;
}

bool run_overlaps(const ShapeRun& run, const Range& range) {
  return std::any_of(run.tables.begin(), run.tables.end(), [&](const ShapeTable& t) { return overlaps(t, range); });
}

// The run on `level` that output for `range` may join: free in that range and newer than every run of the level that is
// not. 0 when there is none: then a new run begins.
uint64_t run_to_join(const Shape& shape, uint32_t level, const Range& range, const std::vector<uint64_t>& inputs) {
  uint64_t joined = 0;
  for (const ShapeRun& run : shape.runs) {  // newest first
    if (run.level != level) continue;
    const bool taken = std::any_of(run.tables.begin(), run.tables.end(), [&](const ShapeTable& table) {
      return overlaps(table, range) && std::find(inputs.begin(), inputs.end(), table.number) == inputs.end();
    });
    if (taken) break;
    joined = run.id;
  }
  return joined;
}

Plan make_plan(const Shape& shape, const Slice& slice, const Range& range, uint32_t level_from, uint32_t output_level) {
  Plan plan;
  for (const ShapeTable* table : slice.tables) plan.inputs.push_back(table->number);
  plan.smallest = slice.smallest;
  plan.largest = slice.largest;
  plan.input_bytes = slice.bytes;
  plan.input_entries = slice.entries;
  plan.level_from = level_from;
  plan.output_level = output_level;
  plan.output_run = run_to_join(shape, output_level, range, plan.inputs);
  plan.bottom = true;
  for (const ShapeRun& run : shape.runs) {
    if (run.level < level_from) continue;
    for (const ShapeTable& table : run.tables) {
      if (overlaps(table, range) &&
          std::find(plan.inputs.begin(), plan.inputs.end(), table.number) == plan.inputs.end()) {
        plan.bottom = false;
      }
    }
  }
  return plan;
}

std::vector<Range> partitions_of(const Shape& shape, const PolicyOptions& options) {
  std::vector<Range> partitions;
  Range current;
  const bool one_run_below =
      !shape.runs.empty() && (shape.runs.back().level == kBottomLevel || options.shape == CompactionShape::kLeveled);
  if (one_run_below) {
    uint64_t bytes = 0;
    for (const ShapeTable& table : shape.runs.back().tables) {
      if (bytes >= options.partition_bytes) {
        current.end = table.smallest;
        current.open_end = false;
        partitions.push_back(current);
        current = Range{};
        current.begin = table.smallest;
        bytes = 0;
      }
      bytes += table.bytes;
    }
  }
  partitions.push_back(current);
  return partitions;
}

// Tables of upper runs that overlap nothing older go to the bottom as they are.
std::optional<Plan> pick_move(const Shape& shape, const PolicyOptions& options) {
  for (size_t r = shape.runs.size(); r-- > 0;) {
    const ShapeRun& run = shape.runs[r];
    if (run.level == kBottomLevel) continue;
    Plan plan;
    plan.kind = Plan::Kind::kMove;
    plan.level_from = run.level;
    plan.output_level = kBottomLevel;
    plan.bottom = true;
    plan.urgency = 3;
    plan.reason = "overlaps nothing below";
    for (const ShapeTable& table : run.tables) {
      // Tombstones would be carried on for nothing, and tiny tables would pile up: those are merged instead.
      if (table.busy || table.erases != 0 || table.range_tombstones != 0 || table.bytes < options.table_bytes / 8)
        continue;
      const Range range{.begin = table.smallest, .end = table.largest, .open_end = false, .closed_end = true};
      bool free_below = std::none_of(shape.reserved.begin(), shape.reserved.end(), [&](const Reservation& reserved) {
        return reserved.smallest <= table.largest && table.smallest <= reserved.largest;
      });
      for (size_t older = r + 1; older < shape.runs.size() && free_below; older++) {
        free_below = !run_overlaps(shape.runs[older], range);
      }
      if (!free_below) continue;
      if (plan.inputs.empty()) plan.smallest = table.smallest;
      plan.largest = table.largest;
      plan.inputs.push_back(table.number);
      plan.input_bytes += table.bytes;
      if (plan.output_run == 0) plan.output_run = run_to_join(shape, kBottomLevel, range, plan.inputs);
    }
    if (!plan.inputs.empty()) return plan;
  }
  return std::nullopt;
}

// All of a partition into the bottom run.
std::optional<Plan> plan_down(const Shape& shape, Range range, double urgency, const char* reason) {
  if (shape.runs.empty()) return std::nullopt;
  const Slice slice = take(shape, 0, shape.runs.size() - 1, range);
  if (slice.tables.empty() || slice.busy) return std::nullopt;
  Plan plan = make_plan(shape, slice, range, shape.runs.front().level, kBottomLevel);
  plan.urgency = urgency;
  plan.reason = reason;
  return plan;
}

// All runs of one level, and of the next where that holds only one run, into the next level.
std::optional<Plan> plan_level(const Shape& shape, const PolicyOptions& options, Range range, uint32_t level,
                               double urgency, const char* reason) {
  const bool bottom_next = first_run_of(shape, level + 1) == shape.runs.size();
  uint32_t output = level + 1;
  if (bottom_next && options.shape != CompactionShape::kLazyLeveled) output = kBottomLevel;
  if (output == kBottomLevel && level + 1 < kBottomLevel && options.shape == CompactionShape::kLeveled && level != 0) {
    output = level + 1;  // leveled trees grow one level at a time
  }
  if (level + 1 >= kBottomLevel) output = kBottomLevel;
  const size_t first = first_run_of(shape, level);
  size_t end = first_run_of(shape, level + 1);
  if (max_runs(output, options) == 1) end = first_run_of(shape, output + 1);
  if (first >= end) return std::nullopt;
  const Slice slice = take(shape, first, end - 1, range);
  if (slice.tables.empty() || slice.busy) return std::nullopt;
  Plan plan = make_plan(shape, slice, range, level, output);
  plan.urgency = urgency;
  plan.reason = reason;
  return plan;
}

uint64_t leveled_capacity(uint32_t level, const PolicyOptions& options) {
  uint64_t capacity = options.memtable_bytes * std::min<uint32_t>(options.runs_per_level, 4);
  for (uint32_t i = 1; i < level; i++) capacity *= options.fanout;
  return capacity;
}

// The merge that spares reads the most runs for a byte, if they have paid for it.
std::optional<Plan> pick_paid(const Shape& shape, const PolicyOptions& options, const Range& range,
                              const Census& census, uint64_t paid_bytes) {
  constexpr uint32_t kDown = kBottomLevel;
  uint32_t best = kDown;
  double best_worth = 0;
  const auto weigh = [&](uint32_t candidate, uint32_t runs, uint64_t bytes) {
    if (runs < 2) return;
    const double worth = (runs - 1) / static_cast<double>(std::max<uint64_t>(bytes, 1));
    if (worth <= best_worth) return;
    best = candidate;
    best_worth = worth;
  };
  if (options.shape != CompactionShape::kTiered)
    weigh(kDown, census.runs_above + census.runs[kBottomLevel], census.above_bytes + census.below_bytes);
  for (uint32_t level = 0; level < kBottomLevel; level++) weigh(level, census.runs[level], census.bytes[level]);
  if (best_worth == 0) return std::nullopt;
  constexpr double kUrgency = 1.6;  // behind all that the shape demands, before what can wait
  constexpr const char* kReason = "reads have paid for fewer runs";
  std::optional<Plan> plan = best == kDown ? plan_down(shape, range, kUrgency, kReason)
                                           : plan_level(shape, options, range, best, kUrgency, kReason);
  if (!plan || plan->input_bytes > paid_bytes) return std::nullopt;
  plan->paid = true;
  return plan;
}

// Reads gain the same by a merge whatever the size of its entries, and the size is its price: large ones are rewritten for the
// space that it gives back, or once reads have paid. Null: this was looked at, and gives too little.
std::optional<Plan> at_its_price(const Shape& shape, Plan plan) {
  constexpr uint64_t kDearEntryBytes = 2048;  // as stored, on average
  plan.must_drop = plan.input_bytes >= kDearEntryBytes * plan.input_entries;
  if (!plan.must_drop) return plan;
  const bool declined =
      std::find(shape.declined.begin(), shape.declined.end(), plan.sorted_inputs()) != shape.declined.end();
  return declined ? std::nullopt : std::optional<Plan>(std::move(plan));
}

// The most urgent plan of one partition.
std::optional<Plan> pick_in_partition(const Shape& shape, const PolicyOptions& options, const Range& range, bool idle,
                                      uint64_t paid_bytes) {
  const Census census = census_of(shape, range);
  const bool lazy = options.shape == CompactionShape::kLazyLeveled;
  const double weight = weight_above(census);
  const double below = static_cast<double>(census.below_bytes);

  // The deepest full level first: what is merged there is not merged again by the one above it.
  for (uint32_t level = kBottomLevel; level-- > 0;) {
    const uint32_t runs = census.runs[level];
    const uint32_t limit = max_runs(level, options);
    const bool full = limit > 1 ? runs >= limit : runs > limit;
    const bool over = options.shape == CompactionShape::kLeveled && level > 0 &&
                      census.bytes[level] > leveled_capacity(level, options);
    if (!full && !over) continue;
    const double urgency = 1 + static_cast<double>(runs) / limit;
    if (lazy && weight >= options.down_share * below)
      return plan_down(shape, range, urgency, "worth a share of what lies below");
    return plan_level(shape, options, range, level, urgency,
                      full ? "the level has its fill of runs" : "the level is over its size");
  }
  if (options.shape == CompactionShape::kTiered && census.runs[kBottomLevel] >= max_runs(kBottomLevel, options)) {
    return plan_down(shape, range, 1.5, "the bottom has its fill of runs");
  }
  // Erased data is worth fetching back even if little was written.
  const double erased = weight - static_cast<double>(census.above_bytes);
  if (erased > 0 && erased >= options.down_share * below)
    return plan_down(shape, range, 1.1, "erases are worth a share of what lies below");
  if (paid_bytes > 0) {
    if (std::optional<Plan> plan = pick_paid(shape, options, range, census, paid_bytes)) return plan;
  }
  if (!idle) return std::nullopt;

  const bool tiered = options.shape == CompactionShape::kTiered;
  const bool anything_above = census.runs_above > 0;
  const bool erased_below = (census.range_tombstones > 0 || census.tombstones_below > 0) && !shape.snapshots_held;
  if (census.range_tombstones > 0 || (census.tombstones_below + census.tombstones_above) * 10 > census.below_entries) {
    if (anything_above || erased_below) {
      return plan_down(shape, range, 0.8, "idle: gives erased space back");
    }
  }
  // The tiered shape leaves several, if the keyspace had that before.
  if (!tiered && census.runs[kBottomLevel] > 1)
    return plan_down(shape, range, 0.6, "idle: the bottom has more than a run");
  if (!tiered && anything_above && weight >= options.idle_down_share * below) {
    std::optional<Plan> plan = plan_down(shape, range, 0.5, "idle: fewer runs to read");
    if (!plan) return std::nullopt;
    if ((plan = at_its_price(shape, *std::move(plan)))) return plan;
  }
  if (census.runs[0] < 2) return std::nullopt;
  std::optional<Plan> plan = plan_level(shape, options, range, 0, 0.3, "idle: joins small runs");
  return plan ? at_its_price(shape, *std::move(plan)) : std::nullopt;
}

// Neighbouring small tables of the bottom run, left by small flushes and by erased space.
std::optional<Plan> pick_small_neighbours(const Shape& shape, const PolicyOptions& options) {
  if (shape.runs.empty() || shape.runs.back().level != kBottomLevel) return std::nullopt;
  const std::vector<ShapeTable>& tables = shape.runs.back().tables;
  for (size_t i = 0; i + 1 < tables.size(); i++) {
    uint64_t bytes = 0;
    size_t end = i;
    while (end < tables.size() && !tables[end].busy && tables[end].bytes < small_table_bytes(options.table_bytes) &&
           bytes < options.table_bytes) {
      bytes += tables[end++].bytes;
    }
    if (end - i < 4) continue;
    Range range{.begin = tables[i].smallest, .end = tables[end - 1].largest, .open_end = false, .closed_end = true};
    const size_t last = shape.runs.size() - 1;
    const Slice slice = take(shape, last, last, range);
    if (slice.busy) continue;
    Plan plan = make_plan(shape, slice, range, kBottomLevel, kBottomLevel);
    if (plan.output_run != shape.runs.back().id)
      continue;  // a newer bottom run lies over it: a new run would stand before that
    plan.urgency = 0.2;
    plan.reason = "idle: joins small tables";
    return plan;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Plan> pick(const Shape& shape, const PolicyOptions& options, bool idle, uint64_t paid_bytes) {
  if (std::optional<Plan> move = pick_move(shape, options)) return move;
  std::optional<Plan> best;
  for (const Range& range : partitions_of(shape, options)) {
    std::optional<Plan> plan = pick_in_partition(shape, options, range, idle, paid_bytes);
    if (plan && (!best || plan->urgency > best->urgency)) best = std::move(plan);
  }
  if (!best && idle) best = pick_small_neighbours(shape, options);
  return best;
}

std::optional<Plan> pick_full(const Shape& shape, const PolicyOptions& options) {
  for (const Range& range : partitions_of(shape, options)) {
    const Census census = census_of(shape, range);
    const bool wanted = census.runs_above > 0 || census.runs[kBottomLevel] > 1 ||
                        (!shape.snapshots_held && (census.tombstones_below > 0 || census.range_tombstones > 0));
    if (!wanted) continue;
    if (std::optional<Plan> plan = plan_down(shape, range, 2, "asked for")) return plan;
  }
  return std::nullopt;
}

std::vector<std::string> partition_keys(const Shape& shape, const PolicyOptions& options) {
  std::vector<std::string> keys;
  for (const Range& range : partitions_of(shape, options)) {
    if (!range.open_end) keys.emplace_back(range.end);
  }
  return keys;
}

uint64_t debt_bytes(const Shape& shape, const PolicyOptions& options) {
  uint64_t debt = 0;
  for (const Range& range : partitions_of(shape, options)) {
    const Census census = census_of(shape, range);
    for (uint32_t level = 0; level < kBottomLevel; level++) {
      const uint32_t limit = max_runs(level, options);
      if (census.runs[level] > limit) debt += census.bytes[level] * (census.runs[level] - limit) / census.runs[level];
    }
  }
  return debt;
}

uint32_t deepest_runs(const Shape& shape, const PolicyOptions& options) {
  uint32_t deepest = 0;
  for (const Range& range : partitions_of(shape, options)) {
    const Census census = census_of(shape, range);
    deepest = std::max(deepest, census.runs_above + census.runs[kBottomLevel]);
  }
  return deepest;
}

std::string Plan::to_string() const {
  std::string text(kind == Kind::kMove ? "move" : "merge");
  text += " L" + std::to_string(level_from) + " -> L" + std::to_string(output_level);
  if (output_run != 0) text += " run " + std::to_string(output_run);
  if (bottom) text += " bottom";
  text += " inputs";
  for (const uint64_t number : inputs) text += " " + std::to_string(number);
  text += " bytes " + std::to_string(input_bytes) + " (" + reason + ")";
  return text;
}

std::vector<uint64_t> Plan::sorted_inputs() const {
  std::vector<uint64_t> sorted = inputs;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::string Plan::details() const {
  constexpr size_t kMostNamed = 64;
  std::string text = "tables";
  for (size_t i = 0; i < std::min(inputs.size(), kMostNamed); i++) text += " " + std::to_string(inputs[i]);
  if (inputs.size() > kMostNamed) text += " and " + std::to_string(inputs.size() - kMostNamed) + " more";
  if (output_run != 0) text += ", into run " + std::to_string(output_run);
  return text + ", urgency in percent " + std::to_string(static_cast<int>(urgency * 100));
}

}  // namespace nacre::compaction
