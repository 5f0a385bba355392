// Result: what was measured of one workload (of one crew of it), and how it is written: as a line of JSON, as a row of CSV.
//
// All numbers are also in a table of fields (fields()), from which both are made and which the reports read: a new figure is a
// member, a row of the table, and nothing else. A figure that could not be had is absent (null, an empty cell), never 0.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/measure/latencies.h"

namespace bench {

using Figure = std::optional<double>;

struct Result {
  std::string engine;
  std::string version;     // and options, in a line
  std::string workload;    // with "/crew" for all crews but the first
  std::string counted;     // what `rate` counts: "operations" or "entries"
  std::string latency_of;  // what one latency is of, in words
  uint64_t threads = 1;
  uint64_t operations = 0;
  uint64_t entries = 0;  // put, erased, asked for or walked over
  double seconds = 0;    // settling included
  double settle_seconds = 0;
  double rate = 0;  // counted things a second
  Figure found;     // entries that were found, of those that should have been: always the same, or the run has failed
  Figure expected;
  Figure mean_us, p50_us, p99_us, p999_us, max_us;
  Figure cpu_s_per_million;  // of operations or entries, whatever `counted` says
  Figure rss_peak, rss_anonymous_peak;
  Figure page_cache;
  Figure user_written, user_read;  // keys and values
  Figure process_written, process_read;
  Figure device_written, device_read;
  Figure directory;  // allocated
  Figure live;       // keys and values that are in the store
  Figure write_amplification, read_amplification, space_amplification;
  uint64_t stalls = 0;
  double stall_seconds = 0;
  Figure engine_stall_seconds;
  double timing_ns = 0;   // what timing one operation costs
  double harness_ns = 0;  // what making one operation costs: in `seconds`, not in latencies
  std::vector<Quantile> latency_curve;
  double timeline_step = 0;        // seconds
  std::vector<uint64_t> timeline;  // counted things done in each step
};

struct Field {
  const char* name;
  const char* words;
  bool main_only;  // of the whole process: only the first crew has it
  Figure (*get)(const Result&);
};

std::span<const Field> fields();

nlohmann::ordered_json to_json(const Result& result);
std::string csv_header();
std::string to_csv(const nlohmann::json& line);  // of what to_json made

}  // namespace bench
