#include "cli/top_screen.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "cli/human.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

constexpr size_t kCell = 20;  // columns of a figure with its name

class Screen {
 public:
  Screen(const Watch& watch, const ScreenOptions& options) : watch_(watch), options_(options) {}

  std::vector<std::string> draw(const std::string& database) {
    head(database);
    if (watch_.anything()) {
      operations();
      latencies();
      title("Levels" + where());
      const auto [memtable_bytes, memtables] = memory_tables();
      draw_levels(lines_, levels_of(stats(), options_.only()), memtable_bytes, memtables, options_);
      compactions();
      delays();
      memory();
    }
    for (std::string& line : lines_) line = clipped(line, options_.columns);
    return std::move(lines_);
  }

 private:
  const Stats& stats() const { return watch_.now().stats; }
  std::string coloured(const char* code, const std::string& text) const {
    return options_.colours ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
  }
  void title(const std::string& text) { lines_.push_back(coloured("1;36", text)); }
  void alarm(const std::string& text) { lines_.push_back(coloured("1;31", text)); }
  std::string where() const { return options_.all_keyspaces ? "" : " of " + visible(options_.keyspace); }

  bool has_keyspace() const {
    return options_.all_keyspaces ||
           std::ranges::find(stats().keyspaces, options_.keyspace, &KeyspaceStats::name) != stats().keyspaces.end();
  }

  // Words, broken where the line ends.
  void wrapped(const std::string& text) {
    std::string line;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find(' ', at), text.size());
      const std::string word = text.substr(at, end - at);
      if (!line.empty() && columns_of(line) + 1 + columns_of(word) > options_.columns) {
        lines_.push_back(line);
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
      at = end + 1;
    }
    lines_.push_back(line);
  }

  void head(const std::string& database) {
    lines_.push_back(coloured("1", "nacre top ") + coloured("1", visible(database)));
    wrapped(watch_.state());
    if (options_.paused) alarm("paused: p goes on");
    if (stats().writes_stopped) alarm("writes are stopped: a sync has failed");
    if (stats().device_full) alarm("the device is full: only erases are taken");
    if (watch_.anything() && !has_keyspace())
      wrapped("there are no figures of keyspace " + visible(options_.keyspace) + ": it is not there, or not published");
    if (watch_.now().keyspaces_left_out != 0)
      wrapped(std::to_string(watch_.now().keyspaces_left_out) + " keyspaces with few operations are not shown");
    if (options_.interactive) lines_.push_back(coloured("2", "q quit  p pause  k next keyspace"));
  }

  void cells(const std::vector<std::pair<std::string, std::string>>& figures) {
    const size_t across = std::max<size_t>(1, options_.columns / kCell);
    std::string line;
    for (size_t i = 0; i < figures.size(); i++) {
      const auto& [name, value] = figures[i];
      const size_t room = kCell - 2 - std::min(kCell - 2, columns_of(name));
      line += name + right(value, room) + "  ";
      if ((i + 1) % across == 0 || i + 1 == figures.size()) {
        lines_.push_back(line);
        line.clear();
      }
    }
  }

  // Sum over the keyspaces that are shown.
  uint64_t sum(const Stats& of, auto field) const {
    uint64_t total = 0;
    for (const KeyspaceStats& keyspace : of.keyspaces) {
      if (options_.all_keyspaces || keyspace.name == options_.keyspace) total += field(keyspace);
    }
    return total;
  }
  double keyspace_rate(auto field) const {
    return watch_.rate([&](const Stats& of) { return sum(of, field); });
  }

  void operations() {
    title(std::string("A second") + where() + (watch_.has_interval() ? "" : ", on average since the open"));
    const auto count = [&](auto field) { return short_count(keyspace_rate(field)); };
    const auto bytes = [&](auto field) { return human_bytes(keyspace_rate(field)); };
    cells({{"puts", count([](const KeyspaceStats& k) { return k.puts; })},
           {"erases", count([](const KeyspaceStats& k) { return k.erases + k.range_erases; })},
           {"gets", count([](const KeyspaceStats& k) { return k.gets + k.multi_get_keys; })},
           {"seeks", count([](const KeyspaceStats& k) { return k.seeks; })},
           {"put", bytes([](const KeyspaceStats& k) { return k.bytes_put; })},
           {"got", bytes([](const KeyspaceStats& k) { return k.bytes_got; })},
           {"syncs", short_count(watch_.rate([](const Stats& of) { return of.syncs; }))},
           {"misses", short_count(watch_.rate([](const Stats& of) { return of.cache_misses; }))}});
  }

  void latency(const std::string& name, auto of) {
    const Latency total = of(stats());
    if (total.count == 0) return;
    const auto show = [](double seconds) { return right(seconds == 0 ? "-" : human_time(seconds), 10); };
    const auto ns = [&show](uint64_t value) { return show(static_cast<double>(value) / 1e9); };
    std::string line = left(name, 9) + show(watch_.mean(of));
    if (options_.columns >= 60) line += ns(total.p50_ns);
    line += ns(total.p99_ns);
    if (options_.columns >= 60) line += ns(total.p999_ns);
    lines_.push_back(line + ns(total.max_ns));
  }
  void latencies() {
    title(options_.all_keyspaces ? "Latency" : "Latency of all keyspaces");
    std::string names = left("", 9) + right("mean now", 10);
    if (options_.columns >= 60) names += right("p50", 10);
    names += right("p99", 10);
    if (options_.columns >= 60) names += right("p99.9", 10);
    lines_.push_back(coloured("2", names + right("max", 10)));
    latency("write", [](const Stats& of) { return of.write_latency; });
    latency("get", [](const Stats& of) { return of.get_latency; });
    latency("multi_get", [](const Stats& of) { return of.multi_get_latency; });
    latency("seek", [](const Stats& of) { return of.seek_latency; });
    latency("sync", [](const Stats& of) { return of.sync_latency; });
    latency("flush", [](const Stats& of) { return of.flush_duration; });
    latency("compact", [](const Stats& of) { return of.compaction_duration; });
  }

  std::pair<uint64_t, uint64_t> memory_tables() const {
    return {sum(stats(), [](const KeyspaceStats& k) { return k.memtable_bytes; }),
            sum(stats(), [](const KeyspaceStats& k) { return k.memtables; })};
  }

  void compactions() {
    title("Flushes and compactions" + where());
    const auto now = [&](auto field) { return std::to_string(sum(stats(), field)); };
    const auto bytes = [&](auto of) { return human_bytes(watch_.rate(of)); };
    char amplification[32];
    std::snprintf(amplification, sizeof amplification, "%.2f", stats().write_amplification());
    cells({{"flushing", now([](const KeyspaceStats& k) { return k.flushes_running; })},
           {"flushed", now([](const KeyspaceStats& k) { return k.flushes; })},
           {"compacting", now([](const KeyspaceStats& k) { return k.compactions_running; })},
           {"compacted", now([](const KeyspaceStats& k) { return k.compactions; })},
           {"flush/s", bytes([](const Stats& of) { return of.flush_bytes; })},
           {"read/s", bytes([](const Stats& of) { return of.compaction_bytes_read; })},
           {"written/s", bytes([](const Stats& of) { return of.compaction_bytes_written; })},
           {"write amp.", amplification}});
  }

  void delays() {
    title("Delays of writers");
    bool any = false;
    for (size_t i = 0; i < stats().delays.size(); i++) {
      const DelayStats& delay = stats().delays[i];
      if (delay.delays.count == 0) continue;
      any = true;
      const auto of = [i](const Stats& stats) { return i < stats.delays.size() ? stats.delays[i].delays : Latency(); };
      const double share = watch_.rate([&of](const Stats& stats) { return of(stats).sum_ns; }) / 1e9;
      char text[32];
      std::snprintf(text, sizeof text, "%.1f%%", 100 * share);
      const double rate = watch_.rate([&of](const Stats& stats) { return of(stats).count; });
      std::string line = left(to_string(delay.reason), 18) + right(short_count(rate) + "/s", 9);
      if (options_.columns >= 60) line += right(text, 8) + " of a thread";
      lines_.push_back(line + right("max " + human_time(static_cast<double>(delay.delays.max_ns) / 1e9), 13));
    }
    if (!any) lines_.emplace_back("none");
  }

  void memory() {
    title("Memory");
    const auto bytes = static_cast<double>(stats().memory_bytes);
    const auto ceiling = static_cast<double>(stats().memory_ceiling_bytes);
    const size_t width =
        std::max<size_t>(8, std::min<size_t>(40, options_.columns - std::min<size_t>(options_.columns, 24)));
    lines_.push_back("[" + bar(ceiling == 0 ? 0 : bytes / ceiling, width, options_.ascii) + "] " + human_bytes(bytes) +
                     " / " + human_bytes(ceiling));
    const auto part = [](uint64_t value) { return human_bytes(value); };
    cells({{"memtables", part(stats().memory.memtables)},
           {"log", part(stats().memory.log)},
           {"cache", part(stats().memory.cache)},
           {"tables", part(stats().memory.tables)},
           {"cursors", part(stats().memory.cursors)},
           {"jobs", part(stats().memory.jobs)}});
  }

  const Watch& watch_;
  const ScreenOptions& options_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> draw_screen(const std::string& database, const Watch& watch, const ScreenOptions& options) {
  return Screen(watch, options).draw(database);
}

std::vector<LevelStats> levels_of(const Stats& stats, const std::string* only) {
  std::map<uint32_t, LevelStats> levels;
  for (const KeyspaceStats& each : stats.keyspaces) {
    if (only != nullptr && each.name != *only) continue;
    for (const LevelStats& level : each.levels) {
      LevelStats& sum = levels[level.level];
      sum.level = level.level;
      sum.runs += level.runs;
      sum.tables += level.tables;
      sum.bytes += level.bytes;
      sum.entries += level.entries;
      sum.tombstones += level.tombstones;
      sum.bytes_written += level.bytes_written;
    }
  }
  std::vector<LevelStats> list;
  for (const auto& [number, level] : levels) list.push_back(level);
  return list;
}

void draw_levels(std::vector<std::string>& lines, const std::vector<LevelStats>& levels, uint64_t memtable_bytes,
                 uint64_t memtables, const ScreenOptions& options) {
  const bool wide = options.columns >= 60;
  uint64_t largest = std::max<uint64_t>(1, memtable_bytes);
  for (const LevelStats& level : levels) largest = std::max(largest, level.bytes);
  std::string names = left("", 4) + right("runs", 5) + right("tables", 7);
  if (wide) names += right("entries", 11) + right("tombst.", 10);
  names += right("bytes", 12);
  const size_t room = options.columns - std::min(options.columns, columns_of(names) + 1);
  lines.push_back(options.colours ? "\033[2m" + names + "\033[0m" : names);
  const auto row = [&](const std::string& name, uint64_t runs, const std::string& tables, const std::string& entries,
                       const std::string& tombstones, uint64_t bytes) {
    std::string line = left(name, 4) + right(std::to_string(runs), 5) + right(tables, 7);
    if (wide) line += right(entries, 11) + right(tombstones, 10);
    line += right(human_bytes(bytes), 12) + " ";
    const std::string shown =
        bar(static_cast<double>(bytes) / static_cast<double>(largest), std::min<size_t>(room, 40), options.ascii);
    lines.push_back(line + (options.colours ? "\033[36m" + shown + "\033[0m" : shown));
  };
  row("mem", memtables, "", "", "", memtable_bytes);
  for (const LevelStats& level : levels) {
    row("L" + std::to_string(level.level), level.runs, std::to_string(level.tables),
        short_count(static_cast<double>(level.entries)), short_count(static_cast<double>(level.tombstones)),
        level.bytes);
  }
  if (levels.empty()) lines.emplace_back("no tables");
}

void draw_space(std::vector<std::string>& lines, const KeyspaceStats& keyspace, const ScreenOptions& options) {
  uint64_t bytes = 0;
  for (const LevelStats& level : keyspace.levels) bytes += level.bytes;
  const uint64_t beyond = bytes - std::min(bytes, keyspace.largest_run_bytes);  // see Stats::space_amplification
  if (beyond < kWorthARatioBytes) {
    lines.push_back("beyond one copy of the data: " + (beyond == 0 ? "nothing" : human_bytes(beyond) + " at most"));
    return;
  }
  const double amplification = keyspace.space_amplification();
  char figure[32];
  std::snprintf(figure, sizeof figure, "%.2f", amplification);
  const size_t width = std::clamp<size_t>(options.columns, 40, 64) - 30;
  lines.push_back("one copy of the data [" + bar(1 / amplification, width, options.ascii) + "]");
  lines.push_back("space amplification " + std::string(figure) + " at most");
}

}  // namespace nacre::cli
