// What an open after a crash costs: 256 MiB of log, of puts of 16 + 100 bytes, which a process left behind when it ended without a word.
// The floor is one read of the same files, which are in the page cache for both.

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bench/parts/parts.h"
#include "nacre/nacre.h"

namespace bench {

namespace {

constexpr uint64_t kLogBytes = uint64_t{256} << 20;
constexpr uint64_t kRecordBytes = 128;

nacre::Options options() {
  nacre::Options options;
  options.memory_bytes = uint64_t{4} << 30;  // a memtable holds it all: nothing of the log is given up
  return options;
}

// A child, since only the end of a process leaves a log as a crash does.
void crash_with_a_log(const std::string& path) {
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child == 0) {
    nacre::Db db = nacre::Db::open(path, options()).value();
    const Entries entries(kLogBytes / kRecordBytes);
    for (size_t i = 0; i < entries.count(); i++) db.put(entries.key(i), entries.value()).value();
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) std::abort();
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void open_after_crash(benchmark::State& state) {
  for (auto _ : state) {
    const TemporaryDirectory temporary;
    crash_with_a_log(temporary.path());
    const auto begin = std::chrono::steady_clock::now();
    const nacre::Db db = nacre::Db::open(temporary.path(), options()).value();
    state.SetIterationTime(seconds_since(begin));
  }
}

void open_floor(benchmark::State& state) {
  const TemporaryDirectory temporary;
  crash_with_a_log(temporary.path());
  std::vector<char> piece(size_t{1} << 20);
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& entry : std::filesystem::directory_iterator(temporary.path())) {
      if (entry.path().extension() != ".wal") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
        benchmark::DoNotOptimize(piece.data());
    }
    state.SetIterationTime(seconds_since(begin));
  }
}

BENCHMARK(open_after_crash)->Name("OpenAfterCrash")->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK(open_floor)->Name("OpenAfterCrash/Floor")->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace bench
