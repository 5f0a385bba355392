// Engine: what a benchmark asks of a store. One adapter a store; the harness and the workloads know nothing else.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

// An ordered reader; made anew for every seek workload, as applications do.
class Reader {
 public:
  virtual ~Reader() = default;
  // Stands on the first key at or after `key` and walks over `next` more entries; returns how many it saw in all.
  virtual uint64_t seek_and_next(std::string_view key, uint64_t next) = 0;
  // Walks over everything; returns how many entries it saw.
  virtual uint64_t walk_all() = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void put_synced(std::string_view key, std::string_view value) = 0;
  virtual bool get(std::string_view key, std::string* value) = 0;
  virtual std::unique_ptr<Reader> reader() = 0;
  // Returns when background work is done.
  virtual void settle() = 0;
  virtual std::string describe() = 0;  // version and options, in a line
};

#ifdef NACRE_BENCH_ROCKSDB
inline constexpr bool kHasRocksdb = true;
#else
inline constexpr bool kHasRocksdb = false;
#endif

// Each ends the process with words on failure. Null: this build has no such engine.
std::unique_ptr<Engine> open_nacre(const std::string& directory, uint64_t memory_bytes);
std::unique_ptr<Engine> open_rocksdb(const std::string& directory, uint64_t memory_bytes);

}  // namespace bench
