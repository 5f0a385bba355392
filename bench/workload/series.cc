// Time series: the points of 100 series, appended as time goes on, read in windows, and expired by ranges. A series is a
// range of keys: appends go to 100 places of the store in turn.

#include "bench/workload/sources.h"

namespace bench {

namespace {

uint64_t points_of(const Scope& scope) { return scope.records.count / Series::kSeries; }

std::unique_ptr<Source> appends(const Scope& scope) {
  return source_of(
      [points = points_of(scope), at = uint64_t{scope.worker}, step = scope.workers](Operation& operation) mutable {
        operation.action = Action::kPut;
        operation.number = at % Series::kSeries * points + at / Series::kSeries;
        at += step;
      });
}

std::unique_ptr<Source> windows(const Scope& scope) {
  return source_of([points = points_of(scope), random = nacre::base::Prng(scope.seed)](Operation& operation) mutable {
    operation.action = Action::kScanWindow;
    const uint64_t series = random.below(Series::kSeries);
    operation.number = series * points + random.below(points - Series::kWindow + 1);
    operation.count = Series::kWindow;
  });
}

std::unique_ptr<Source> expiries(const Scope& scope) {
  return source_of(
      [points = points_of(scope), series = uint64_t{scope.worker}, step = scope.workers](Operation& operation) mutable {
        operation.action = Action::kEraseRange;
        operation.number = series * points;
        operation.count = points / 2;
        series += step;
      });
}

}  // namespace

std::vector<Workload> series_workloads() {
  const CountOf each_series = [](const Settings&, const Records&) { return Series::kSeries; };
  return {
      {.name = "ts-append",
       .words = "time series: a point to each of 100 series in turn, into an empty store; settled",
       .data = Data::kSeries,
       .before = Before::kEmpty,
       .settles = true,
       .crews = {{.operations = all_records(), .source = appends}}},
      {.name = "ts-scan",
       .words = "time series: scans of windows of 100 points, bounded at both ends; counts entries",
       .data = Data::kSeries,
       .counts_entries = true,
       .warms = true,
       .latency_of = "a window of 100 points",
       .crews = {{.operations = share_of_records(50), .source = windows}}},
      {.name = "ts-expire",
       .words = "time series: the older half of each series erased as a range; counts entries; settled",
       .data = Data::kSeries,
       .settles = true,
       .counts_entries = true,
       .latency_of = "an erase of half a series",
       .crews = {{.operations = each_series, .source = expiries}}},
  };
}

}  // namespace bench
