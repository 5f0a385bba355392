#include "bench/run/last_writes.h"

#include <algorithm>

namespace bench {

namespace {

constexpr uint64_t kRemembered = 10'000;

}  // namespace

LastWrites::LastWrites(const Records& records) : one_in_(std::max<uint64_t>(1, records.count / kRemembered)) {}

void LastWrites::put(uint64_t number, uint64_t version, uint32_t value_bytes) {
  if (scatter(number) % one_in_ != 0) return;
  std::vector<Write>& writes = writes_[number];
  if (!writes.empty() && writes.back().worker < first_worker_) writes.clear();
  if (writes.empty() || writes.back().worker != worker_) writes.emplace_back();
  writes.back() = {.version = version, .value_bytes = value_bytes, .worker = worker_};
}

}  // namespace bench
