#include "sim/simulation.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"

namespace nacre::sim {

Simulation::Simulation(uint64_t seed, const SimulationOptions& options)
    : seed_(seed),
      executor_threads_(options.executor_threads),
      schedule_(options.schedule.value_or(sync::Schedule::from_seed(seed))),
      disk_(SimDisk::create(options.disk.value_or(DiskOptions::from_seed(seed)))),
      clock_(std::make_shared<SimClock>(seed ^ 0xc10cULL, options.wall_jump_one_in)),
      events_(std::make_shared<SimEventSink>()),
      prng_(seed ^ 0x10adULL) {
  // Freed memory loses its contents, and new memory has none: a use after free shows, and the same way each time.
  ::mallopt(M_PERTURB, 0xdb);
}

sync::RunResult Simulation::run(const std::function<void()>& body) {
  NACRE_CHECK(executor_ == nullptr);
  const bool note_is_ours = !has_crash_note();
  if (note_is_ours) note_on_crash("nacre-sim: crashed in seed " + std::to_string(seed_) + "\n");
  sync::RunResult result = sync::Scheduler::instance().run(schedule_, [&] {
    executor_ = std::make_shared<SimExecutor>(seed_ ^ 0xe8ecULL, executor_threads_);
    body();
    NACRE_CHECK(executor_.use_count() == 1);  // somebody keeps a Runtime beyond the body
    executor_.reset();
  });
  if (note_is_ours) note_on_crash("");
  // Abandoned workers still stand in it: it must not be destroyed.
  if (result.ending != sync::Ending::kDone) new std::shared_ptr<SimExecutor>(std::move(executor_));
  return result;
}

void Simulation::fail(const std::string& why) { sync::Scheduler::instance().stop(why); }

Runtime Simulation::runtime() {
  NACRE_CHECK(executor_ != nullptr);
  return {.file_system = disk_->file_system(),
          .clock = clock_,
          .executor = executor_,
          .events = events_,
          .random_seed = prng_.next() | 1};
}

// --- the note of the dying
// --------------------------------------------------------------------------------------------

namespace {

std::array<char, 160> crash_note{};

void print_note_and_die(int number) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, crash_note.data(), std::strlen(crash_note.data()));
  ::signal(number, SIG_DFL);
  ::raise(number);
}

// On a stack of its own, because a simulated stack may be what overflowed.
void install_handlers() {
  static std::array<char, 64 * 1024> stack;
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_handler = print_note_and_die;
  action.sa_flags = SA_ONSTACK;
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::sigaction(number, &action, nullptr);
}

}  // namespace

bool has_crash_note() { return crash_note[0] != '\0'; }

void note_on_crash(const std::string& line) {
  static const bool installed = (install_handlers(), true);
  static_cast<void>(installed);
  const size_t bytes = std::min(line.size(), crash_note.size() - 1);
  std::memcpy(crash_note.data(), line.data(), bytes);
  crash_note[bytes] = '\0';
}

}  // namespace nacre::sim
