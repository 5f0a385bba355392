#include "bench/report/comparison.h"

#include <cstdio>

#include "bench/run/progress.h"

namespace bench {

namespace {

std::string fixed(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

void add_once(std::vector<std::string>& list, const std::string& name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
}

std::string row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += " " + cell + " |";
  return out + "\n";
}

std::string header(const std::vector<std::string>& cells) {
  std::string out = row(cells) + "|";
  for (size_t i = 0; i < cells.size(); i++) out += "---|";
  return out + "\n";
}

// A column of the details: the figure's name, and how its number is written.
struct Column {
  const char* title;
  const char* field;
  std::string (*text)(double);
};

std::string as_us(double us) { return in_time(us / 1e6); }
std::string as_ratio(double number) { return fixed(number, 2); }

constexpr Column kColumns[] = {
    {"P50", "p50_us", as_us},
    {"P99", "p99_us", as_us},
    {"P99.9", "p999_us", as_us},
    {"max", "max_us", as_us},
    {"CPU s / M", "cpu_s_per_million", as_ratio},
    {"RSS peak", "rss_peak", in_bytes},
    {"page cache", "page_cache", in_bytes},
    {"write amp.", "write_amplification", as_ratio},
    {"read amp.", "read_amplification", as_ratio},
    {"space amp.", "space_amplification", as_ratio},
    {"stalls", "stall_seconds", in_time},
};

}  // namespace

void Comparison::add(const nlohmann::json& line) {
  const std::string engine = line.at("engine"), workload = line.at("workload");
  add_once(engines_, engine);
  add_once(workloads_, workload);
  lines_[workload][engine].push_back(line);
}

std::optional<Repeats> Comparison::figure(const std::string& workload, const std::string& engine,
                                          const std::string& field) const {
  const auto by_engine = lines_.find(workload);
  if (by_engine == lines_.end()) return std::nullopt;
  const auto rounds = by_engine->second.find(engine);
  if (rounds == by_engine->second.end()) return std::nullopt;
  std::vector<double> values;
  for (const nlohmann::json& line : rounds->second) {
    if (line.contains(field) && line[field].is_number()) values.push_back(line[field]);
  }
  if (values.empty()) return std::nullopt;
  return repeats_of(values);
}

std::string Comparison::rates() const {
  std::vector<std::string> cells{"workload"};
  for (const std::string& engine : engines_) cells.push_back(engine + ", 1,000/s: median (min-max)");
  for (size_t i = 1; i < engines_.size(); i++) cells.push_back(engines_[0] + " / " + engines_[i]);
  std::string out = header(cells);
  for (const std::string& workload : workloads_) {
    const auto first = figure(workload, engines_[0], "rate");
    cells = {workload};
    std::vector<std::string> ratios;
    for (const std::string& engine : engines_) {
      const auto rate = figure(workload, engine, "rate");
      cells.push_back(rate ? fixed(rate->median / 1e3, 1) + " (" + fixed(rate->min / 1e3, 1) + "-" +
                                 fixed(rate->max / 1e3, 1) + ")"
                           : "");
      if (&engine != &engines_[0]) ratios.push_back(first && rate ? fixed(first->median / rate->median, 2) : "");
    }
    cells.insert(cells.end(), ratios.begin(), ratios.end());
    out += row(cells);
  }
  return out;
}

std::string Comparison::details() const {
  std::vector<std::string> cells{"workload", "engine"};
  for (const Column& column : kColumns) cells.emplace_back(column.title);
  std::string out = header(cells);
  for (const std::string& workload : workloads_) {
    for (const std::string& engine : engines_) {
      if (!figure(workload, engine, "rate")) continue;
      cells = {workload, engine};
      for (const Column& column : kColumns) {
        const auto value = figure(workload, engine, column.field);
        cells.push_back(value ? column.text(value->median) : "");
      }
      out += row(cells);
    }
  }
  return out;
}

}  // namespace bench
