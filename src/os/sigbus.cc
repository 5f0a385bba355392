#include "os/sigbus.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/assert.h"

namespace nacre::os {

namespace {

constexpr size_t kChunkRanges = 64;

struct Chunk {
  std::array<GuardedRange, kChunkRanges> ranges;
  std::atomic<Chunk*> next{nullptr};
};

constinit Chunk first_chunk;
constinit uintptr_t page_bytes = 4096;     // set before the handler is installed
constinit struct sigaction previous = {};  // likewise

// True when `address` lay in a guarded range and now has a page. Async-signal-safe.
bool repair(uintptr_t address) {
  for (Chunk* chunk = &first_chunk; chunk != nullptr; chunk = chunk->next.load(std::memory_order_acquire)) {
    for (GuardedRange& range : chunk->ranges) {
      const uint64_t version = range.version.load();
      const uintptr_t begin = range.begin.load();
      const uintptr_t end = range.end.load();
      if (version % 2 != 0 || range.version.load() != version) continue;  // not a live mapping
      if (address < begin || address >= end) continue;
      range.damaged.store(true);  // before the page, so that nobody sees the store succeed undamaged
      // The bare call: sanitizers wrap mmap in code that must not run inside a handler.
      const long mapped = ::syscall(SYS_mmap, address & ~(page_bytes - 1), page_bytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      return mapped != -1;
    }
  }
  return false;
}

// Does what would have happened without us.
void forward(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
    return;
  }
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
    return;
  }
  const bool is_fault = info->si_code > 0;  // from the kernel, not from kill()
  if (previous.sa_handler == SIG_IGN && !is_fault) return;
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGBUS, &action, nullptr);
  if (!is_fault) ::raise(SIGBUS);  // a fault happens again by itself when the handler returns
}

void on_sigbus(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const bool is_fault = info->si_code > 0;
  if (!is_fault || !repair(reinterpret_cast<uintptr_t>(info->si_addr))) forward(signal, info, context);
  errno = saved_errno;
}

bool install() {
  page_bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action = {};
  action.sa_sigaction = on_sigbus;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  // Read first: once ours is in place, a fault may need `previous` at any moment.
  NACRE_CHECK(::sigaction(SIGBUS, nullptr, &previous) == 0);
  NACRE_CHECK(::sigaction(SIGBUS, &action, nullptr) == 0);
  return true;
}

GuardedRange* take_entry() {
  for (Chunk* chunk = &first_chunk;;) {
    for (GuardedRange& range : chunk->ranges) {
      if (!range.taken.load(std::memory_order_relaxed) && !range.taken.exchange(true)) return &range;
    }
    Chunk* next = chunk->next.load(std::memory_order_acquire);
    if (next == nullptr) {
      auto* fresh = new Chunk;
      if (chunk->next.compare_exchange_strong(next, fresh, std::memory_order_acq_rel)) {
        next = fresh;
      } else {
        delete fresh;
      }
    }
    chunk = next;
  }
}

void set_range(GuardedRange* range, uintptr_t begin, uintptr_t end) {
  range->version.fetch_add(1);
  range->begin.store(begin);
  range->end.store(end);
  range->version.fetch_add(1);
}

}  // namespace

GuardedRange* guard_range(const void* begin, uint64_t bytes) {
  [[maybe_unused]] static const bool installed = install();
  GuardedRange* range = take_entry();
  range->damaged.store(false);
  const auto first = reinterpret_cast<uintptr_t>(begin);
  set_range(range, first, first + bytes);
  return range;
}

void unguard_range(GuardedRange* range) {
  set_range(range, 0, 0);
  range->taken.store(false);
}

}  // namespace nacre::os
