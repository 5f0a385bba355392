// CursorCore: what a public Cursor holds - a range cursor, and the core that must not go while it lives.
//
// It counts as an object in use, so Db::close can refuse. After shut_down every call answers kClosed.
//
// Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "base/key_buffer.h"
#include "engine/core.h"
#include "read/range_cursor.h"

namespace nacre::engine {

class CursorCore {
 public:
  // `range` is null when the cursor could not be made: `error` says why.
  CursorCore(std::shared_ptr<Core> core, std::shared_ptr<KeyspaceState> keyspace,
             std::unique_ptr<read::RangeCursor> range, Result<void> error)
      : core_(std::move(core)), keyspace_(std::move(keyspace)), range_(std::move(range)), error_(std::move(error)) {
    core_->objects_in_use().fetch_add(1, std::memory_order_relaxed);
  }
  ~CursorCore() {
    if (core_->inherited())
      (void)range_.release();  // what it holds may be the last of its kind, to be freed under a lock
    range_.reset();
    core_->objects_in_use().fetch_sub(1, std::memory_order_relaxed);
  }
  CursorCore(const CursorCore&) = delete;
  CursorCore& operator=(const CursorCore&) = delete;

  // The range cursor if it may be used, or null: status() then says why.
  read::RangeCursor* usable() {
    if (range_ == nullptr) return nullptr;
    if (error_ = core_->usable(); !error_) return nullptr;
    return range_.get();
  }
  read::RangeCursor* range() { return range_.get(); }
  // The latency of a first seek is that of making the cursor too, so what is sampled then is the start of a scan.
  void time_first_seek(uint64_t making_ns) {
    first_is_timed_ = true;
    making_ns_ = making_ns;
  }
  // usable(), and calls `move` on it: a positioning, which is counted and may be timed. False: it may not be used.
  template <class Move>
  bool position(const Move& move) {
    read::RangeCursor* range = usable();
    if (range == nullptr) return false;
    const bool sampled = keyspace_->counters.add_sampled(KeyspaceCounter::kSeeks);
    const bool wanted = is_first_ ? first_is_timed_ : sampled;
    const uint64_t reads_before_ns = os::read_wait_ns();
    const Stopwatch watch(core_->clock(), wanted);
    move(*range);
    const uint64_t sampled_ns = wanted ? making_ns_ + watch.elapsed_ns() : 0;
    if (wanted && range->status()) core_->record_seek(*keyspace_, sampled_ns, range->runs());
    core_->note_read("seek", *keyspace_, sampled_ns, reads_before_ns);
    making_ns_ = 0;
    is_first_ = false;
    return true;
  }
  // A copy of the key to seek: what the user gave may be the key or value that the cursor itself shows.
  Bytes target(Bytes key) { return target_.assign(key); }
  Result<void> status() const {
    if (core_->inherited()) return core_->usable();
    if (!error_ || range_ == nullptr) return error_;
    return range_->status();
  }

 private:
  std::shared_ptr<Core> core_;
  std::shared_ptr<KeyspaceState> keyspace_;
  std::unique_ptr<read::RangeCursor> range_;
  Result<void> error_;
  base::KeyBuffer target_;
  bool is_first_ = true;
  bool first_is_timed_ = false;
  uint64_t making_ns_ = 0;  // counts as part of the first seek
};

}  // namespace nacre::engine
