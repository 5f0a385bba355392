#include "bench/run/suite.h"

#include <algorithm>
#include <filesystem>

#include "bench/failure.h"

namespace bench {

namespace {

constexpr uint32_t kLargestValue = 1 << 20;  // of mixgraph's

bool wanted(const Settings& settings, const Workload& workload) {
  return settings.workloads.empty() || std::ranges::find(settings.workloads, workload.name) != settings.workloads.end();
}

}  // namespace

Suite::Suite(const Engine& engine, const Settings& settings, std::string label, Emit emit)
    : engine_(engine),
      settings_(settings),
      label_(std::move(label)),
      emit_(std::move(emit)),
      values_(settings.seed, std::max(kLargestValue, settings.value.max_bytes())) {
  settings_.directory = settings.directory + "/" + engine.name;
}

Suite::~Suite() { close(); }

void Suite::run() {
  for (const Workload& workload : catalogue()) {
    if (!wanted(settings_, workload)) continue;
    prepare(workload);
    if (!can(workload)) {
      std::fprintf(stderr, "%s: left out: it cannot sync single writes\n", title(workload.name).c_str());
      continue;
    }
    if (workload.warms && settings_.warm && !warm_) warm();
    measure(workload, false);
  }
}

void Suite::prepare(const Workload& workload) {
  if (workload.before == bench::Before::kEmpty) return fresh(workload);
  if (store_ == nullptr || data_ != workload.data || !contents_->complete()) load(workload.data);
}

bool Suite::can(const Workload& workload) const {
  return std::ranges::all_of(workload.crews,
                             [&](const Crew& crew) { return !crew.durability || store_->can(*crew.durability); });
}

void Suite::close() {
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(settings_.directory, ignored);
}

void Suite::fresh(const Workload& workload) {
  close();
  std::filesystem::create_directories(settings_.directory);
  store_ = engine_.open({.directory = settings_.directory,
                         .memory_bytes = settings_.memory_bytes,
                         .codec = settings_.codec,
                         .ascending = workload.ascending && settings_.threads == 1,
                         .engine_options = settings_.engine_options});
  if (!store_->can(settings_.durability)) fail(kUsage, "%s has no durability as --durability asks for", engine_.name);
  data_ = workload.data;
  records_ = records_of(data_, settings_);
  contents_ = std::make_unique<Contents>(records_);
  warm_ = false;
}

void Suite::load(Data data) {
  Workload workload = loading(data);
  workload.data = data;
  fresh(workload);
  measure(workload, true);
}

void Suite::warm() {
  const auto session = store_->session(settings_.durability);
  KeyBuffer key(records_.key, 1);
  for (uint64_t number = 0; number < records_.count; number++) {
    if (!session->get(key.write(records_.code_of(number)))) {
      fail(kWrongAnswer, "%s: number %llu is not there", title("warming").c_str(),
           static_cast<unsigned long long>(number));
    }
  }
  warm_ = true;
}

void Suite::measure(const Workload& workload, bool silent) {
  if (workload.settles) store_->settle();  // what earlier workloads have left to do is not this one's
  PhaseOutcome outcome = run_phase(workload, records_, values_, settings_, title(workload.name), *store_, *contents_);
  Result& first = outcome.results.front();
  if (outcome.wrote && settings_.verify) {
    first.found = static_cast<double>(verify(title(workload.name)));
    first.expected = static_cast<double>(contents_->count());
  }
  if (silent) return;
  for (Result& result : outcome.results) {
    result.engine = engine_.name;
    result.version = store_->describe();
    emit_(result);
  }
}

uint64_t Suite::verify(const std::string& name) {
  const auto session = store_->session(settings_.durability);
  Seen seen;
  session->cursor()->forward({}, UINT64_MAX, seen);
  if (seen.entries != contents_->count() || seen.sum != contents_->sum()) {
    fail(kWrongAnswer, "%s: a walk finds %llu entries of sum %llu, not %llu of sum %llu", name.c_str(),
         static_cast<unsigned long long>(seen.entries), static_cast<unsigned long long>(seen.sum),
         static_cast<unsigned long long>(contents_->count()), static_cast<unsigned long long>(contents_->sum()));
  }
  verify_values(name, *session);
  return seen.entries;
}

void Suite::verify_values(const std::string& name, Session& session) {
  KeyBuffer key(records_.key, 1);
  std::string buffer;
  for (const auto& [number, writes] : contents_->last_writes().all()) {
    const auto value = session.get(key.write(records_.code_of(number)));
    const bool newest = value && std::ranges::any_of(writes, [&](const LastWrites::Write& write) {
                          return values_.make(number, write.version, write.value_bytes, buffer) == *value;
                        });
    if (!newest) {
      fail(kWrongAnswer, "%s: number %llu does not have the value that was written last", name.c_str(),
           static_cast<unsigned long long>(number));
    }
  }
}

}  // namespace bench
