// Workloads that read and write at once, and those that write to a full store.

#include "bench/data/mixgraph.h"
#include "bench/data/zipf.h"
#include "bench/workload/sources.h"

namespace bench {

namespace {

std::unique_ptr<Source> mixgraph_source(const Scope& scope) {
  constexpr double kGets = 0.85;
  constexpr double kPuts = 0.14;
  return source_of([keys = MixKeys(scope.records.count), random = nacre::base::Prng(scope.seed),
                    version = uint64_t{0}](Operation& operation) mutable {
    const double kind = unit_interval(random);
    operation.number = keys.draw(random);
    if (kind < kGets) {
      operation.action = Action::kGet;
    } else if (kind < kGets + kPuts) {
      operation.action = Action::kPut;
      operation.version = ++version;
      operation.value_bytes = static_cast<uint32_t>(mix_value_bytes(unit_interval(random)));
    } else {
      operation.action = Action::kScan;
      operation.count = mix_scan_length(unit_interval(random));
    }
  });
}

}  // namespace

std::vector<Workload> mixed_workloads() {
  return {
      {.name = "readwhilewriting",
       .words = "gets of random keys, while one more thread overwrites random keys",
       .warms = true,
       .crews = {{.operations = all_records(), .source = at_random(Action::kGet)},
                 {.role = "writer", .threads = 1, .timed_by_rate = true, .source = at_random(Action::kPut)}}},
      {.name = "readwhilescanning",
       .words = "gets of random keys, while one more thread walks over everything, again and again",
       .warms = true,
       .crews = {{.operations = all_records(), .source = at_random(Action::kGet)},
                 {.role = "scanner", .threads = 1, .source = walks(Action::kScan)}}},
      {.name = "mixgraph",
       .words = "a social graph's store (FAST'20): 85% gets, 14% puts, 1% scans, hot ranges, sizes of a Pareto law",
       .warms = true,
       .crews = {{.operations = all_records(), .source = mixgraph_source}}},
      {.name = "overwrite",
       .words = "puts of random keys that are there; settled",
       .settles = true,
       .crews = {{.operations = all_records(), .source = at_random(Action::kPut)}}},
      {.name = "deleterandom",
       .words = "erases of random keys, some of them again and some never; settled",
       .settles = true,
       .crews = {{.operations = all_records(), .source = at_random(Action::kErase)}}},
  };
}

}  // namespace bench
