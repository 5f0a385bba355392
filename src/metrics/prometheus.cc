// to_prometheus: families of metrics, each a name, a type, a sentence and one line a source of it.

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "nacre/metrics.h"

namespace nacre {

namespace metrics {
namespace {

enum class Type : uint8_t { kCounter, kGauge, kSummary };

template <class Object, class Field>
struct Family {
  const char* name;
  Type type;
  const char* help;
  Field Object::* field;
};
template <class Object>
using Number = Family<Object, uint64_t>;
template <class Object>
using Summary = Family<Object, Latency>;

constexpr auto kCounter = Type::kCounter;
constexpr auto kGauge = Type::kGauge;

constexpr Number<Stats> kNumbers[] = {
    {"nacre_writes_total", kCounter, "Batches written, a single put counting as one.", &Stats::writes},
    {"nacre_operations_written_total", kCounter, "Changes in the batches written.", &Stats::operations_written},
    {"nacre_gets_total", kCounter, "Keys asked for.", &Stats::gets},
    {"nacre_gets_found_total", kCounter, "Keys asked for that were there.", &Stats::gets_found},
    {"nacre_syncs_total", kCounter, "Syncs of the log.", &Stats::syncs},
    {"nacre_user_bytes_total", kCounter, "Keys and values written by users.", &Stats::user_bytes},
    {"nacre_log_bytes_total", kCounter, "Bytes appended to the log.", &Stats::log_bytes},
    {"nacre_flush_bytes_total", kCounter, "Table bytes written by flushes.", &Stats::flush_bytes},
    {"nacre_compaction_read_bytes_total", kCounter, "Table bytes read by compactions.", &Stats::compaction_bytes_read},
    {"nacre_compaction_written_bytes_total", kCounter, "Table bytes written by compactions.",
     &Stats::compaction_bytes_written},
    {"nacre_table_file_bytes", kGauge, "Size of the live tables.", &Stats::table_file_bytes},
    {"nacre_log_file_bytes", kGauge, "Size of the live log segments.", &Stats::log_file_bytes},
    {"nacre_memory_bytes", kGauge, "Memory held now.", &Stats::memory_bytes},
    {"nacre_memory_ceiling_bytes", kGauge, "Memory that may be held.", &Stats::memory_ceiling_bytes},
    {"nacre_cache_misses_total", kCounter, "Blocks that the cache did not have.", &Stats::cache_misses},
    {"nacre_cache_made_ahead_total", kCounter, "Blocks put into the cache as they were written.",
     &Stats::cache_made_ahead},
    {"nacre_cache_evictions_total", kCounter, "Blocks that left the cache for others.", &Stats::cache_evictions},
    {"nacre_snapshots", kGauge, "Snapshots held now.", &Stats::snapshots},
    {"nacre_last_sequence", kGauge, "Sequence number of the newest visible change.", &Stats::last_sequence},
};

constexpr Family<Stats, bool> kStates[] = {
    {"nacre_writes_stopped", kGauge, "1 after a failed sync, until the database is opened again.",
     &Stats::writes_stopped},
    {"nacre_device_full", kGauge, "1 while only erases are taken for want of space.", &Stats::device_full},
};

constexpr Summary<Stats> kLatencies[] = {
    {"nacre_write_latency_seconds", Type::kSummary, "Of batches, waiting included; one in 16 is sampled.",
     &Stats::write_latency},
    {"nacre_get_latency_seconds", Type::kSummary, "Of gets; one in 16 is sampled.", &Stats::get_latency},
    {"nacre_multi_get_latency_seconds", Type::kSummary, "Of whole calls of multi_get; one in 16 is sampled.",
     &Stats::multi_get_latency},
    {"nacre_seek_latency_seconds", Type::kSummary, "Of positionings of cursors; one in 16 is sampled.",
     &Stats::seek_latency},
    {"nacre_sync_latency_seconds", Type::kSummary, "Of syncs of the log.", &Stats::sync_latency},
    {"nacre_flush_duration_seconds", Type::kSummary, "Of flushes.", &Stats::flush_duration},
    {"nacre_compaction_duration_seconds", Type::kSummary, "Of compactions.", &Stats::compaction_duration},
};

constexpr std::pair<const char*, uint64_t MemoryUse::*> kMemoryParts[] = {
    {"memtables", &MemoryUse::memtables}, {"log", &MemoryUse::log},         {"cache", &MemoryUse::cache},
    {"tables", &MemoryUse::tables},       {"cursors", &MemoryUse::cursors}, {"jobs", &MemoryUse::jobs},
};

constexpr Number<KeyspaceStats> kKeyspaceNumbers[] = {
    {"nacre_keyspace_memtable_bytes", kGauge, "Memory of memtables.", &KeyspaceStats::memtable_bytes},
    {"nacre_keyspace_memtables", kGauge, "The mutable memtable and those that wait for their flush.",
     &KeyspaceStats::memtables},
    {"nacre_keyspace_puts_total", kCounter, "Puts, in batches or alone.", &KeyspaceStats::puts},
    {"nacre_keyspace_erases_total", kCounter, "Erases of a key.", &KeyspaceStats::erases},
    {"nacre_keyspace_range_erases_total", kCounter, "Erases of a range.", &KeyspaceStats::range_erases},
    {"nacre_keyspace_put_bytes_total", kCounter, "Keys and values of accepted writes.", &KeyspaceStats::bytes_put},
    {"nacre_keyspace_gets_total", kCounter, "Gets and containment tests.", &KeyspaceStats::gets},
    {"nacre_keyspace_gets_found_total", kCounter, "Gets that found a live entry.", &KeyspaceStats::gets_found},
    {"nacre_keyspace_multi_gets_total", kCounter, "Calls of multi_get.", &KeyspaceStats::multi_gets},
    {"nacre_keyspace_multi_get_keys_total", kCounter, "Keys of multi_gets.", &KeyspaceStats::multi_get_keys},
    {"nacre_keyspace_multi_get_keys_found_total", kCounter, "Keys of multi_gets that were there.",
     &KeyspaceStats::multi_get_keys_found},
    {"nacre_keyspace_got_bytes_total", kCounter, "Values that gets and multi_gets returned.",
     &KeyspaceStats::bytes_got},
    {"nacre_keyspace_cursors_total", kCounter, "Cursors made.", &KeyspaceStats::cursors},
    {"nacre_keyspace_seeks_total", kCounter, "Positionings of cursors.", &KeyspaceStats::seeks},
    {"nacre_keyspace_flushes_total", kCounter, "Flushes.", &KeyspaceStats::flushes},
    {"nacre_keyspace_compactions_total", kCounter, "Compactions.", &KeyspaceStats::compactions},
    {"nacre_keyspace_flushes_running", kGauge, "Flushes under way.", &KeyspaceStats::flushes_running},
    {"nacre_keyspace_compactions_running", kGauge, "Compactions under way.", &KeyspaceStats::compactions_running},
    {"nacre_keyspace_tables_moved_total", kCounter, "Tables that compaction moved without rewriting.",
     &KeyspaceStats::tables_moved},
    {"nacre_keyspace_largest_run_bytes", kGauge, "Size of the largest run.", &KeyspaceStats::largest_run_bytes},
    {"nacre_keyspace_gets_answered_memory_total", kCounter, "Of the gets sampled: answered by memtables.",
     &KeyspaceStats::gets_answered_memory},
};

constexpr Summary<KeyspaceStats> kKeyspaceLatencies[] = {
    {"nacre_keyspace_write_latency_seconds", Type::kSummary, "Of batches that wrote to the keyspace.",
     &KeyspaceStats::write_latency},
    {"nacre_keyspace_get_latency_seconds", Type::kSummary, "Of gets.", &KeyspaceStats::get_latency},
    {"nacre_keyspace_seek_latency_seconds", Type::kSummary, "Of positionings of cursors.",
     &KeyspaceStats::seek_latency},
};

constexpr Number<LevelStats> kLevelNumbers[] = {
    {"nacre_level_runs", kGauge, "Sorted runs.", &LevelStats::runs},
    {"nacre_level_tables", kGauge, "Tables.", &LevelStats::tables},
    {"nacre_level_bytes", kGauge, "Size of the tables.", &LevelStats::bytes},
    {"nacre_level_entries", kGauge, "Entries.", &LevelStats::entries},
    {"nacre_level_tombstones", kGauge, "Tombstones, of keys and of ranges.", &LevelStats::tombstones},
    {"nacre_level_written_bytes_total", kCounter, "Bytes written to the level by flushes and compactions.",
     &LevelStats::bytes_written},
    {"nacre_level_read_bytes_total", kCounter, "Bytes read from the level by compactions.", &LevelStats::bytes_read},
    {"nacre_level_jobs_total", kCounter, "Flushes and compactions that wrote to the level.", &LevelStats::jobs},
    {"nacre_level_tables_moved_in_total", kCounter, "Tables moved in from above without rewriting.",
     &LevelStats::tables_moved_in},
    {"nacre_level_entries_dropped_total", kCounter, "Entries that those jobs dropped.", &LevelStats::entries_dropped},
    {"nacre_level_gets_answered_total", kCounter, "Of the gets sampled: answered by the level.",
     &LevelStats::gets_answered},
};

constexpr Summary<LevelStats> kLevelLatencies[] = {
    {"nacre_level_job_duration_seconds", Type::kSummary, "Of flushes and compactions that wrote to the level.",
     &LevelStats::job_durations},
};

// A byte for a person who reads the label, and no other bytes become the same.
std::string label_value(Bytes bytes) {
  std::string plain;
  while (!bytes.empty()) {
    const size_t length = base::utf8_character_bytes(bytes);
    const char first = bytes[0];
    if (length == 0 || (length == 1 && (static_cast<uint8_t>(first) < 0x20 || first == 0x7f))) {
      plain += "\\x";
      base::append_hex(plain, first);
      bytes.remove_prefix(1);
    } else {
      if (first == '\\') plain += '\\';
      plain += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  std::string escaped;
  for (const char c : plain) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string label(const char* name, Bytes value) { return std::string(name) + "=\"" + label_value(value) + "\""; }

std::string joined(std::string labels, const std::string& more) {
  if (!labels.empty() && !more.empty()) labels += ',';
  return labels + more;
}

class TextWriter {
 public:
  void begin(const char* name, Type type, const char* help) {
    constexpr const char* kTypes[] = {"counter", "gauge", "summary"};
    out_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    out_.append("# TYPE ").append(name).append(" ").append(kTypes[static_cast<size_t>(type)]).append("\n");
  }
  void line(Bytes name, Bytes suffix, const std::string& labels, Bytes value) {
    out_.append(name).append(suffix);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_.append(" ").append(value).append("\n");
  }
  void line(Bytes name, Bytes suffix, const std::string& labels, auto value) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    line(name, suffix, labels, Bytes(text, static_cast<size_t>(end - text)));
  }
  void summary(Bytes name, const std::string& labels, const Latency& latency) {
    const std::array<std::pair<const char*, uint64_t>, 4> quantiles{
        {{"0.5", latency.p50_ns}, {"0.9", latency.p90_ns}, {"0.99", latency.p99_ns}, {"0.999", latency.p999_ns}}};
    for (const auto& [quantile, ns] : quantiles) {
      const std::string all = joined(labels, label("quantile", quantile));
      if (latency.count == 0) {
        line(name, "", all, Bytes("NaN"));
      } else {
        line(name, "", all, seconds(ns));
      }
    }
    line(name, "_sum", labels, seconds(latency.sum_ns));
    line(name, "_count", labels, latency.count);
  }
  static double seconds(uint64_t ns) { return static_cast<double>(ns) / 1e9; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// A source of lines: an object of the statistics, and the labels that say which.
template <class Object>
struct Source {
  std::string labels;
  const Object* object;
};

template <class Object, size_t N>
void write_numbers(TextWriter& out, const Number<Object> (&families)[N], const std::vector<Source<Object>>& sources) {
  for (const auto& [name, type, help, field] : families) {
    if (sources.empty()) continue;
    out.begin(name, type, help);
    for (const Source<Object>& source : sources) out.line(name, "", source.labels, source.object->*field);
  }
}

// The largest is a family of its own: a summary has no place for it.
template <class Object, size_t N>
void write_summaries(TextWriter& out, const Summary<Object> (&families)[N],
                     const std::vector<Source<Object>>& sources) {
  for (const auto& [name, type, help, field] : families) {
    if (sources.empty()) continue;
    out.begin(name, type, help);
    for (const Source<Object>& source : sources) out.summary(name, source.labels, source.object->*field);
    const std::string largest = std::string(name).substr(0, std::string(name).rfind('_')) + "_max_seconds";
    out.begin(largest.c_str(), kGauge, "The largest since the open.");
    for (const Source<Object>& source : sources)
      out.line(largest, "", source.labels, TextWriter::seconds((source.object->*field).max_ns));
  }
}

void write_amplifications(TextWriter& out, const char* prefix, const char* what, auto sources) {
  if (sources.empty()) return;
  const auto write = [&](const char* kind, const char* help, auto amplification) {
    const std::string name = std::string(prefix) + kind;
    out.begin(name.c_str(), kGauge, (std::string(help) + what).c_str());
    for (const auto& source : sources) out.line(name, "", source.labels, amplification(*source.object));
  };
  write("write_amplification_ratio", "Bytes written for each byte that users wrote, ",
        [](const auto& object) { return object.write_amplification(); });
  write("space_amplification_ratio", "Table bytes for each byte of one copy of the data, an upper bound, ",
        [](const auto& object) { return object.space_amplification(); });
  write("read_amplification_runs", "The most runs that a point read may look into, ",
        [](const auto& object) { return object.read_amplification(); });
}

std::string text_of(const Stats& stats, const std::string& labels) {
  TextWriter out;
  const std::vector<Source<Stats>> database{{labels, &stats}};
  write_numbers(out, kNumbers, database);
  for (const auto& [name, type, help, field] : kStates) {
    out.begin(name, type, help);
    out.line(name, "", labels, stats.*field ? 1 : 0);
  }
  out.begin("nacre_memory_part_bytes", kGauge, "Memory held now, by what holds it.");
  for (const auto& [part, field] : kMemoryParts)
    out.line("nacre_memory_part_bytes", "", joined(labels, label("part", part)), stats.memory.*field);
  write_amplifications(out, "nacre_", "log and tables.", database);
  write_summaries(out, kLatencies, database);

  constexpr Summary<DelayStats> kDelays[] = {
      {"nacre_write_delay_seconds", Type::kSummary, "Of writers, each one, by reason.", &DelayStats::delays}};
  std::vector<Source<DelayStats>> delays;
  for (const DelayStats& delay : stats.delays)
    delays.push_back({joined(labels, label("reason", to_string(delay.reason))), &delay});
  write_summaries(out, kDelays, delays);

  std::vector<Source<KeyspaceStats>> keyspaces;
  std::vector<Source<LevelStats>> levels;
  for (const KeyspaceStats& keyspace : stats.keyspaces) {
    const std::string own = joined(labels, label("keyspace", keyspace.name));
    keyspaces.push_back({own, &keyspace});
    for (const LevelStats& level : keyspace.levels)
      levels.push_back({joined(own, label("level", std::to_string(level.level))), &level});
  }
  write_numbers(out, kKeyspaceNumbers, keyspaces);
  write_amplifications(out, "nacre_keyspace_", "tables alone.", keyspaces);
  write_summaries(out, kKeyspaceLatencies, keyspaces);
  write_numbers(out, kLevelNumbers, levels);
  write_summaries(out, kLevelLatencies, levels);
  return out.take();
}

const char* wrong_name(std::span<const MetricLabel> labels, size_t which) {
  const std::string& name = labels[which].name;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool legal = !name.empty() && is_letter(name[0]) && !name.starts_with("__") &&
                     std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || is_digit(c); });
  if (!legal) return "the name of a label must be letters, digits and underscores, and not begin with a digit or __";
  for (const char* taken : {"keyspace", "level", "part", "quantile", "reason"}) {
    if (name == taken) return "the name of a label is one that Nacre sets: keyspace, level, part, quantile, reason";
  }
  for (size_t i = 0; i < which; i++) {
    if (labels[i].name == name) return "the name of a label is there twice";
  }
  return nullptr;
}

}  // namespace
}  // namespace metrics

Result<std::string> to_prometheus(const Stats& stats, std::span<const MetricLabel> labels) noexcept {
  std::string text;
  for (size_t i = 0; i < labels.size(); i++) {
    if (const char* wrong = metrics::wrong_name(labels, i)) return invalid_argument(Operation::kConfigure, wrong);
    text = metrics::joined(text, metrics::label(labels[i].name.c_str(), labels[i].value));
  }
  return metrics::text_of(stats, text);
}

}  // namespace nacre
