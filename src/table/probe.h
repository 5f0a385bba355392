// Probe: the lookup of one key in one table, cut into stages, so that the cache misses of many lookups overlap.
//
// A get is a chain of dependent loads, 100 ns and more each when they miss the processor's caches. Loads of different lookups
// depend on nothing of each other: run stage 1 of all probes, then stage 2 of all, and so on; each stage ends by asking for
// the memory that the next one reads.
//
//   1  prefetch()   asks for the filter line, unless the key is expected
//   2  descend()    filter and index: which leaf of the index; asks for it, and for the cache's words of its blocks
//   3  locate()     which block; asks for its header and tags
//   4  match()      is the block cached? (if not, an expected key is looked up in the filter now) compares tags; asks for the head, trailer and value of the likely entry
//   5  finish()     compares the key
//   6  read_missing()   the blocks that were not cached, of all probes, in one FileSystem::read_batch; then finish() for these
//
// look_up() runs them all. Probes may be of different tables and in any order; keys may repeat.
//
// Thread safety: a probe belongs to one thread. All of it runs under one guard of the cache's domain, made before stage 1 and
// held for as long as what was found is used. Lifetime: borrows table and key.
#pragma once

#include <span>

#include "table/table.h"

namespace nacre::table {

class Probe {
 public:
  Probe() = default;
  Probe(const Table& table, Bytes key, uint64_t key_hash, Sequence at, Guess guess = Guess::kAbsent)
      : table_(&table), key_(key), key_hash_(key_hash), at_(at), guess_(guess) {}

  // What Table::get would have answered, once done().
  const Result<Table::Found>& result() const { return result_; }
  bool done() const { return state_ == State::kDone; }
  // After stage 4: waits for read_missing().
  bool missing() const { return state_ == State::kMissing; }

  void prefetch() const {
    if (guess_ == Guess::kAbsent) table_->prefetch(key_hash_);
  }
  void descend();
  void locate();
  void match();
  void finish() {
    if (state_ == State::kCached) end(table_->search(frame_, block_, key_, key_hash_, at_));
  }

 private:
  friend class MissingBlocks;
  enum class State : uint8_t { kNew, kDescended, kLocated, kCached, kMissing, kDone };

  // False, and at its end, if the filter says no or cannot be read.
  bool passes_filter();
  void end(const Result<Table::Found>& result) {
    result_ = result;
    state_ = State::kDone;
  }

  const Table* table_ = nullptr;
  Bytes key_;
  uint64_t key_hash_ = 0;
  Sequence at_ = 0;
  Guess guess_ = Guess::kAbsent;
  State state_ = State::kNew;
  const cache::Frame* index_ = nullptr;  // found once: a small cache may drop it between the stages
  uint32_t leaf_ = 0;
  uint32_t block_ = 0;
  const cache::Frame* frame_ = nullptr;
  Extent extent_{};  // of a missing block
  Result<Table::Found> result_ = Table::Found{};
};

// Stage 6. Afterwards all probes that went through stage 5 are done.
void read_missing(std::span<Probe> probes, FileSystem& file_system);

// All stages; afterwards all probes are done.
void look_up(std::span<Probe> probes, FileSystem& file_system);

}  // namespace nacre::table
