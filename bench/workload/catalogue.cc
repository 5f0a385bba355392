#include <algorithm>
#include <iterator>

#include "bench/workload/sources.h"
#include "bench/workload/workload.h"

namespace bench {

namespace {

// As many records as make up the bytes of n plain ones.
uint64_t same_bytes(const Settings& settings, uint64_t entry_bytes) {
  const uint64_t plain = settings.key.size_bytes + settings.value.mean_bytes;
  return std::max<uint64_t>(100, settings.n * plain / entry_bytes);
}

std::vector<Workload> all_workloads() {
  std::vector<Workload> all;
  for (auto* part :
       {fill_workloads, read_workloads, mixed_workloads, ycsb_workloads, series_workloads, large_workloads}) {
    std::ranges::move(part(), std::back_inserter(all));
  }
  return all;
}

const std::vector<Workload>& the_catalogue() {
  static const std::vector<Workload> all = all_workloads();
  return all;
}

}  // namespace

Records records_of(Data data, const Settings& settings) {
  const auto sized = [&](uint32_t value_bytes) {
    const ValueShape value{.mean_bytes = value_bytes};
    return Records{
        .count = same_bytes(settings, settings.key.size_bytes + value_bytes), .key = settings.key, .value = value};
  };
  switch (data) {
    case Data::kPlain: break;
    case Data::kYcsb: {
      Records records = sized(1000);
      records.scattered = true;
      return records;
    }
    case Data::kSeries: {
      const uint64_t points = std::max<uint64_t>(2 * Series::kWindow, settings.n / Series::kSeries);
      return {.count = Series::kSeries * points, .key = settings.key, .value = settings.value};
    }
    case Data::kLarge4k: return sized(4 << 10);
    case Data::kLarge64k: return sized(64 << 10);
  }
  return {.count = settings.n, .key = settings.key, .value = settings.value};
}

std::span<const Workload> catalogue() { return the_catalogue(); }

const Workload* find_workload(std::string_view name) {
  for (const Workload& workload : the_catalogue()) {
    if (workload.name == name) return &workload;
  }
  return nullptr;
}

const Workload& loading(Data data) {
  static const Workload load{
      .name = "load",
      .words = "every record once, in random order",
      .before = Before::kEmpty,
      .settles = true,
      .crews = {{.operations = all_records(), .source = each_once(Action::kPut)}},
  };
  return data == Data::kSeries ? *find_workload("ts-append") : load;
}

}  // namespace bench
