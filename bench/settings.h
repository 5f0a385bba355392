// Settings: what a run was asked for. Every engine of a comparison gets the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/data/keys.h"
#include "bench/data/values.h"
#include "bench/engine/store.h"

namespace bench {

struct Settings {
  uint64_t n = 5'000'000;  // entries; workloads with larger records take so many that the bytes are about the same
  KeyShape key;
  ValueShape value;
  uint64_t memory_bytes = uint64_t{2560} << 20;
  Durability durability = Durability::kOs;
  Codec codec = Codec::kFast;
  uint32_t threads = 1;
  uint32_t batch = 64;      // keys of a multi-get
  uint64_t nexts = 10;      // entries after the one that a seek stands on
  uint64_t write_rate = 0;  // of the writer of readwhilewriting, a second; 0: as fast as it can
  uint32_t busy_cores = 0;  // processes beside the run that only compute
  uint64_t most_calls = 0;  // of a workload that finds its store loaded; 0: as many as it takes
  uint64_t seed = 20260101;
  double stall_ms = 10;
  bool warm = true;     // reads every key once before the first workload that only reads
  bool verify = true;   // walks over everything after each workload that wrote
  bool latency = true;  // times every operation
  std::string directory;
  std::string engine_options;
  std::vector<std::string> workloads;  // empty: all
};

}  // namespace bench
