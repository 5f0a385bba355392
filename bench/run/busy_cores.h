// BusyCores: processes that only compute, as neighbours on a machine do, for as long as this object lives. What an engine's latencies
// are worth shows beside them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace bench {

class BusyCores {
 public:
  explicit BusyCores(uint32_t cores);
  ~BusyCores();
  BusyCores(const BusyCores&) = delete;
  BusyCores& operator=(const BusyCores&) = delete;

 private:
  std::vector<pid_t> children_;
};

}  // namespace bench
