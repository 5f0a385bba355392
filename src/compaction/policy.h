// The compaction policy: a pure function from a shape to the next plan, or to none when the shape is good.
//
// The default is lazy leveling (Dayan and Idreos, "Dostoevsky", SIGMOD 2018), applied to partitions of the key range:
//
//   level 0   runs as they are flushed            up to `runs_per_level` of them in a partition,
//   level 1+  runs of merged runs                 then they are merged into one run of the next level;
//   bottom    one run                             a partition is merged down as a whole when what waits above it is
//                                                 worth `down_share` of what lies below
//
// Why: a byte is written once a level above and (1 + 1/down_share) times at the bottom, where leveled compaction writes it
// about fanout/2 times a level; a read meets one run for nearly all data, and filters answer for the few above. Space is
// bounded: what waits above is at most down_share of the bottom plus what a level needs to fill.
//
// Partitions are cut at the bottom tables' borders, every `partition_bytes`, so that jobs stay small, run in parallel,
// and a hot range is merged without its cold neighbours. Flushes and merges cut their tables at the same keys (see
// partition_keys), so the tables of a partition rarely reach into the next; where they do, the plan grows to take them.
//
// An erase weighs what it erases: tombstones above count as bytes of what lies below, so space comes back after
// deletes without waiting for new data.
//
// Who writes and does not read gains nothing from fewer runs. So a level may hold many, and it is reads that buy merges: what they
// spent on meeting more than one run is saved up, in bytes of merging that would have cost as much, and once that is the price of
// a merge that spares them runs, it is made. As with skis that are rented until the rent has reached their price (Karlin et al.,
// "Competitive snoopy caching", 1988), no more than twice is spent of what would have been best in hindsight.
//
// At rest, runs are joined before anybody asked. Not those of large entries: their merges cost far more than they spare readers, and
// must give space back (Plan::must_drop); who carries the plan out looks whether it would, and says so if not (Shape::declined).
//
// Leveled and tiered shapes are the same function with other limits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compaction/shape.h"
#include "nacre/options.h"

namespace nacre::compaction {

struct PolicyOptions {
  CompactionShape shape = CompactionShape::kLazyLeveled;
  uint64_t memtable_bytes = uint64_t{64} << 20;  // what a flush brings at most
  uint64_t table_bytes = uint64_t{32} << 20;     // what jobs cut tables at
  // What lies at the bottom of one partition. At least 4 tables: else joining small ones could go on for ever, since the borders of
  // partitions cut them apart again.
  uint64_t partition_bytes = uint64_t{128} << 20;
  uint32_t runs_per_level = 32; // of upper levels in a partition; far fewer where reads pay for merges
  double down_share = 0.5;       // while writes come in
  double idle_down_share = 0.1;  // when nobody writes: spend idle time on fewer runs and less space
  uint32_t fanout = 8;           // kLeveled: size ratio of neighbouring levels
};

// What the policy wants next, the most urgent first; nothing that touches a busy table or skips one. With `idle`, also
// plans that are worth doing only because nobody is waiting. With `paid_bytes`, also plans that reads have paid for.
std::optional<Plan> pick(const Shape& shape, const PolicyOptions& options, bool idle, uint64_t paid_bytes = 0);

// Everything down into one bottom run: what Db::compact asks for. None when it is so already (or tables are busy).
std::optional<Plan> pick_full(const Shape& shape, const PolicyOptions& options);

// The keys at which new tables are cut, ascending: the borders of the partitions.
std::vector<std::string> partition_keys(const Shape& shape, const PolicyOptions& options);

// How far the shape is from where the policy wants it, in bytes that wait to be compacted beyond what is allowed.
uint64_t debt_bytes(const Shape& shape, const PolicyOptions& options);

// The most runs a partition's read can meet.
uint32_t deepest_runs(const Shape& shape, const PolicyOptions& options);

}  // namespace nacre::compaction
