// Workloads that only read. What they look for is known, and what they find is checked.

#include "bench/workload/sources.h"

namespace bench {

std::vector<Workload> read_workloads() {
  return {
      {.name = "readrandom",
       .words = "gets of random keys, all of which are there",
       .warms = true,
       .crews = {{.operations = all_records(), .source = at_random(Action::kGet)}}},
      {.name = "readmissing",
       .words = "gets of keys that are not there, between those that are",
       .warms = true,
       .crews = {{.operations = all_records(), .source = at_random(Action::kGetMissing)}}},
      {.name = "readhot",
       .words = "gets of random keys among the first hundredth",
       .warms = true,
       .crews = {{.operations = all_records(), .source = at_random_hot(Action::kGet)}}},
      {.name = "multiget",
       .words = "random keys, --batch of them in a call; counts keys",
       .counts_entries = true,
       .warms = true,
       .latency_of = "a call for --batch keys",
       .crews = {{.operations = batches_of_all(0), .source = many_at_random(Action::kMultiGet, 0)}}},
      {.name = "seekrandom",
       .words = "a new cursor, a seek to a random key, and --nexts more entries",
       .warms = true,
       .crews = {{.operations = all_records(), .source = scans_at_random(Action::kScan, 0)}}},
      {.name = "seekreverse",
       .words = "the same backwards",
       .warms = true,
       .crews = {{.operations = all_records(), .source = scans_at_random(Action::kScanBack, 0)}}},
      {.name = "seekonly",
       .words = "seeks to random keys with one cursor",
       .warms = true,
       .crews = {{.operations = all_records(), .source = scans_at_random(Action::kWalk, 1)}}},
      {.name = "readseq",
       .words = "everything in order, once; counts entries",
       .counts_entries = true,
       .warms = true,
       .latency_of = "a walk over 10,000 entries",
       .crews = {{.operations = walks_over_all(), .source = walks(Action::kWalk)}}},
      {.name = "readreverse",
       .words = "the same backwards",
       .counts_entries = true,
       .warms = true,
       .latency_of = "a walk over 10,000 entries",
       .crews = {{.operations = walks_over_all(), .source = walks(Action::kWalkBack)}}},
  };
}

}  // namespace bench
