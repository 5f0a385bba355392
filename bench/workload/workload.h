// Workload: one row of the catalogue: which records, what must be in the store before, who does what, and what is counted.
//
// A crew is a number of workers that do the same with different seeds. The first crew has a number of operations, and its
// end is the workload's end; others either have a number too or go on until then. Each worker draws its operations from a
// Source, which follows from the seed alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/data/operation.h"
#include "bench/settings.h"

namespace bench {

enum class Data : uint8_t { kPlain, kYcsb, kSeries, kLarge4k, kLarge64k };

// A set of records that the workloads of one kind share.
struct Records {
  uint64_t count = 0;  // numbers 0 to count - 1
  KeyShape key;
  ValueShape value;
  bool scattered = false;  // the order of keys is not that of numbers

  uint64_t code_of(uint64_t number) const { return 2 * (scattered ? scatter(number) : number); }
  uint64_t entry_bytes(uint64_t number) const { return key.size_bytes + value.size_of(number); }
};

Records records_of(Data data, const Settings& settings);

// The numbers of time series: number = series * points + time.
struct Series {
  static constexpr uint64_t kSeries = 100;
  static constexpr uint64_t kWindow = 100;  // points that a scan reads
};

enum class Before : uint8_t {
  kEmpty,  // nothing: a new store
  kAll,    // all records and no other key: what the workload before it left, or a new store, loaded and settled
};

struct Scope {  // of one worker
  const Settings& settings;
  const Records& records;
  uint64_t operations = 0;  // of this worker; 0: until the first crew has ended
  uint32_t worker = 0;
  uint32_t workers = 1;
  uint64_t seed = 0;   // of this worker
  uint64_t first = 0;  // operations of the workers before this one
};

struct Crew {
  const char* role = "";                      // empty for the first
  uint32_t threads = 0;                       // 0: what --threads says
  std::optional<Durability> durability = {};  // none: what --durability says
  bool timed_by_rate = false;                 // keeps to --write-rate
  std::function<uint64_t(const Settings&, const Records&)>
      operations;  // of all its workers; absent: until the first ends
  std::function<std::unique_ptr<Source>(const Scope&)> source;
};

struct Workload {
  const char* name;
  const char* words;
  Data data = Data::kPlain;
  Before before = Before::kAll;
  bool settles = false;         // waits, on the clock, until background work is done
  bool counts_entries = false;  // `rate` is of entries, not of calls
  bool ascending = false;       // an engine may be told that keys come in order
  bool warms = false;           // needs every key to have been read once since the store was loaded
  const char* latency_of = "a call";
  std::vector<Crew> crews;
};

// In the order in which they run.
std::span<const Workload> catalogue();
const Workload* find_workload(std::string_view name);

// Parts of the catalogue.
std::vector<Workload> fill_workloads();
std::vector<Workload> read_workloads();
std::vector<Workload> mixed_workloads();
std::vector<Workload> ycsb_workloads();
std::vector<Workload> series_workloads();
std::vector<Workload> large_workloads();

// How a store is loaded for Before::kAll: every record once, in random order (series: in order of time).
const Workload& loading(Data data);

}  // namespace bench
