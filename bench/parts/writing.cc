// What a write goes through: the memtable, the log, checksums.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#define XXH_INLINE_ALL  // as base/checksum.cc does
#include <xxhash.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/checksum.h"
#include "bench/parts/parts.h"
#include "memtable/memtable.h"
#include "nacre/runtime.h"
#include "wal/wal.h"

namespace bench {

namespace {

constexpr size_t kEntries = 500'000;  // of a memtable before the next one begins

void memtable_insert(benchmark::State& state, bool ascending) {
  using nacre::memtable::Memtable;
  const Entries entries(kEntries, ascending);
  auto memtable = Memtable::create({});
  size_t i = 0;
  for (auto _ : state) {
    if (i == kEntries) {
      state.PauseTiming();
      memtable = Memtable::create({});
      i = 0;
      state.ResumeTiming();
    }
    const std::string_view key = entries.key(i);
    memtable->insert(key, nacre::base::hash_key(key), nacre::format::make_trailer(++i, nacre::format::EntryKind::kPut),
                     entries.value());
  }
}

// The same bytes, one behind another: what an index costs is what lies above.
void memtable_floor(benchmark::State& state) {
  const Entries entries(kEntries);
  std::vector<char> memory(kEntries * 128, 1);
  size_t i = 0;
  for (auto _ : state) {
    if (i == kEntries) i = 0;
    char* const to = memory.data() + i * 128;
    std::memcpy(to, entries.key(i).data(), 16);
    std::memcpy(to + 16, entries.value().data(), 100);
    benchmark::DoNotOptimize(to);
    i++;
  }
}

constexpr size_t kRecordBytes = 124;  // what a put of 16 + 100 bytes takes
constexpr uint64_t kReleaseEvery = uint64_t{32} << 20;

void log_append(benchmark::State& state) {
  using nacre::wal::Wal;
  const TemporaryDirectory temporary;
  const auto directory = nacre::Runtime::standard().file_system->open_directory(temporary.path(), true).value();
  uint64_t number = 0;
  Wal::Options options{.uuid = nacre::format::Uuid::from_random(1, 2), .salt_seed = 3};
  options.first_segment_bytes = options.max_segment_bytes;
  const auto log = Wal::create(*directory, [&] { return ++number; }, options, nacre::format::kFirstLsn).value();
  const std::string payload(kRecordBytes, 'p');
  uint64_t sequence = 0, released = log->end_lsn();
  for (auto _ : state) {
    const Wal::Claim claim = log->claim(payload.size(), ++sequence, 1).value();
    std::memcpy(Wal::payload(claim), payload.data(), payload.size());
    log->seal(claim);
    if (claim.end_lsn - released < kReleaseEvery) continue;
    state.PauseTiming();  // the work of the engine's background threads
    log->prepare_next().value();
    log->release_before(log->floor_at(claim.end_lsn).value()).value();
    released = claim.end_lsn;
    state.ResumeTiming();
  }
}

// The same bytes into a mapped file whose pages are there.
void log_floor(benchmark::State& state) {
  const TemporaryDirectory temporary;
  const std::string file = temporary.path() + "/log";
  constexpr size_t kBytes = size_t{64} << 20;
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, kBytes) != 0) std::abort();
  void* const mapped = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) std::abort();
  char* const begin = static_cast<char*>(mapped);
  std::memset(begin, 0, kBytes);
  const std::string payload(kRecordBytes, 'p');
  size_t at = 0;
  for (auto _ : state) {
    if (at + 160 > kBytes) at = 0;
    std::memcpy(begin + at, payload.data(), payload.size());
    benchmark::ClobberMemory();
    at += 160;
  }
  munmap(mapped, kBytes);
  close(fd);
}

void checksum(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'b');
  for (auto _ : state) benchmark::DoNotOptimize(nacre::base::checksum64(bytes, 7));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void checksum_floor(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'b');
  for (auto _ : state) benchmark::DoNotOptimize(XXH3_64bits(bytes.data(), bytes.size()));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK_CAPTURE(memtable_insert, random, false)->Name("MemtableInsert/Random");
BENCHMARK_CAPTURE(memtable_insert, ascending, true)->Name("MemtableInsert/Ascending");
BENCHMARK(memtable_floor)->Name("MemtableInsert/Floor");
BENCHMARK(log_append)->Name("LogAppend");
BENCHMARK(log_floor)->Name("LogAppend/Floor");
BENCHMARK(checksum)->Name("Checksum")->Arg(128)->Arg(8192);
BENCHMARK(checksum_floor)->Name("Checksum/Floor")->Arg(128)->Arg(8192);

}  // namespace

}  // namespace bench
