// Large values.

#include "bench/workload/sources.h"

namespace bench {

namespace {

Workload fill(const char* name, const char* words, Data data) {
  return {.name = name,
          .words = words,
          .data = data,
          .before = Before::kEmpty,
          .settles = true,
          .crews = {{.operations = all_records(), .source = each_once(Action::kPut)}}};
}

Workload read(const char* name, const char* words, Data data) {
  return {.name = name,
          .words = words,
          .data = data,
          .warms = true,
          .crews = {{.operations = all_records(), .source = at_random(Action::kGet)}}};
}

}  // namespace

std::vector<Workload> large_workloads() {
  return {
      fill("fill-4k", "values of 4 KiB: every key once, in random order, into an empty store; settled", Data::kLarge4k),
      read("read-4k", "values of 4 KiB: gets of random keys", Data::kLarge4k),
      fill("fill-64k", "values of 64 KiB: every key once, in random order, into an empty store; settled",
           Data::kLarge64k),
      read("read-64k", "values of 64 KiB: gets of random keys", Data::kLarge64k),
  };
}

}  // namespace bench
