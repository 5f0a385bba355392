// Scheduler: the deterministic world under the `sim` preset. Every simulated thread is a fiber on one OS thread.
//
// A fiber runs until it reaches a *point* (lock, unlock, wait, notify, yield, spin, sleep, start, join, I/O). There the
// schedule, and nothing else, picks who runs next: the same seed and the same program give the same run, instruction
// for instruction, and so the same trace hash. Between two points a fiber is alone, so only sequentially consistent
// interleavings are explored.
//
// Time is virtual: each point costs `step_ns`, and when every fiber waits, the clock jumps to the next deadline. A run
// in which nobody can ever go on is a deadlock and ends with a report of who waits for what.
//
// Two ways to use it:
//   run()      a whole simulation: `body` is the first fiber; it ends when body returns, or at a deadlock, a limit or
//              stop(). Fibers that are still alive then are abandoned: their stacks are used again, what their frames
//              own is leaked. That happens only in runs that found a bug.
//   no run()   plain unit tests: the main stack is fiber 0 under a fixed schedule; other fibers run when it reaches a
//              point. A deadlock prints the report and aborts.
//
// Strategies: random walk; PCT (Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding
// bugs", ASPLOS 2010): random priorities and depth - 1 random priority drops; starve-one: one victim runs only when
// nobody else can, and once in a thousand points. With any of them a thread may also *stall* at a yield point or a lock, as if the
// machine had taken its processor away: what others need very many steps for then happens between two of its own. Stalls
// fall anywhere, or most of them at one place of the code: a window that only a whole flush could enter is else never met.
//
// Invariants: a fiber is in exactly one of running (current_), ready_, blocked_, ended, and `position` is its place in
// its list; nothing the schedule depends on is an address. Thread safety: none, one OS thread. Ownership: the
// scheduler owns the fibers until they are joined; it lives until the process ends.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/prng.h"

namespace nacre::sync {
inline namespace simulated {

enum class Point : uint8_t { kYield, kSpin, kLock, kUnlock, kWait, kNotify, kStart, kJoin, kSleep, kIo, kEnd };
const char* to_string(Point point);

enum class Strategy : uint8_t { kRandom, kPct, kStarveOne };

struct Schedule {
  uint64_t seed = 1;
  Strategy strategy = Strategy::kRandom;
  uint32_t switch_one_in = 1;          // random: at one point in so many the next fiber is drawn; 1 explores most
  uint32_t pct_depth = 3;              // PCT: the number of ordering constraints it aims at, 1 to 5
  uint64_t pct_steps = 4096;           // PCT: priority drops fall within that many first points
  uint32_t spurious_wake_one_in = 64;  // waits that return at once for no reason; 0 never
  uint32_t time_jump_one_in = 0;       // points at which the clock jumps to the next deadline; 0 never
  uint32_t stall_one_in = 0;           // yield points at which a thread stands still, as if preempted; 0 never
  uint64_t stall_ns = 10'000'000;      // for so long at most
  uint32_t stall_place = 0;            // the place in the code, counted from 1 as they are first met, where it happens
  uint32_t stall_place_one_in = 0;     // once in so many times; 0 never
  uint64_t step_ns = 100;              // what a point costs
  uint64_t step_limit = 50'000'000;
  uint64_t time_limit_ns = uint64_t{24} * 3600 * 1'000'000'000;

  // A schedule of any strategy with all its parameters drawn from the seed.
  static Schedule from_seed(uint64_t seed);
  std::string to_string() const;
};

enum class Ending : uint8_t {
  kDone,         // the body returned, all threads had ended
  kDeadlock,     // nobody could ever go on
  kStepLimit,    // livelock, or a limit that is too small
  kTimeLimit,    // the same in virtual time: everybody only waits with time-outs
  kThreadsLeft,  // the body returned while other threads lived
  kFailed,       // stop() was called
};
const char* to_string(Ending ending);

struct RunResult {
  Ending ending = Ending::kDone;
  std::string report;  // for people: why it ended, who waited for what, the last decisions; empty when done
  uint64_t steps = 0;
  uint64_t switches = 0;
  uint64_t virtual_ns = 0;
  uint64_t trace_hash = 0;
};

// One choice of the schedule: at `step`, at `point`, fiber `from` stopped and `to` went on (numbers in order of
// creation).
struct Decision {
  uint64_t step = 0;
  uint64_t now_ns = 0;
  uint32_t from = 0;
  uint32_t to = 0;
  Point point = Point::kYield;
};

struct Fiber;
inline constexpr uint64_t kForeverNs = ~uint64_t{0};

class Scheduler {
 public:
  static Scheduler& instance();

  // Runs `body` and every thread it starts under `schedule`. Not reentrant; no simulated thread may be alive.
  RunResult run(const Schedule& schedule, std::function<void()> body);
  bool in_run() const { return in_run_; }
  // Ends the run at once as kFailed with this report; outside a run prints it and aborts.
  [[noreturn]] void stop(const std::string& why);
  // Called at every decision and for every note from now on (empty functions: no longer). They must not reach a point.
  void observe(std::function<void(const Decision&)> decisions, std::function<void(const std::string&)> notes) {
    decision_observer_ = std::move(decisions);
    note_observer_ = std::move(notes);
  }
  // Says something to whoever observes; costs nothing if nobody does, so ask before making the text.
  bool observed() const { return note_observer_ != nullptr; }
  void note(const std::string& text) { note_observer_(text); }
  // Mixes a fact of the run (an I/O and its result) into the trace hash.
  void trace(uint64_t word) { trace_hash_ = (trace_hash_ ^ word) * 0x9e3779b97f4a7c15ULL + (trace_hash_ >> 29); }
  uint64_t trace_hash() const { return trace_hash_; }
  uint64_t steps() const { return steps_; }
  uint64_t switches() const { return switches_; }
  // Every fiber with its state, and the last decisions.
  std::string describe() const;

  uint64_t now_ns() const { return now_ns_; }
  void advance_ns(uint64_t ns) { now_ns_ += ns; }  // the running fiber took that long
  void sleep_ns(uint64_t duration_ns, Point point = Point::kSleep);

  // A point: any ready fiber, this one included, may run next.
  void yield(Point point);
  // The same at a hand-off between threads, where the schedule may also keep this one from running for a while: what others
  // need many steps for, a flush for instance, then happens between two of its steps.
  // `place` tells points apart: where the code is that came to one.
  void yield_or_stall(Point point, const void* place);

  // From now on the running fiber stalls at one in so many of those points, beside what the schedule does; 0: no longer. For a thread
  // whose calls are short: wherever a window lies in them, it is met.
  void stall_current(uint32_t one_in);

  // What the primitives of simulated.h are made of. `object` names what is waited for; `*waiters` counts who waits for
  // it and is decreased by whoever ends the wait; `holder` is for the report and may be null. False: the time passed.
  bool block(Point point, const void* object, uint32_t* waiters, uint64_t timeout_ns, Fiber* const* holder);
  void wake_one(const void* object);
  void wake_all(const void* object);
  bool spurious_wake() { return schedule_.spurious_wake_one_in != 0 && prng_.one_in(schedule_.spurious_wake_one_in); }
  Fiber* current() const { return current_; }
  uint32_t current_index() const;
  const std::string& current_name() const;
  Fiber* start(const std::string& name, std::function<void()> body);
  void join(Fiber* fiber);

 private:
  Scheduler();

  void tick(Point point);
  void dispatch(Point point);
  Fiber* pick();
  void record(Fiber* next, Point point);
  void switch_to(Fiber* next);
  void make_ready(Fiber* fiber);
  void unblock(Fiber* fiber);
  bool jump_to_next_deadline();
  void fire_timers();
  void begin_schedule(const Schedule& schedule);
  [[noreturn]] void end_run(Ending ending, std::string report);
  [[noreturn]] void end_current();
  void abandon_all();
  Fiber* new_fiber(const std::string& name);
  void release(Fiber* fiber);
  uint32_t take_index();
  static void enter_fiber(void* context, void* from) noexcept;  // no exception leaves a thread

  Schedule schedule_;
  base::Prng prng_{1};
  Fiber* current_ = nullptr;
  Fiber* main_ = nullptr;  // the main stack: the driver of run(), an ordinary fiber outside
  Fiber* body_ = nullptr;  // the first fiber of the run
  std::vector<Fiber*> ready_;
  std::vector<Fiber*> blocked_;
  std::vector<void*> free_stacks_;
  std::vector<uint32_t> free_indexes_;
  uint32_t next_index_ = 0;
  uint32_t next_number_ = 0;

  uint64_t now_ns_ = 0;
  uint64_t next_deadline_ns_ = kForeverNs;  // never later than the earliest deadline in blocked_
  uint64_t steps_ = 0;
  uint64_t switches_ = 0;
  uint64_t trace_hash_ = 0;

  bool stalls_at(const void* place);

  std::vector<const void*> places_;      // of yield points, as they were first met
  std::array<uint64_t, 4> pct_drops_{};  // steps at which the running fiber's priority drops
  uint32_t pct_drop_count_ = 0;
  uint32_t victim_ = 0;  // starve-one: the number of the starved fiber

  bool in_run_ = false;
  RunResult result_;
  std::function<void(const Decision&)> decision_observer_;
  std::function<void(const std::string&)> note_observer_;
  static constexpr size_t kRemembered = 64;
  std::array<Decision, kRemembered> recent_{};
  uint64_t recent_count_ = 0;
};

}  // namespace simulated
}  // namespace nacre::sync
