// Workloads that fill a store. Time runs until background work has settled: a fill that leaves its work to others is not done.

#include "bench/workload/sources.h"

namespace bench {

std::vector<Workload> fill_workloads() {
  constexpr uint64_t kBatch = 1000;
  return {
      {.name = "fillseq",
       .words = "puts in the order of keys, into an empty store; settled",
       .before = Before::kEmpty,
       .settles = true,
       .ascending = true,
       .crews = {{.operations = all_records(), .source = in_order(Action::kPut)}}},
      {.name = "fillseq-1000",
       .words = "the same in batches of 1,000",
       .before = Before::kEmpty,
       .settles = true,
       .counts_entries = true,
       .ascending = true,
       .latency_of = "a batch of 1,000",
       .crews = {{.operations = batches_of_all(kBatch), .source = many_in_order(Action::kPutBatch, kBatch)}}},
      {.name = "fillrandom",
       .words = "puts of random keys, some of them again and some never, into an empty store; settled",
       .before = Before::kEmpty,
       .settles = true,
       .crews = {{.operations = all_records(), .source = at_random(Action::kPut)}}},
      {.name = "fillrandom-1000",
       .words = "the same in batches of 1,000",
       .before = Before::kEmpty,
       .settles = true,
       .counts_entries = true,
       .latency_of = "a batch of 1,000",
       .crews = {{.operations = batches_of_all(kBatch), .source = many_at_random(Action::kPutBatch, kBatch)}}},
      {.name = "fillsync",
       .words = "synced puts of random keys, a 200th of n, into an empty store",
       .before = Before::kEmpty,
       .crews = {{.durability = Durability::kDisk,
                  .operations = share_of_records(200),
                  .source = at_random(Action::kPut)}}},
      {.name = "fillsync-16",
       .words = "synced puts by 16 threads, a 60th of n",
       .before = Before::kEmpty,
       .crews = {{.threads = 16,
                  .durability = Durability::kDisk,
                  .operations = share_of_records(60),
                  .source = at_random(Action::kPut)}}},
      {.name = "filluniquerandom",
       .words = "every key once, in random order, into an empty store; settled",
       .before = Before::kEmpty,
       .settles = true,
       .crews = {{.operations = all_records(), .source = each_once(Action::kPut)}}},
  };
}

}  // namespace bench
