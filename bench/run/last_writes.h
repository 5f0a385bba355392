// LastWrites: what was written last under some of the numbers, so that a read can tell the newest value from an older one.
//
// About 10,000 numbers are remembered, chosen by a hash; of fewer records all. One worker's writes have an order; those of workers
// that work at once have none that the harness knows. So each of them has its last write of a number, and the store may
// hold any of these. What an earlier workload wrote is older than all of them.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "bench/workload/workload.h"

namespace bench {

class LastWrites {
 public:
  struct Write {
    uint64_t version = 0;
    uint32_t value_bytes = 0;
    uint64_t worker = 0;  // counted from the first one of the store
  };

  explicit LastWrites(const Records& records);

  void begin_workload() { first_worker_ = worker_ + 1; }
  void begin_worker() { worker_++; }
  void put(uint64_t number, uint64_t version, uint32_t value_bytes);
  void erase(uint64_t number) { writes_.erase(number); }

  // By number: the writes one of which the store must hold.
  const std::map<uint64_t, std::vector<Write>>& all() const { return writes_; }

 private:
  const uint64_t one_in_;  // numbers, is remembered
  uint64_t worker_ = 0;
  uint64_t first_worker_ = 0;  // of the workload
  std::map<uint64_t, std::vector<Write>> writes_;
};

}  // namespace bench
