#include "bench/measure/result.h"

#include <array>
#include <sstream>

namespace bench {

namespace {

#define FIGURE(name, words, whole)                                        \
  Field {                                                                 \
    #name, words, whole, [](const Result& r) -> Figure { return r.name; } \
  }
#define COUNT(name, words)                                                                     \
  Field {                                                                                      \
    #name, words, false, [](const Result& r) -> Figure { return static_cast<double>(r.name); } \
  }

constexpr std::array kFields{
    COUNT(threads, "threads of this crew"),
    COUNT(operations, "calls"),
    COUNT(entries, "entries put, erased, asked for or walked over"),
    FIGURE(seconds, "from the first call to the last, settling included", false),
    FIGURE(settle_seconds, "of them, waiting for background work after the last call", false),
    FIGURE(rate, "counted things a second", false),
    FIGURE(found, "entries found", false),
    FIGURE(expected, "entries that had to be found", false),
    FIGURE(mean_us, "mean latency", false),
    FIGURE(p50_us, "median latency", false),
    FIGURE(p99_us, "latency that 99% stay within", false),
    FIGURE(p999_us, "latency that 99.9% stay within", false),
    FIGURE(max_us, "largest latency", false),
    FIGURE(cpu_s_per_million, "processor seconds of the whole process for a million counted things", true),
    FIGURE(rss_peak, "largest resident memory, mapped files included", true),
    FIGURE(rss_anonymous_peak, "largest anonymous memory, seen every 100 ms", true),
    FIGURE(page_cache, "pages of the store's files in memory, at the end", true),
    FIGURE(user_written, "bytes of keys and values written", false),
    FIGURE(user_read, "bytes of keys and values read", false),
    FIGURE(process_written, "bytes that the process caused to be written", true),
    FIGURE(process_read, "bytes that the process caused to be read", true),
    FIGURE(device_written, "bytes that the block device wrote, a sync at the end included", true),
    FIGURE(device_read, "bytes that the block device read", true),
    FIGURE(directory, "bytes allocated to the store's files, at the end", true),
    FIGURE(live, "bytes of keys and values in the store, at the end", true),
    FIGURE(write_amplification, "device_written / user_written", true),
    FIGURE(read_amplification, "device_read / user_read", true),
    FIGURE(space_amplification, "directory / live", true),
    COUNT(stalls, "operations longer than the threshold"),
    FIGURE(stall_seconds, "their time", false),
    FIGURE(engine_stall_seconds, "time that the engine says its writers waited", true),
    FIGURE(timing_ns, "cost of timing one operation", false),
    FIGURE(harness_ns, "cost of making one operation: in `seconds`, not in latencies", false),
};

constexpr std::array kTexts{"engine", "workload", "counted"};

}  // namespace

std::span<const Field> fields() { return kFields; }

nlohmann::ordered_json to_json(const Result& result) {
  nlohmann::ordered_json out{{"engine", result.engine},
                             {"version", result.version},
                             {"workload", result.workload},
                             {"counted", result.counted},
                             {"latency_of", result.latency_of}};
  for (const Field& field : kFields) {
    if (const Figure value = field.get(result)) {
      out[field.name] = *value;
    } else {
      out[field.name] = nullptr;
    }
  }
  out["timeline_step"] = result.timeline_step;
  out["timeline"] = result.timeline;
  nlohmann::ordered_json curve = nlohmann::ordered_json::array();
  for (const Quantile& point : result.latency_curve) curve.push_back({point.q, point.ns});
  out["latency_curve"] = std::move(curve);
  return out;
}

std::string csv_header() {
  std::string row = "round";
  for (const char* text : kTexts) row += std::string(",") + text;
  for (const Field& field : kFields) row += std::string(",") + field.name;
  return row;
}

std::string to_csv(const nlohmann::json& line) {
  std::ostringstream row;
  row.precision(12);
  row << line.value("round", 1);
  for (const char* text : kTexts) row << ',' << line.value(text, "");
  for (const Field& field : kFields) {
    row << ',';
    if (line.contains(field.name) && line[field.name].is_number()) row << line[field.name].get<double>();
  }
  return row.str();
}

}  // namespace bench
