// Memory that cannot be had ends the process, cleanly (docs/adr/0008): no exception leaves the API, no thread hangs, and the next
// open has all that was acknowledged.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "nacre/db.h"
#include "os/testing.h"

namespace {

std::atomic<int64_t> allocations_left{-1};  // negative: no end

[[gnu::noinline]] void* allocate(size_t bytes) {
  const bool ends = allocations_left.load(std::memory_order_relaxed) >= 0;
  if (ends && allocations_left.fetch_sub(1) == 0) throw std::bad_alloc();
  void* memory = std::malloc(bytes);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void release(void* memory) { std::free(memory); }

}  // namespace

void* operator new(size_t bytes) { return allocate(bytes); }
void* operator new[](size_t bytes) { return allocate(bytes); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, size_t) noexcept { release(memory); }
void operator delete[](void* memory, size_t) noexcept { release(memory); }

namespace nacre {
namespace {

constexpr int kWriters = 3;

// noexcept(expression) of each call that a program makes.
template <class T>
concept Quiet =
    requires(T& db, const Keyspace& keyspace, Batch& batch, Transaction& transaction, Cursor& cursor, Bytes key,
             std::span<const Bytes> keys, const std::string& path, const Options& options, const Runtime& runtime) {
      { T::open(path, options, runtime) } noexcept;
      { db.put(key, key) } noexcept;
      { db.put(key, key, Durability::kDisk) } noexcept;
      { db.erase(key) } noexcept;
      { db.erase_range(key, key) } noexcept;
      { db.get(key) } noexcept;
      { db.contains(key) } noexcept;
      { db.multi_get(keys) } noexcept;
      { db.write(batch) } noexcept;
      { db.sync() } noexcept;
      { db.snapshot() } noexcept;
      { db.begin() } noexcept;
      { db.keyspace(key) } noexcept;
      { db.create_keyspace(key, KeyspaceOptions{}) } noexcept;
      { db.drop_keyspace(key) } noexcept;
      { db.keyspaces() } noexcept;
      { db.default_keyspace() } noexcept;
      { db.options() } noexcept;
      { db.set_options(options) } noexcept;
      { db.flush() } noexcept;
      { db.compact() } noexcept;
      { db.settle() } noexcept;
      { db.stats() } noexcept;
      { db.close() } noexcept;
      { keyspace.put(key, key) } noexcept;
      { keyspace.get(key) } noexcept;
      { keyspace.name() } noexcept;
      { keyspace.options() } noexcept;
      { keyspace.set_options(KeyspaceOptions{}) } noexcept;
      { batch.put(key, key) } noexcept;
      { batch.erase(keyspace, key) } noexcept;
      { transaction.put(key, key) } noexcept;
      { transaction.get(key) } noexcept;
      { transaction.read_range(keyspace, key, key) } noexcept;
      { transaction.commit() } noexcept;
      { cursor.seek(key) } noexcept;
      { cursor.next() } noexcept;
      { cursor.status() } noexcept;
    };

TEST(EndOfMemory, EveryPublicCallIsNoexcept) { EXPECT_TRUE(Quiet<Db>); }

std::string key_of(int writer) { return "a key that no small string holds, of writer " + std::to_string(writer); }

// What a child told its parent of each writer before it died.
struct Acknowledged {
  std::atomic<uint64_t> count[kWriters];
};

[[noreturn]] void write_until_memory_ends(const std::string& path, Acknowledged& acknowledged, int64_t allocations) {
  ::alarm(60);  // a hang ends with another signal than the one that is expected
  Db db = Db::open(path, {.memory_bytes = kMinMemoryBytes}).value();
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; w++) {
    writers.emplace_back([&, w] {
      for (uint64_t number = acknowledged.count[w] + 1;; number++) {
        Batch batch;
        batch.put(key_of(w), std::to_string(number));
        batch.put(key_of(w) + "/bulk", std::string(20'000, 'b'));
        if (!db.write(batch, w == 0 ? Durability::kDisk : Durability::kOs)) std::_Exit(3);
        acknowledged.count[w] = number;
      }
    });
  }
  allocations_left = allocations;
  for (std::thread& writer : writers) writer.join();
  std::_Exit(4);
}

TEST(EndOfMemory, TheNextOpenHasAllThatWasAcknowledged) {
  const os::TemporaryDirectory scratch;
  void* shared = ::mmap(nullptr, sizeof(Acknowledged), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& acknowledged = *new (shared) Acknowledged{};
  for (int64_t allocations = 0; allocations < 3000; allocations = allocations * 5 / 4 + 7) {
    const pid_t pid = ::fork();
    if (pid == 0) write_until_memory_ends(scratch.path(), acknowledged, allocations);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << "after " << allocations << ": " << status;
    Db db = Db::open(scratch.path(), {.memory_bytes = kMinMemoryBytes}).value();
    for (int w = 0; w < kWriters; w++) {
      const auto value = db.get(key_of(w)).value();
      const uint64_t there = value ? std::stoull(value->to_string()) : 0;
      ASSERT_GE(there, acknowledged.count[w]) << "after " << allocations;
      acknowledged.count[w] = there;
    }
  }
}

}  // namespace
}  // namespace nacre
