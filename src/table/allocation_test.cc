// A get of what is cached allocates nothing. Not under TSan, whose operator new cannot be replaced.
#include "os/testing.h"

#ifndef NACRE_THREAD_SANITIZER
#include <atomic>
#include <cstdlib>
#include <new>

#include "table/table_fixture.h"

namespace {

std::atomic<uint64_t> allocations{0};

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

namespace nacre::table {
namespace {

TEST(Allocation, NoneInACachedGet) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(3000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  for (const OwnedEntry& e : entries) expect_get(*table, world, entries, e.key, 500);
  uint64_t found = 0;
  const uint64_t before = allocations;
  for (const OwnedEntry& e : entries) {
    sync::EpochDomain::Guard guard(world.domain);
    found += table->get(e.key, base::hash_key(e.key), 500)->found ? 1 : 0;
  }
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(found, entries.size());
}

TEST(Allocation, NoneInAStepWithinABlock) {
  World world;
  MemoryFile file;
  const auto entries = numbered_entries(3000);
  build(file, entries, small_blocks());
  const auto table = open(file, world.cache, world.account).value();
  auto cursor = table->cursor();
  for (int pass = 0; pass < 2; pass++) {
    const uint64_t before = allocations;
    size_t count = 0;
    for (cursor.seek_first(); cursor.valid(); cursor.next()) count++;
    EXPECT_EQ(count, entries.size());
    if (pass == 1) {
      EXPECT_EQ(allocations - before, 0U) << "all is cached, and the cursor has its buffer";
    }
  }
}

}  // namespace
}  // namespace nacre::table

#endif
