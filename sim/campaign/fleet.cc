#include "sim/campaign/fleet.h"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace nacre::sim {

namespace {

// Seeds that a process gets at a time: enough to make its start cheap, few enough that the last ones end together.
constexpr uint64_t kSeedsAtATime = 16;
constexpr int kPollMs = 200;
const std::string kBegun = "begun";  // else a message is a record

}  // namespace

Fleet::Fleet(const FleetOptions& options, std::function<Trial(uint64_t)> trial)
    : options_(options),
      trial_(std::move(trial)),
      began_(std::chrono::steady_clock::now()),
      next_seed_(options.seeds.first) {}

bool Fleet::out_of_time() const { return options_.time && std::chrono::steady_clock::now() - began_ > *options_.time; }

std::optional<SeedRange> Fleet::take_seeds() {
  if (out_of_time()) return std::nullopt;
  if (!left_over_.empty()) {
    const SeedRange seeds = left_over_.back();
    left_over_.pop_back();
    return seeds;
  }
  if (all_given_) return std::nullopt;
  const uint64_t left = options_.seeds.last - next_seed_;  // behind the next one
  const uint64_t share = std::max<uint64_t>(1, left / (uint64_t{4} * options_.processes));
  const SeedRange seeds{next_seed_, next_seed_ + std::min({left, share, kSeedsAtATime - 1})};
  all_given_ = seeds.last == options_.seeds.last;
  next_seed_ = seeds.last + 1;
  return seeds;
}

Fleet::Worker Fleet::start(SeedRange seeds) const {
  auto child = std::make_unique<Child>([&, seeds](const Child::Say& say) {
    for (uint64_t seed = seeds.first; !out_of_time(); ++seed) {
      Child::limit_this(options_.hung_after);
      say(kBegun);
      const Record record = run_gated(trial_(seed), options_.hung_after);
      say(encode_record(record));
      if (!record.outcome.passed() || seed == seeds.last) return;
    }
  });
  return {.seeds = seeds, .next = seeds.first, .child = std::move(child)};
}

void Fleet::run(const Listener& listener) {
  bool go_on = true;
  while (go_on) {
    while (workers_.size() < options_.processes) {
      const auto seeds = take_seeds();
      if (!seeds) break;
      workers_.push_back(start(*seeds));
    }
    if (workers_.empty()) break;
    std::vector<pollfd> readable;
    for (const Worker& worker : workers_) readable.push_back({worker.child->descriptor(), POLLIN, 0});
    ::poll(readable.data(), readable.size(), kPollMs);
    for (size_t i = 0; i < workers_.size() && go_on; ++i) go_on = listen(workers_[i], listener);
    std::erase_if(workers_, [](const Worker& worker) { return worker.child == nullptr; });
  }
  for (Worker& worker : workers_) {
    worker.child->kill();
    cpu_ns_ += worker.child->end().cpu_ns;
  }
  workers_.clear();
}

// Takes what the worker says, and its end. False: the listener has had enough.
bool Fleet::listen(Worker& worker, const Listener& listener) {
  const bool open = worker.child->listen(0);
  for (const std::string& message : worker.child->heard()) {
    worker.begun = message == kBegun;
    if (worker.begun) continue;
    ++worker.next;
    if (!listener(decode_record(message))) return false;
  }
  if (!open) return reap(worker, listener);
  if (worker.child->silence() > options_.hung_after * kSilentFactor) worker.child->kill();
  return true;
}

bool Fleet::reap(Worker& worker, const Listener& listener) {
  const Child::End end = worker.child->end();
  cpu_ns_ += end.cpu_ns;
  worker.child.reset();
  const uint64_t seed = worker.next;
  if (worker.begun) ++worker.next;
  if (worker.next - 1 != worker.seeds.last) left_over_.push_back({worker.next, worker.seeds.last});
  return !worker.begun || listener({.outcome = died(seed, end.hung, end.words)});
}

}  // namespace nacre::sim
