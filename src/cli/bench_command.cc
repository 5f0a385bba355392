// bench: what this machine does with Nacre, in half a minute. Every figure is taken through the public API by one thread that waits
// for each call, and every call is timed; the two readings of the clock are in the figures.
//
// The database lies in a new directory inside the one that the user names, and goes with it, also after an error or Ctrl-C.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>

#include "cli/command.h"
#include "cli/ctrl_c.h"
#include "cli/human.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

constexpr uint64_t kKeyBytes = 16;
constexpr uint64_t kMostEntries = uint64_t{1} << 26;
constexpr uint64_t kMostValueBytes = uint64_t{1} << 20;
constexpr uint64_t kMostReads = 200'000;
constexpr uint64_t kBetweenWords = 4096;  // operations
constexpr double kSyncSeconds = 2;        // synced puts go on for so long at most

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// A directory that exists as long as this object.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::string& parent) : path_(parent + "/nacre-bench-XXXXXX") {
    made_ = mkdtemp(path_.data()) != nullptr;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  bool made() const { return made_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

// Numbers that look random and differ for each i below 2^64 (SplitMix64's finalizer is a bijection).
uint64_t scrambled(uint64_t i) {
  i += 0x9e3779b97f4a7c15;
  i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
  i = (i ^ (i >> 27)) * 0x94d049bb133111eb;
  return i ^ (i >> 31);
}

std::string key_of(uint64_t i) {
  char key[kKeyBytes + 1];
  std::snprintf(key, sizeof key, "%016llx", static_cast<unsigned long long>(scrambled(i)));
  return key;
}

// Half of it can be compressed away.
void fill_value(std::string& value, uint64_t seed) {
  for (size_t at = 0; at < value.size(); at += 16) {
    const uint64_t word = scrambled(seed + at);
    std::memcpy(value.data() + at, &word, std::min<size_t>(8, value.size() - at));
  }
}

struct Measured {
  std::string name;
  uint64_t operations = 0;
  double seconds = 0;
  uint64_t p50_ns = 0;
  uint64_t p99_ns = 0;
  uint64_t max_ns = 0;
};

class Bench {
 public:
  Bench(Db& db, const CommonOptions& common, const BenchArguments& arguments)
      : db_(db), common_(common), arguments_(arguments), value_(arguments.value_bytes, 'v') {}

  Result<void> run() {
    const uint64_t entries = arguments_.entries;
    const uint64_t reads = std::min(entries, kMostReads);
    const WriteOptions written = common_.write_options();
    const auto put = [&](uint64_t i, WriteOptions options) {
      fill_value(value_, i);
      return db_.put(key_of(i), value_, options);
    };
    if (auto r = each("fill at random", entries, 1e9, [&](uint64_t i) { return put(i, written); }); !r) return r;
    if (auto r = settle(); !r) return r;
    const auto get = [&](uint64_t i, uint64_t shift) -> Result<void> {
      const auto value = db_.get(key_of(scrambled(i) % entries + shift));
      if (!value) return value.error();
      return {};
    };
    if (auto r = each("get at random", reads, 1e9, [&](uint64_t i) { return get(i, 0); }); !r) return r;
    if (auto r = each("get what is not there", reads, 1e9, [&](uint64_t i) { return get(i, entries); }); !r) return r;
    if (auto r = seeks(std::min<uint64_t>(reads, 50'000)); !r) return r;
    if (auto r = scan(); !r) return r;
    return each("put, synced to disk", std::clamp<uint64_t>(entries / 100, 20, 2000), kSyncSeconds,
                [&](uint64_t i) { return put(entries + i, {.durability = Durability::kDisk}); });
  }

  const std::vector<Measured>& measured() const { return measured_; }

 private:
  // Calls `operation` `count` times, or for `most_seconds`, and keeps how long each call took. What tells how far it is stands between
  // calls, and between the readings of the clock.
  template <class F>
  Result<void> each(const char* name, uint64_t count, double most_seconds, F operation) {
    std::vector<uint32_t> took;
    took.reserve(count);
    const uint64_t entry_bytes = kKeyBytes + arguments_.value_bytes;
    Progress progress(name, count * entry_bytes);
    const auto begin = Clock::now();
    auto before = begin;
    for (uint64_t i = 0; i < count && !interrupted(); i++) {
      if (const auto done = operation(i); !done) return done.error();
      const auto now = Clock::now();
      took.push_back(static_cast<uint32_t>(
          std::min<int64_t>(UINT32_MAX, std::chrono::duration_cast<std::chrono::nanoseconds>(now - before).count())));
      before = now;
      if (std::chrono::duration<double>(now - begin).count() > most_seconds) break;
      if ((i + 1) % kBetweenWords != 0) continue;
      progress.update((i + 1) * entry_bytes, i + 1);
      before = Clock::now();
    }
    progress.clear();
    Measured measured{.name = name, .operations = took.size(), .seconds = seconds_since(begin)};
    std::ranges::sort(took);
    if (!took.empty()) {
      measured.p50_ns = took[took.size() / 2];
      measured.p99_ns = took[took.size() * 99 / 100];
      measured.max_ns = took.back();
    }
    tell(std::move(measured));
    return {};
  }

  Result<void> settle() {
    if (interrupted()) return {};
    const auto begin = Clock::now();
    if (const auto settled = db_.settle(); !settled) return settled.error();
    tell({.name = "settle after it", .seconds = seconds_since(begin)});
    return {};
  }

  Result<void> seeks(uint64_t count) {
    Cursor cursor = db_.cursor();
    const auto seek = [&](uint64_t i) -> Result<void> {
      cursor.seek(key_of(scrambled(~i)));
      for (int step = 0; step < 10 && cursor.valid(); step++) cursor.next();
      return cursor.status();
    };
    return each("seek and read 11", count, 1e9, seek);
  }

  Result<void> scan() {
    const auto begin = Clock::now();
    uint64_t entries = 0;
    Scan all = db_.scan();
    for (auto entry = all.begin(); entry != all.end() && !interrupted(); ++entry) entries++;
    tell({.name = "scan everything", .operations = entries, .seconds = seconds_since(begin)});
    return all.status();
  }

  void tell(Measured measured) {
    if (interrupted() && measured.operations == 0) return;
    if (!common_.json) print(measured);
    measured_.push_back(std::move(measured));
  }

  static void print(const Measured& measured) {
    if (measured.operations == 0) {
      std::printf("%-22s %10s\n", measured.name.c_str(), human_time(measured.seconds).c_str());
    } else {
      const double rate = static_cast<double>(measured.operations) / std::max(measured.seconds, 1e-9);
      std::printf("%-22s %10s/s", measured.name.c_str(), human_count(static_cast<uint64_t>(rate)).c_str());
      const auto time = [](uint64_t ns) { return human_time(static_cast<double>(ns) * 1e-9); };
      if (measured.max_ns != 0) {
        std::printf("  p50 %-10s p99 %-10s max %s", time(measured.p50_ns).c_str(), time(measured.p99_ns).c_str(),
                    time(measured.max_ns).c_str());
      }
      std::printf("\n");
    }
    std::fflush(stdout);
  }

  Db& db_;
  const CommonOptions& common_;
  const BenchArguments& arguments_;
  std::string value_;
  std::vector<Measured> measured_;
};

void print_json(const std::vector<Measured>& all, const BenchArguments& arguments, uint64_t table_bytes) {
  nlohmann::ordered_json object{{"entries", arguments.entries},
                                {"key_bytes", kKeyBytes},
                                {"value_bytes", arguments.value_bytes},
                                {"table_file_bytes", table_bytes},
                                {"measured", nlohmann::ordered_json::array()}};
  for (const Measured& one : all) {
    object["measured"].push_back({{"name", one.name},
                                  {"operations", one.operations},
                                  {"seconds", one.seconds},
                                  {"p50_ns", one.p50_ns},
                                  {"p99_ns", one.p99_ns},
                                  {"max_ns", one.max_ns}});
  }
  std::printf("%s\n", object.dump(2).c_str());
}

int measure(const std::string& path, const CommonOptions& common, const BenchArguments& arguments) {
  std::optional<Options> options = read_options(common);
  if (!options) return kUsage;
  options->mode = OpenMode::kCreateNew;
  auto db = Db::open(path, *options, runtime_of(common));
  if (!db) return fail(path, db.error());
  const double mib = static_cast<double>(arguments.entries * (kKeyBytes + arguments.value_bytes)) / (1 << 20);
  if (!common.json) {
    std::printf("%s entries of %llu + %llu bytes, %.0f MiB, one thread, durability %s, %s\n",
                human_count(arguments.entries).c_str(), static_cast<unsigned long long>(kKeyBytes),
                static_cast<unsigned long long>(arguments.value_bytes), mib,
                std::string(to_string(common.write_options().durability.value_or(options->durability))).c_str(),
                common.options_file.empty() ? "the defaults" : visible("options of " + common.options_file).c_str());
  }
  Bench bench(*db, common, arguments);
  const auto done = bench.run();
  const uint64_t table_bytes = db->stats().table_file_bytes;
  const auto closed = db->close();
  if (!done) return fail("bench", done.error());
  if (!closed) return fail("bench", closed.error());
  if (interrupted()) {
    std::fprintf(stderr, "nacre: stopped by Ctrl-C; the figures above are of what was done until then\n");
    return kFailure;
  }
  if (common.json) {
    print_json(bench.measured(), arguments, table_bytes);
  } else {
    std::printf(
        "tables at the end: %s. What is read was just written, so much of it is in memory: larger data,\n"
        "--entries N, tells of the disk. Half of each value can be compressed away.\n",
        human_bytes(table_bytes).c_str());
  }
  return kSuccess;
}

}  // namespace

int run_bench(const CommonOptions& common, const BenchArguments& arguments) {
  if (arguments.entries == 0 || arguments.entries > kMostEntries)
    return fail_usage("--entries is a number from 1 to " + std::to_string(kMostEntries));
  if (arguments.value_bytes > kMostValueBytes)
    return fail_usage("--value-bytes is a number from 0 to " + std::to_string(kMostValueBytes));
  const InterruptCatcher catcher;
  say_at_interrupt(
      "\nnacre: stops as soon as it can; a second Ctrl-C ends it at once, and leaves its directory behind\n");
  const ScratchDirectory scratch(common.database);
  if (!scratch.made()) {
    std::fprintf(stderr, "nacre: %s: no directory can be made in it: %s (bench needs a directory that exists)\n",
                 visible(common.database).c_str(), std::strerror(errno));
    return kFailure;
  }
  return measure(scratch.path(), common, arguments);
}

}  // namespace nacre::cli
