// A point get of what is cached allocates nothing: not in memtables, not in tables, not for the value it returns.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "nacre/db.h"
#include "os/testing.h"

namespace {

thread_local uint64_t allocations = 0;  // of this thread: background work goes on beside it

void* counted(size_t bytes) {
  allocations++;
  void* memory = std::malloc(bytes);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) { return counted(bytes); }
void* operator new[](size_t bytes) { return counted(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace nacre {
namespace {

constexpr int kKeys = 5000;

std::string key_of(int i) { return "a key that is longer than small strings are " + std::to_string(i); }

uint64_t allocations_of_gets(Db& db) {
  uint64_t wrong = 0;
  uint64_t sum = 0;
  for (int i = 0; i < 2 * kKeys; i++) {  // every second one is missing
    const std::string key = key_of(i);
    const uint64_t before = allocations;
    const auto value = db.get(key).value();
    const bool there = db.contains(key).value();
    sum += allocations - before;
    if (value.has_value() != (i % 2 == 0) || there != value.has_value()) wrong++;
  }
  EXPECT_EQ(wrong, 0U);
  return sum;
}

TEST(Allocation, NoneInACachedGet) {
  const os::TemporaryDirectory directory;
  Db db = Db::open(directory / "db").value();
  for (int i = 0; i < 2 * kKeys; i += 2) db.put(key_of(i), std::string(100, 'v')).value();
  EXPECT_EQ(allocations_of_gets(db), 0U) << "in memtables";
  db.flush().value();
  for (int i = 0; i < kKeys / 2; i += 2) db.put(key_of(i), std::string(90, 'w')).value();
  db.flush().value();
  (void)allocations_of_gets(db);  // fills the cache
  EXPECT_EQ(allocations_of_gets(db), 0U) << "in tables";
  db.settle().value();
  (void)allocations_of_gets(db);
  EXPECT_EQ(allocations_of_gets(db), 0U) << "in settled tables";
  ASSERT_TRUE(db.close().has_value());
}

}  // namespace
}  // namespace nacre
