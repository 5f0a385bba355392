// What a read goes through: filters, cached blocks, the search in a block, the merge of runs.

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/checksum.h"
#include "base/memory_account.h"
#include "bench/data/permutation.h"
#include "bench/parts/parts.h"
#include "cache/cache.h"
#include "format/block.h"
#include "format/block_builder.h"
#include "format/filter.h"
#include "format/filter_builder.h"
#include "memtable/memtable.h"
#include "merge/merge_cursor.h"

namespace bench {

namespace {

using nacre::base::hash_key;
using nacre::format::EntryKind;
using nacre::format::make_trailer;

// --- a block ---------------------------------------------------------------------------------------------------------

struct Block {
  nacre::os::LargeString image;
  Entries entries = Entries(64, true);  // as many as fit into 8 KiB, and some
  size_t count = 0;
  std::vector<uint64_t> hashes;

  Block() {
    nacre::format::BlockBuilder builder(8192);
    while (count < entries.count() && builder.add(entries.key(count), hash_key(entries.key(count)),
                                                  make_trailer(1, EntryKind::kPut), entries.value())) {
      hashes.push_back(hash_key(entries.key(count++)));
    }
    builder.finish(&image);
  }
};

void block_search(benchmark::State& state) {
  const Block block;
  const nacre::format::BlockView view(nacre::Bytes(block.image.data(), block.image.size()));
  nacre::base::Prng random(kPartsSeed);
  for (auto _ : state) {
    const uint64_t i = random.below(block.count);
    benchmark::DoNotOptimize(view.find(block.entries.key(i), block.hashes[i], UINT64_MAX));
  }
}

// A seek has no hash to go by.
void block_seek(benchmark::State& state) {
  const Block block;
  const nacre::format::BlockView view(nacre::Bytes(block.image.data(), block.image.size()));
  nacre::base::Prng random(kPartsSeed);
  for (auto _ : state)
    benchmark::DoNotOptimize(view.lower_bound(block.entries.key(random.below(block.count)), UINT64_MAX));
}

// A number and one comparison of a key that is known to be there.
void block_floor(benchmark::State& state) {
  const Block block;
  nacre::base::Prng random(kPartsSeed);
  const std::string copy(block.entries.key(0));
  for (auto _ : state) {
    const uint64_t i = random.below(block.count);
    benchmark::DoNotOptimize(std::memcmp(block.entries.key(i).data(), copy.data(), copy.size()));
  }
}

// --- a filter --------------------------------------------------------------------------------------------------------

constexpr uint64_t kFilterKeys = 5'000'000;  // 6 MB: larger than the caches near a core

void filter_probe(benchmark::State& state) {
  nacre::format::FilterBuilder builder(10);
  nacre::base::Prng random(kPartsSeed);
  for (uint64_t i = 0; i < kFilterKeys; i++) builder.add(random.next());
  const nacre::os::LargeString image = builder.finish();
  const nacre::format::FilterView view(nacre::Bytes(image.data(), image.size()));
  for (auto _ : state) benchmark::DoNotOptimize(view.may_contain(random.next()));
}

// One cache line of as much memory.
void filter_floor(benchmark::State& state) {
  const std::vector<uint64_t> memory(kFilterKeys * 10 / 64, 1);
  nacre::base::Prng random(kPartsSeed);
  for (auto _ : state) benchmark::DoNotOptimize(memory[random.below(memory.size())]);
}

// --- the cache -------------------------------------------------------------------------------------------------------

constexpr size_t kFrames = 20'000;  // 160 MB
constexpr size_t kFrameBytes = 8000;

void cache_hit(benchmark::State& state) {
  nacre::base::MemoryAccount account(uint64_t{512} << 20);
  nacre::sync::EpochDomain domain;
  nacre::cache::Cache cache(account, domain);
  std::vector<nacre::cache::Slot> slots(kFrames);
  for (nacre::cache::Slot& slot : slots) {
    auto draft = cache.allocate(kFrameBytes);
    std::memset(draft.bytes().data(), 1, kFrameBytes);
    cache.publish(std::move(draft), slot);
  }
  nacre::base::Prng random(kPartsSeed);
  for (auto _ : state) {
    const nacre::sync::EpochDomain::Guard guard(domain);
    const nacre::cache::Frame* const frame = cache.find(slots[random.below(kFrames)]);
    benchmark::DoNotOptimize(frame->bytes()[0]);
  }
  for (nacre::cache::Slot& slot : slots) cache.drop(slot);
}

// A pointer, and what it points to.
void cache_floor(benchmark::State& state) {
  std::vector<std::string> frames(kFrames, std::string(kFrameBytes, 1));
  nacre::base::Prng random(kPartsSeed);
  for (auto _ : state) benchmark::DoNotOptimize(frames[random.below(kFrames)][0]);
}

// --- a merge ---------------------------------------------------------------------------------------------------------

using nacre::memtable::Memtable;

constexpr size_t kMergedEntries = 400'000;

// The entries of one key range, dealt out to so many sources.
std::vector<nacre::base::IntrusivePtr<Memtable>> sources(size_t count) {
  std::vector<nacre::base::IntrusivePtr<Memtable>> out;
  for (size_t i = 0; i < count; i++) out.push_back(Memtable::create({}));
  const Entries entries(kMergedEntries, true);
  const Permutation order(kMergedEntries, kPartsSeed);
  for (size_t i = 0; i < kMergedEntries; i++) {
    const std::string_view key = entries.key(order(i));
    out[i % count]->insert(key, hash_key(key), make_trailer(i + 1, EntryKind::kPut), entries.value());
  }
  return out;
}

// An item is one entry.
void merge_loop(benchmark::State& state) {
  const auto memtables = sources(static_cast<size_t>(state.range(0)));
  uint64_t entries = 0;
  for (auto _ : state) {
    std::vector<nacre::merge::Source> merged;
    for (const auto& memtable : memtables) merged.emplace_back(memtable->cursor());
    nacre::merge::MergeCursor cursor(std::move(merged));
    for (cursor.seek_first(); cursor.valid(); cursor.next(), entries++) benchmark::DoNotOptimize(cursor.head());
  }
  state.SetItemsProcessed(static_cast<int64_t>(entries));
}

// The same entries from one source: a walk and no comparison.
void merge_floor(benchmark::State& state) {
  const auto memtables = sources(1);
  uint64_t entries = 0;
  for (auto _ : state) {
    auto cursor = memtables[0]->cursor();
    for (cursor.seek_first(); cursor.valid(); cursor.next(), entries++) benchmark::DoNotOptimize(cursor.head());
  }
  state.SetItemsProcessed(static_cast<int64_t>(entries));
}

BENCHMARK(block_search)->Name("BlockSearch/Get");
BENCHMARK(block_seek)->Name("BlockSearch/Seek");
BENCHMARK(block_floor)->Name("BlockSearch/Floor");
BENCHMARK(filter_probe)->Name("FilterProbe");
BENCHMARK(filter_floor)->Name("FilterProbe/Floor");
BENCHMARK(cache_hit)->Name("CacheHit");
BENCHMARK(cache_floor)->Name("CacheHit/Floor");
BENCHMARK(merge_loop)->Name("Merge")->Arg(2)->Arg(4)->Arg(8);
BENCHMARK(merge_floor)->Name("Merge/Floor");

}  // namespace

}  // namespace bench
