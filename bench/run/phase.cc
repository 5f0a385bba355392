#include "bench/run/phase.h"

#include <algorithm>
#include <list>
#include <numeric>
#include <thread>

#include "bench/measure/counters.h"
#include "bench/measure/memory.h"
#include "bench/measure/space.h"
#include "bench/measure/ticks.h"
#include "bench/run/sampler.h"
#include "bench/run/worker.h"

namespace bench {

namespace {

uint64_t text_hash(std::string_view text) {
  uint64_t hash = 0;
  for (const char c : text) hash = scatter(hash + static_cast<unsigned char>(c));
  return hash;
}

// The workers of one crew.
struct Team {
  const Crew& crew;
  std::vector<Scope> scopes;
  std::vector<std::unique_ptr<Worker>> workers;

  Tally tally(const Settings& settings) const {
    Tally sum(static_cast<uint64_t>(settings.stall_ms * 1e6));
    for (const auto& worker : workers) sum.add(worker->tally());
    return sum;
  }
  uint64_t done() const {
    return std::accumulate(workers.begin(), workers.end(), uint64_t{0},
                           [](uint64_t sum, const auto& worker) { return sum + worker->done(); });
  }
};

struct Baseline {
  std::optional<Transferred> process = process_io();
  std::optional<Transferred> device;
  double cpu = cpu_seconds();
  double stalled = 0;
};

struct After {
  double seconds = 0;
  double settle_seconds = 0;
  double cpu = 0;
  Memory memory;
  std::optional<Transferred> process;
  std::optional<Transferred> device;
};

class Phase {
 public:
  Phase(const Workload& workload, const Records& records, const Values& values, const Settings& settings,
        std::string title, Store& store, Contents& contents)
      : workload_(workload),
        records_(records),
        settings_(settings),
        title_(std::move(title)),
        store_(store),
        contents_(contents),
        stage_{.settings = settings,
               .records = records,
               .values = values,
               .store = store,
               .name = title_,
               .all_there = contents.complete(),
               .counts_entries = workload.counts_entries},
        device_(settings.directory) {
    for (const Crew& crew : workload.crews) hire(crew);
  }

  PhaseOutcome run() {
    const double harness = teams_.front().workers.front()->harness_ns();
    sync_file_system(settings_.directory);
    Baseline before;
    before.device = device_.io();
    before.stalled = store_.stalled_seconds().value_or(0);
    reset_memory_peak();
    const After after = carry_out(before);
    PhaseOutcome outcome;
    for (const Team& team : teams_) outcome.wrote = outcome.wrote || team.tally(settings_).user_written > 0;
    if (outcome.wrote) replay();
    for (const Team& team : teams_) outcome.results.push_back(measured_by_worker(team, after));
    outcome.results.front().harness_ns = harness;
    measured_of_process(outcome.results.front(), before, after);
    return outcome;
  }

 private:
  void hire(const Crew& crew) {
    const uint32_t threads = crew.threads != 0 ? crew.threads : settings_.threads;
    uint64_t operations = crew.operations ? crew.operations(settings_, records_) : 0;
    if (workload_.before == Before::kAll && settings_.most_calls != 0)
      operations = std::min(operations, settings_.most_calls);
    Team& team = teams_.emplace_back(Team{.crew = crew, .scopes = {}, .workers = {}});
    uint64_t first = 0;
    for (uint32_t i = 0; i < threads; i++) {
      const uint64_t share = operations / threads + (i < operations % threads ? 1 : 0);
      if (operations != 0 && share == 0) continue;
      const uint64_t seed = scatter(settings_.seed + text_hash(workload_.name) + text_hash(crew.role) + i);
      team.scopes.push_back({.settings = settings_,
                             .records = records_,
                             .operations = share,
                             .worker = i,
                             .workers = threads,
                             .seed = seed,
                             .first = first});
      team.workers.push_back(std::make_unique<Worker>(stage_, crew, team.scopes.back()));
      first += share;
    }
    if (&team == &teams_.front()) total_ = operations;
  }

  After carry_out(const Baseline& before) {
    size_t all = 0;
    for (const Team& team : teams_) all += team.workers.size();
    std::latch ready(static_cast<std::ptrdiff_t>(all)), start(1);
    std::atomic<bool> stop{false};
    std::vector<std::vector<std::thread>> threads;
    for (const Team& team : teams_) {
      threads.emplace_back();
      for (const auto& worker : team.workers) {
        threads.back().emplace_back([&, worker = worker.get()] { worker->run(ready, start, stop); });
      }
    }
    ready.wait();
    const Team& first = teams_.front();
    Sampler sampler(title_, workload_.counts_entries ? records_.count : total_, [&first] { return first.done(); });
    After after;
    begin_tick_ = ticks();
    start.count_down();
    for (std::thread& thread : threads.front()) thread.join();
    stop = true;
    for (std::vector<std::thread>& crew : threads) {
      for (std::thread& thread : crew) {
        if (thread.joinable()) thread.join();
      }
    }
    const double worked = seconds_since_begin(first.tally(settings_).last_tick);
    if (workload_.settles) {
      const double watched = store_.settle();
      after.settle_seconds = std::max(0.0, seconds_since_begin(ticks()) - watched - worked);
    }
    after.seconds = worked + after.settle_seconds;
    after.cpu = cpu_seconds() - before.cpu;
    sampler.stop();
    timeline_ = sampler.timeline();
    after.memory = memory_now();
    after.memory.anonymous = sampler.anonymous_peak();
    sync_file_system(settings_.directory);
    after.process = process_io();
    after.device = device_.io();
    return after;
  }

  double seconds_since_begin(uint64_t tick) const {
    return static_cast<double>(tick - begin_tick_) * ns_per_tick() / 1e9;
  }

  // What the operations of the crews left in the store: as many as each worker came to.
  void replay() {
    contents_.begin_workload();
    for (const Team& team : teams_) {
      for (size_t worker = 0; worker < team.workers.size(); worker++) {
        const std::unique_ptr<Source> source = team.crew.source(team.scopes[worker]);
        const uint64_t operations = team.workers[worker]->tally().operations;
        Operation operation;
        contents_.begin_worker();
        for (uint64_t i = 0; i < operations; i++) {
          source->next(operation);
          contents_.apply(operation);
        }
      }
    }
  }

  Result measured_by_worker(const Team& team, const After& after) const {
    const bool first = &team == &teams_.front();
    const Tally tally = team.tally(settings_);
    Result r;
    r.workload = first ? workload_.name : workload_.name + std::string("/") + team.crew.role;
    r.counted = workload_.counts_entries ? "entries" : "operations";
    r.latency_of = workload_.latency_of;
    r.threads = team.workers.size();
    r.operations = tally.operations;
    r.entries = tally.entries;
    r.seconds = first ? after.seconds : seconds_since_begin(tally.last_tick);
    r.settle_seconds = first ? after.settle_seconds : 0;
    r.rate = static_cast<double>(workload_.counts_entries ? tally.entries : tally.operations) / r.seconds;
    r.found = tally.found;
    r.expected = tally.expected;
    r.user_written = tally.user_written;
    r.user_read = tally.user_read;
    if (settings_.latency) add_latencies(r, tally.latencies);
    if (first) {
      r.timeline_step = timeline_.step;
      r.timeline = timeline_.done;
    }
    return r;
  }

  static void add_latencies(Result& r, const Latencies& latencies) {
    static const double cost = timing_ns();
    const auto us = [&](double q) { return static_cast<double>(latencies.quantile(q)) / 1e3; };
    r.mean_us = latencies.mean_ns() / 1e3;
    r.p50_us = us(0.5);
    r.p99_us = us(0.99);
    r.p999_us = us(0.999);
    r.max_us = static_cast<double>(latencies.max_ns()) / 1e3;
    r.latency_curve = latencies.curve();
    r.stalls = latencies.stalls();
    r.stall_seconds = latencies.stalled_seconds();
    r.timing_ns = cost;
  }

  void measured_of_process(Result& r, const Baseline& before, const After& after) {
    const double counted = static_cast<double>(workload_.counts_entries ? r.entries : r.operations);
    r.cpu_s_per_million = after.cpu / counted * 1e6;
    r.rss_peak = static_cast<double>(std::max(after.memory.resident_peak, after.memory.resident));
    r.rss_anonymous_peak = static_cast<double>(after.memory.anonymous);
    r.page_cache = static_cast<double>(page_cache_bytes(settings_.directory));
    r.directory = static_cast<double>(allocated_bytes(settings_.directory));
    if (const auto live = contents_.live_bytes()) {
      r.live = static_cast<double>(*live);
      if (*live > 0) r.space_amplification = *r.directory / *r.live;
    }
    if (before.process && after.process) {
      const Transferred moved = *after.process - *before.process;
      r.process_written = static_cast<double>(moved.written);
      r.process_read = static_cast<double>(moved.read);
    }
    double written = 0, read = 0;  // by all crews
    for (const Team& team : teams_) {
      const Tally tally = team.tally(settings_);
      written += static_cast<double>(tally.user_written);
      read += static_cast<double>(tally.user_read);
    }
    if (before.device && after.device) {
      const Transferred moved = *after.device - *before.device;
      r.device_written = static_cast<double>(moved.written);
      r.device_read = static_cast<double>(moved.read);
      if (written > 0) r.write_amplification = *r.device_written / written;
      if (read > 0) r.read_amplification = *r.device_read / read;
    }
    if (const auto stalled = store_.stalled_seconds()) r.engine_stall_seconds = *stalled - before.stalled;
  }

  const Workload& workload_;
  const Records& records_;
  const Settings& settings_;
  const std::string title_;
  Store& store_;
  Contents& contents_;
  const Stage stage_;
  const Device device_;
  std::list<Team> teams_;
  uint64_t total_ = 0;
  uint64_t begin_tick_ = 0;
  Timeline timeline_;
};

}  // namespace

PhaseOutcome run_phase(const Workload& workload, const Records& records, const Values& values, const Settings& settings,
                       const std::string& title, Store& store, Contents& contents) {
  return Phase(workload, records, values, settings, title, store, contents).run();
}

}  // namespace bench
