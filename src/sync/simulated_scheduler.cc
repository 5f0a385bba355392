#ifdef NACRE_SIM

#include "sync/simulated_scheduler.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/assert.h"
#include "sync/simulated_fiber.h"

namespace nacre::sync {
inline namespace simulated {

namespace {

constexpr size_t kStackBytes = 512 * 1024;  // touched lazily, so it costs what is used
constexpr size_t kGuardBytes = 4096;
constexpr uint64_t kFirstInstantNs = 1'000'000'000;
constexpr uint64_t kPctFirstPriority = 1 << 16;  // new fibers are above every dropped one
constexpr uint32_t kStarveMercy = 1000;

char* map_stack() {
  void* base = mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  NACRE_CHECK(base != MAP_FAILED);
  NACRE_CHECK(mprotect(base, kGuardBytes, PROT_NONE) == 0);  // an overflow faults instead of writing elsewhere
  return static_cast<char*>(base) + kGuardBytes;
}

template <class List>
void remove_at(List& list, size_t position) {
  list[position] = list.back();
  list[position]->position = position;
  list.pop_back();
}

}  // namespace

Scheduler& Scheduler::instance() {
  static Scheduler* const kOnly = new Scheduler;
  return *kOnly;
}

Scheduler::Scheduler() {
  main_ = new Fiber;
  main_->name = "main stack";
  main_->state = Fiber::State::kRunning;
  main_->index = take_index();
  main_->number = next_number_++;
  current_ = main_;
  Schedule unlimited;
  unlimited.step_limit = kForeverNs;
  unlimited.time_limit_ns = kForeverNs;
  begin_schedule(unlimited);
}

void Scheduler::begin_schedule(const Schedule& schedule) {
  schedule_ = schedule;
  prng_ = base::Prng(schedule.seed);
  now_ns_ = kFirstInstantNs;
  next_deadline_ns_ = kForeverNs;
  steps_ = switches_ = recent_count_ = 0;
  places_.clear();
  trace_hash_ = base::Prng(schedule.seed).next();
  // The body is one fiber and the threads it starts come after it: the victim is one of the first few.
  victim_ = next_number_ + static_cast<uint32_t>(prng_.below(6));
  pct_drop_count_ = 0;
  if (schedule.strategy == Strategy::kPct) {
    NACRE_CHECK(schedule.pct_depth >= 1 && schedule.pct_depth <= pct_drops_.size() + 1 && schedule.pct_steps > 0);
    for (; pct_drop_count_ + 1 < schedule.pct_depth; ++pct_drop_count_) {
      pct_drops_[pct_drop_count_] = 1 + prng_.below(schedule.pct_steps);
    }
  }
}

// --- running a simulation
// ---------------------------------------------------------------------------------------------

RunResult Scheduler::run(const Schedule& schedule, std::function<void()> body) {
  NACRE_CHECK(!in_run_ && current_ == main_ && ready_.empty() && blocked_.empty());
  const Schedule outside = schedule_;
  free_indexes_.clear();
  next_index_ = 1;  // 0 is the main stack
  next_number_ = 1;
  begin_schedule(schedule);
  in_run_ = true;
  result_ = RunResult{};
  body_ = new_fiber("body");
  body_->body = std::move(body);
  switch_to(body_);

  // Somebody ended the run and switched back to the main stack.
  if (result_.ending == Ending::kDone && !(ready_.empty() && blocked_.empty())) {
    result_.ending = Ending::kThreadsLeft;
    result_.report = "the body returned while threads were alive\n" + describe();
  }
  if (result_.ending != Ending::kDone) abandon_all();
  result_.steps = steps_;
  result_.switches = switches_;
  result_.virtual_ns = now_ns_ - kFirstInstantNs;
  result_.trace_hash = trace_hash_;
  in_run_ = false;
  if (body_->state == Fiber::State::kEnded) delete body_;
  body_ = nullptr;
  begin_schedule(outside);
  return std::move(result_);
}

void Scheduler::end_run(Ending ending, std::string report) {
  if (!in_run_) {
    std::fprintf(stderr, "nacre: %s outside a simulation\n%s", to_string(ending), report.c_str());
    std::abort();
  }
  result_.ending = ending;
  result_.report = std::move(report);
  if (current_->state == Fiber::State::kRunning) {  // else it is in a list already
    current_->position = blocked_.size();
    blocked_.push_back(current_);
    current_->state = Fiber::State::kBlocked;
  }
  switch_to(main_);
  __builtin_unreachable();
}

void Scheduler::stop(const std::string& why) { end_run(Ending::kFailed, why + "\n" + describe()); }

// Drops every fiber where it stands. The Fiber objects are leaked with all that their bodies captured: destroying those
// would run destructors of things that are in use. The stacks are used again, and nothing of them will ever run.
void Scheduler::abandon_all() {
  for (auto* list : {&ready_, &blocked_}) {
    for (Fiber* fiber : *list) free_stacks_.push_back(fiber->stack);
    list->clear();
  }
}

// --- fibers
// -----------------------------------------------------------------------------------------------------------

uint32_t Scheduler::take_index() {
  if (free_indexes_.empty()) return next_index_++;
  const auto smallest = std::min_element(free_indexes_.begin(), free_indexes_.end());
  const uint32_t index = *smallest;
  free_indexes_.erase(smallest);
  return index;
}

Fiber* Scheduler::new_fiber(const std::string& name) {
  auto* fiber = new Fiber;
  fiber->name = name;
  fiber->number = next_number_++;
  fiber->index = take_index();
  fiber->priority = kPctFirstPriority + (schedule_.strategy == Strategy::kPct ? prng_.below(uint64_t{1} << 32) : 0);
  if (free_stacks_.empty()) {
    fiber->stack = map_stack();
  } else {
    fiber->stack = static_cast<char*>(free_stacks_.back());
    free_stacks_.pop_back();
  }
#ifdef NACRE_FIBERS_UNDER_ASAN
  __asan_unpoison_memory_region(fiber->stack, kStackBytes);
  fiber->asan_bottom = fiber->stack;
  fiber->asan_bytes = kStackBytes;
#endif
  fiber->context = context::make_fcontext(fiber->stack + kStackBytes, kStackBytes,
                                          [](context::transfer_t from) { enter_fiber(from.fctx, from.data); });
  return fiber;
}

void Scheduler::enter_fiber(void* stopped_at, void* from) noexcept {
  auto* previous = static_cast<Fiber*>(from);
  previous->context = stopped_at;
#ifdef NACRE_FIBERS_UNDER_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &previous->asan_bottom, &previous->asan_bytes);
#endif
  Scheduler& scheduler = instance();
  Fiber* self = scheduler.current_;
  self->body();
  self->body = nullptr;
  scheduler.end_current();
}

void Scheduler::end_current() {
  Fiber* self = current_;
  self->state = Fiber::State::kEnded;
  free_stacks_.push_back(self->stack);  // not taken before another fiber runs
  free_indexes_.push_back(self->index);
  wake_all(self);
  if (self == body_) {
    trace(steps_);
    switch_to(main_);  // run() finds out what was left
  } else {
    dispatch(Point::kEnd);
  }
  __builtin_unreachable();
}

Fiber* Scheduler::start(const std::string& name, std::function<void()> body) {
  Fiber* fiber = new_fiber(name);
  fiber->body = std::move(body);
  make_ready(fiber);
  return fiber;
}

void Scheduler::join(Fiber* fiber) {
  NACRE_CHECK(fiber != current_);
  yield(Point::kJoin);
  if (fiber->state != Fiber::State::kEnded) block(Point::kJoin, fiber, nullptr, kForeverNs, &fiber);
  delete fiber;
}

uint32_t Scheduler::current_index() const { return current_->index; }
const std::string& Scheduler::current_name() const { return current_->name; }

void Scheduler::switch_to(Fiber* next) {
  Fiber* self = current_;
  current_ = next;
  next->state = Fiber::State::kRunning;
  ++switches_;
#ifdef NACRE_FIBERS_UNDER_ASAN
  const bool ended = self->state == Fiber::State::kEnded;
  __sanitizer_start_switch_fiber(ended ? nullptr : &self->fake_stack, next->asan_bottom, next->asan_bytes);
#endif
  const context::transfer_t from = context::jump_fcontext(next->context, self);
  auto* previous = static_cast<Fiber*>(from.data);
  previous->context = from.fctx;
#ifdef NACRE_FIBERS_UNDER_ASAN
  __sanitizer_finish_switch_fiber(self->fake_stack, &previous->asan_bottom, &previous->asan_bytes);
#endif
}

// --- points
// -----------------------------------------------------------------------------------------------------------

void Scheduler::tick(Point point) {
  ++steps_;
  now_ns_ += schedule_.step_ns;
  if (schedule_.time_jump_one_in != 0 && next_deadline_ns_ != kForeverNs && prng_.one_in(schedule_.time_jump_one_in)) {
    jump_to_next_deadline();
  }
  if (now_ns_ >= next_deadline_ns_) fire_timers();
  if (schedule_.strategy == Strategy::kPct) {
    for (uint32_t i = 0; i < pct_drop_count_; ++i) {
      if (pct_drops_[i] == steps_) current_->priority = i;
    }
  }
  if (steps_ >= schedule_.step_limit)
    end_run(Ending::kStepLimit, std::string("step limit at ") + to_string(point) + "\n" + describe());
  if (now_ns_ - kFirstInstantNs >= schedule_.time_limit_ns) end_run(Ending::kTimeLimit, "time limit\n" + describe());
}

void Scheduler::yield(Point point) {
  tick(point);
  if (ready_.empty()) return;
  if (schedule_.strategy == Strategy::kRandom && schedule_.switch_one_in > 1 && !prng_.one_in(schedule_.switch_one_in))
    return;
  make_ready(current_);
  dispatch(point);
}

bool Scheduler::block(Point point, const void* object, uint32_t* waiters, uint64_t timeout_ns, Fiber* const* holder) {
  Fiber* self = current_;
  self->state = Fiber::State::kBlocked;
  self->point = point;
  self->object = object;
  self->waiters = waiters;
  self->holder = holder;
  self->timed_out = false;
  self->deadline_ns = timeout_ns >= kForeverNs - now_ns_ ? kForeverNs : now_ns_ + timeout_ns;
  next_deadline_ns_ = std::min(next_deadline_ns_, self->deadline_ns);
  self->position = blocked_.size();
  blocked_.push_back(self);
  tick(point);
  dispatch(point);
  return !self->timed_out;
}

constexpr uint64_t kLongestOwnStallNs = 100'000'000;  // several flushes

bool Scheduler::stalls_at(const void* place) {
  if (schedule_.stall_place_one_in != 0) {
    auto at = std::find(places_.begin(), places_.end(), place);
    if (at == places_.end()) at = places_.insert(at, place);
    const bool here = static_cast<size_t>(at - places_.begin()) + 1 == schedule_.stall_place;
    if (here && prng_.one_in(schedule_.stall_place_one_in)) return true;
  }
  return schedule_.stall_one_in != 0 && prng_.one_in(schedule_.stall_one_in);
}

void Scheduler::stall_current(uint32_t one_in) { current_->stall_one_in = one_in; }

void Scheduler::yield_or_stall(Point point, const void* place) {
  const bool own = current_->stall_one_in != 0 && prng_.one_in(current_->stall_one_in);
  if (own) return sleep_ns(1 + prng_.below(kLongestOwnStallNs), point);
  if (!stalls_at(place)) return yield(point);
  sleep_ns(1 + prng_.below(schedule_.stall_ns), point);
}

void Scheduler::sleep_ns(uint64_t duration_ns, Point point) { block(point, nullptr, nullptr, duration_ns, nullptr); }

void Scheduler::make_ready(Fiber* fiber) {
  fiber->state = Fiber::State::kReady;
  fiber->position = ready_.size();
  ready_.push_back(fiber);
}

void Scheduler::unblock(Fiber* fiber) {
  remove_at(blocked_, fiber->position);
  if (fiber->waiters != nullptr) --*fiber->waiters;
  fiber->object = nullptr;
  fiber->waiters = nullptr;
  fiber->holder = nullptr;
  fiber->deadline_ns = kForeverNs;
  make_ready(fiber);
}

void Scheduler::wake_one(const void* object) {
  uint64_t waiting = 0;
  Fiber* chosen = nullptr;
  for (Fiber* fiber : blocked_) {
    if (fiber->object == object && prng_.below(++waiting) == 0) chosen = fiber;  // each with the same chance
  }
  if (chosen != nullptr) unblock(chosen);
}

void Scheduler::wake_all(const void* object) {
  for (size_t i = 0; i < blocked_.size();) {
    if (blocked_[i]->object == object) {
      unblock(blocked_[i]);
    } else {
      ++i;
    }
  }
}

bool Scheduler::jump_to_next_deadline() {
  uint64_t earliest = kForeverNs;
  for (const Fiber* fiber : blocked_) earliest = std::min(earliest, fiber->deadline_ns);
  next_deadline_ns_ = earliest;
  if (earliest == kForeverNs) return false;
  now_ns_ = std::max(now_ns_, earliest);
  return true;
}

void Scheduler::fire_timers() {
  next_deadline_ns_ = kForeverNs;
  for (size_t i = 0; i < blocked_.size();) {
    Fiber* fiber = blocked_[i];
    if (fiber->deadline_ns <= now_ns_) {
      fiber->timed_out = true;
      unblock(fiber);
    } else {
      next_deadline_ns_ = std::min(next_deadline_ns_, fiber->deadline_ns);
      ++i;
    }
  }
}

// Hands the OS thread to a ready fiber; the caller has put the running one where it belongs.
void Scheduler::dispatch(Point point) {
  while (ready_.empty()) {
    if (!jump_to_next_deadline()) end_run(Ending::kDeadlock, "deadlock: nobody can go on\n" + describe());
    fire_timers();
  }
  Fiber* next = pick();
  remove_at(ready_, next->position);
  record(next, point);
  if (next == current_) {
    next->state = Fiber::State::kRunning;
  } else {
    switch_to(next);
  }
}

Fiber* Scheduler::pick() {
  const size_t count = ready_.size();
  if (count == 1) return ready_[0];
  if (schedule_.strategy == Strategy::kPct) {
    Fiber* best = ready_[0];
    for (Fiber* fiber : ready_) {
      if (fiber->priority > best->priority || (fiber->priority == best->priority && fiber->number < best->number))
        best = fiber;
    }
    return best;
  }
  size_t chosen = prng_.below(count);
  if (schedule_.strategy == Strategy::kStarveOne && ready_[chosen]->number == victim_ && !prng_.one_in(kStarveMercy)) {
    chosen = (chosen + 1 + prng_.below(count - 1)) % count;
  }
  return ready_[chosen];
}

void Scheduler::record(Fiber* next, Point point) {
  trace(steps_ << 16 | uint64_t{next->number} << 4 | static_cast<uint64_t>(point));
  Decision& decision = recent_[recent_count_++ % kRemembered];
  decision = {steps_, now_ns_, current_->number, next->number, point};
  if (decision_observer_) decision_observer_(decision);
}

}  // namespace simulated
}  // namespace nacre::sync

#endif  // NACRE_SIM
