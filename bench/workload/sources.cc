#include "bench/workload/sources.h"

#include <algorithm>
#include <numeric>

namespace bench {

namespace {

// The same stream as a function of how often it was called.
template <class NumberAt>
SourceOf counted(Action action, NumberAt number_at) {
  return [=](const Scope& scope) {
    auto number_of = number_at(scope);
    return source_of([=, i = uint64_t{0}](Operation& operation) mutable {
      operation.action = action;
      operation.number = number_of(i++);
    });
  };
}

auto random_below(uint64_t limit, uint64_t seed) {
  return [=, random = nacre::base::Prng(seed)](uint64_t) mutable { return random.below(limit); };
}

auto ordered_numbers(const Scope& scope) {
  return [count = scope.records.count, worker = scope.worker, workers = scope.workers](uint64_t i) {
    return std::min(i * workers + worker, count - 1);
  };
}

auto random_numbers(const Scope& scope) { return random_below(scope.records.count, scope.seed); }

}  // namespace

SourceOf in_order(Action action) {
  return counted(action, [](const Scope& scope) { return ordered_numbers(scope); });
}

SourceOf each_once(Action action) {
  return counted(action, [](const Scope& scope) {
    return [order = Permutation(scope.records.count, scope.settings.seed),
            ordered = ordered_numbers(scope)](uint64_t i) { return order(ordered(i)); };
  });
}

SourceOf at_random(Action action) {
  return [=](const Scope& scope) {
    return source_of([=, random = random_numbers(scope), i = uint64_t{0}](Operation& operation) mutable {
      operation.action = action;
      operation.number = random(i);
      operation.version = ++i;
    });
  };
}

SourceOf at_random_hot(Action action) {
  return counted(action, [](const Scope& scope) {
    return random_below(std::max<uint64_t>(1, scope.records.count / 100), scope.seed);
  });
}

SourceOf many_in_order(Action action, uint64_t size) {
  return [=](const Scope& scope) {
    return source_of([=, count = scope.records.count, batch = uint64_t{scope.worker},
                      step = scope.workers](Operation& operation) mutable {
      operation.action = action;
      const uint64_t begin = std::min(batch * size, count - 1);
      operation.numbers.resize(std::min(size, count - begin));
      std::iota(operation.numbers.begin(), operation.numbers.end(), begin);
      batch += step;
    });
  };
}

SourceOf many_at_random(Action action, uint64_t size) {
  return [=](const Scope& scope) {
    const uint64_t keys = size != 0 ? size : scope.settings.batch;
    return source_of([=, random = random_numbers(scope), version = uint64_t{0}](Operation& operation) mutable {
      operation.action = action;
      operation.version = ++version;
      operation.numbers.resize(keys);
      for (uint64_t& number : operation.numbers) number = random(0);
    });
  };
}

SourceOf scans_at_random(Action action, uint64_t count) {
  return [=](const Scope& scope) {
    const uint64_t entries = count != 0 ? count : scope.settings.nexts + 1;
    return source_of([=, random = random_numbers(scope)](Operation& operation) mutable {
      operation.action = action;
      operation.number = random(0);
      operation.count = entries;
    });
  };
}

SourceOf walks(Action action) {
  return [=](const Scope& scope) {
    const bool all = scope.operations == 0;
    const uint64_t begin = all ? 0 : scope.first * kWalkEntries;
    const uint64_t end =
        std::min(scope.records.count, all ? scope.records.count : begin + scope.operations * kWalkEntries);
    const bool back = action == Action::kWalkBack;
    return source_of([=, done = uint64_t{0}](Operation& operation) mutable {
      operation.action = action;
      operation.number = back ? end - done : begin + done;
      operation.count = std::min(kWalkEntries, end - begin - done);
      done += operation.count;
      if (done == end - begin) done = 0;
    });
  };
}

CountOf all_records() {
  return [](const Settings&, const Records& records) { return records.count; };
}

CountOf walks_over_all() {
  return [](const Settings&, const Records& records) { return (records.count + kWalkEntries - 1) / kWalkEntries; };
}

CountOf batches_of_all(uint64_t size) {
  return [=](const Settings& settings, const Records& records) {
    const uint64_t keys = size != 0 ? size : settings.batch;
    return (records.count + keys - 1) / keys;
  };
}

CountOf share_of_records(uint64_t divisor) {
  return [=](const Settings&, const Records& records) { return std::max<uint64_t>(100, records.count / divisor); };
}

}  // namespace bench
