// The sources that most of the catalogue is made of.
#pragma once

#include <functional>
#include <memory>

#include "base/prng.h"
#include "bench/data/permutation.h"
#include "bench/workload/workload.h"

namespace bench {

// A source made of a function; what the function captures is the source's state.
template <class Next>
class FunctionSource : public Source {
 public:
  explicit FunctionSource(Next next) : next_(std::move(next)) {}
  void next(Operation& operation) override { next_(operation); }

 private:
  Next next_;
};

template <class Next>
std::unique_ptr<Source> source_of(Next next) {
  return std::make_unique<FunctionSource<Next>>(std::move(next));
}

using SourceOf = std::function<std::unique_ptr<Source>(const Scope&)>;
using CountOf = std::function<uint64_t(const Settings&, const Records&)>;

SourceOf in_order(Action action);                       // numbers in order; the workers' take turns
SourceOf each_once(Action action);                      // every number once, in random order
SourceOf at_random(Action action);                      // any number
SourceOf at_random_hot(Action action);                  // any of the first hundredth
SourceOf many_in_order(Action action, uint64_t size);   // as in_order, `size` in one call
SourceOf many_at_random(Action action, uint64_t size);  // as at_random, likewise; 0: what --batch says
// Scans from any number on, of `count` entries; 0: of what --nexts says and the one stood on.
SourceOf scans_at_random(Action action, uint64_t count);
// Through the worker's share of all records, kWalkEntries in one call; without a number of operations, round and round.
SourceOf walks(Action action);
inline constexpr uint64_t kWalkEntries = 10'000;

CountOf all_records();
CountOf share_of_records(uint64_t divisor);  // at least 100
CountOf batches_of_all(uint64_t size);       // as many as all records are; 0: what --batch says
CountOf walks_over_all();

}  // namespace bench
