// Operation: one call that a workload makes. Source: the stream of operations of one worker, a pure function of its seed, so
// that every engine is asked the same in the same order.
#pragma once

#include <cstdint>
#include <vector>

namespace bench {

enum class Action : uint8_t {
  kPut,         // `number`
  kPutBatch,    // `numbers`, in one batch
  kErase,       // `number`
  kEraseRange,  // `count` numbers from `number` on
  kGet,         // `number`, which is there
  kGetMissing,  // next to `number`, where nothing is
  kMultiGet,    // `numbers`
  kModify,      // a get of `number`, then a put
  kScan,        // at most `count` entries from `number` on, with a new cursor
  kScanBack,    // at most `count` entries before `number`, with a new cursor
  kScanWindow,  // the `count` entries from `number` on, with a new cursor that is told both bounds
  kWalk,        // as kScan, with the one cursor of the worker, which sees the state of its first use
  kWalkBack,    // as kScanBack, likewise
};

struct Operation {
  Action action = Action::kGet;
  uint64_t number = 0;
  uint64_t count = 1;
  uint64_t version = 0;      // of the value that is put
  uint32_t value_bytes = 0;  // of the value that is put; 0: what the records say
  std::vector<uint64_t> numbers;
};

class Source {
 public:
  virtual ~Source() = default;
  // Overwrites what the action needs; the rest is as the last call left it.
  virtual void next(Operation& operation) = 0;
};

}  // namespace bench
