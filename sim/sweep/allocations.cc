// The sweep of allocations: allocation number N of the story fails. Whatever the engine was at, the process ends (docs/adr/0008);
// the next one opens what was left and finds all that a killed process may not lose.
//
// Counted is every call of operator new while the story is told, by the engine, by the simulated machine or by the teller. The end of
// the process is caught in std::terminate, where nothing may have been unwound: the simulation stops there, the disk sees the process
// killed. Each trial is a process of its own, since what stood in the middle of its work stays there for good.
//
// This file replaces operator new of the programs that it is linked into.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>

#include "sim/sweep/story.h"
#include "sim/sweep/sweep.h"

namespace {

bool counting = false;
uint64_t counted = 0;
uint64_t fails_at = 0;  // 0: never

void* allocate(size_t bytes, size_t alignment) {
  if (counting && ++counted == fails_at) throw std::bad_alloc();
  void* memory = nullptr;
  if (alignment <= alignof(std::max_align_t)) {
    memory = std::malloc(bytes);
  } else if (::posix_memalign(&memory, alignment, bytes) != 0) {
    memory = nullptr;
  }
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) { return allocate(bytes, 1); }
void* operator new[](size_t bytes) { return allocate(bytes, 1); }
void* operator new(size_t bytes, std::align_val_t a) { return allocate(bytes, static_cast<size_t>(a)); }
void* operator new[](size_t bytes, std::align_val_t a) { return allocate(bytes, static_cast<size_t>(a)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace nacre::sim {

namespace {

constexpr const char* kOutOfMemory = "an allocation failed";

// Runs the story with the Nth allocation failing; 0: none. Returns how it ended, and counts.
sync::RunResult tell(Simulation& sim, const Script& script, Ledger& ledger, uint64_t nth) {
  std::set_terminate([] {
    counting = false;
    sync::Scheduler::instance().stop(kOutOfMemory);
  });
  const auto result = sim.run([&] {
    Story story(sim, sim.disk(), script, ledger);
    counted = 0;
    fails_at = nth;
    counting = true;
    story.tell();
    counting = false;
  });
  counting = false;
  std::set_terminate(nullptr);
  return result;
}

class AllocationSweep final : public Sweep {
 public:
  explicit AllocationSweep(uint64_t script) : script_(Script::make(script, ScriptKind::kWhole)) {
    for (int round = 0; round < 2; round++) {  // the first one also makes what lives as long as the process
      Simulation sim(1, plain_world());
      Ledger ledger;
      const auto result = tell(sim, script_, ledger, 0);
      if (result.ending != sync::Ending::kDone) broken_ = "the story without faults: " + result.report;
    }
    allocations_ = counted;
  }

  uint64_t trials() const override { return allocations_; }
  uint64_t quick_trials() const override { return 80; }
  std::string places() const override { return std::to_string(allocations_) + " allocations"; }
  std::string describe(uint64_t trial) const override { return "allocation " + std::to_string(trial + 1) + " fails"; }

  bool may_be_watched() const override { return false; }  // words take allocations, which are counted

  std::string run(uint64_t trial, Tally& tally) override {
    if (!broken_.empty()) return broken_;
    int ends[2];
    if (::pipe(ends) != 0) return "no pipe";
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      const std::string text = run_here(trial + 1);
      const bool sent = ::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
      std::_Exit(sent ? 0 : 3);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<size_t>(got));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return "the process crashed, status " + std::to_string(status);
    if (!text.starts_with("ok: ")) return text;
    tally.count(text.substr(4));
    return "";
  }

 private:
  // In a process of its own. "ok: " and what came of it, or what is wrong.
  std::string run_here(uint64_t nth) const {
    Ledger ledger;
    auto* const sim = new Simulation(1, plain_world());  // not destroyed: its threads stand in the middle
    const auto result = tell(*sim, script_, ledger, nth);
    if (result.ending == sync::Ending::kDone) return "ok: nothing came of it";
    if (!result.report.starts_with(kOutOfMemory)) return result.report;
    if (sim->disk().is_on()) sim->disk().kill_process();
    sim->disk().restart();
    sim->disk().set_capacity(DiskOptions().capacity_bytes);  // the story may have ended on a device that it had filled
    Simulation next(1, plain_world());
    const auto reopened = next.run([&] { Story(next, sim->disk(), script_, ledger).tell_the_end(Loss::kProcess); });
    if (reopened.ending != sync::Ending::kDone) return "after the end of the process: " + reopened.report;
    return "ok: the process ended, and the database opened with all that it must have";
  }

  const Script script_;
  uint64_t allocations_ = 0;
  std::string broken_;
};

}  // namespace

std::unique_ptr<Sweep> make_allocation_sweep(uint64_t script) { return std::make_unique<AllocationSweep>(script); }

}  // namespace nacre::sim
