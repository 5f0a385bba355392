// Wal: the writing side of the write-ahead log, an endless sequence of bytes kept in mapped, reused segments whose space is
// taken beforehand.
//
// An append is three steps, so that the expensive one runs in parallel:
//   claim(n)   under the caller's commit lock: takes the next range of the log; a few additions, no system call
//   payload()  any thread, in parallel: the caller encodes its batch straight into the mapping
//   seal()     the same thread: checksum over header and payload, stored last
// A sealed record survives the process, since the mapping is shared; sync() makes it survive the machine. (Measured at
// the base of this design: 8-12 ns for such an append where write() takes 1,030.)
//
// What a lsn is: a byte offset in the log since the database was created; see format/log_format.h for how segments hold
// it.
//
// Invariants
//   1. Records lie one behind another without gaps. Recovery delivers them up to the first that is not whole. So
//      whoever claims must seal, and a record may be acknowledged only when every record before it is sealed too: the
//      caller publishes in order.
//   2. Nothing at or above synced_through() was ever said to be durable; everything below it was synced once, or released
//      before that, and no sync failed on the way.
//   3. Every segment's name and identity are durable before the log goes on in it (segment_supply.h).
//   4. The segment that holds the byte at which a recovery would begin is placed durably before the manifest names it:
//     floor_at() sees to that. A segment that the manifest names is never taken for one that was not used.
//   5. A failed sync, of a segment or of the directory, and a lost page of a mapping are final: each later call that
//      could promise anything returns the first error. Nothing is ever synced a second time in hope.
//
// What the caller owes
//   - release_before(floor) only after everything below the floor is durable elsewhere and the manifest names it: the floor
//     that is in force, not one that a commit asked for and that came too late.
//   - After recovery, a new Wal begins at RecoveryReport::next_lsn, which is above every byte that old segments may
//     hold; the log never goes on in an old segment. Old files are removed after the manifest names the new start. They
//     are not used again: if a sync of the directory failed in an earlier life, the name that we see need not be the one
//     that a power cut leaves, and a rename from it would be lost with it.
//
// Preparation: a segment is prepared ahead by a background thread when a quarter of the current one is used. If it
// comes late, claim() does it itself, with a small file, and counts it. Sizes double from the first to
// max_segment_bytes; a record that fits no such segment gets one of its own size. A new file is written with zeros if
// there was a sync since the last preparation, else its space is only reserved (MappedSpace).
//
// Memory: a segment stays mapped, and is charged (MemoryPart::kLog), until all of it is synced and prepare_next() comes
// by, or until it is released. Unsynced segments are never unmapped: closing a file may lose the news of a failed
// write.
//
// Thread safety: claim() and close() are serialised by the caller; the rest from any thread. A Claim belongs to one
// thread. Ownership: the directory outlives the Wal. Destruction unmaps and does nothing else.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "base/memory_account.h"
#include "format/entry.h"
#include "format/log_format.h"
#include "nacre/runtime.h"
#include "sync/sync.h"
#include "wal/recovery.h"
#include "wal/segment.h"
#include "wal/segment_supply.h"
#include "wal/unsealed_claims.h"

namespace nacre::wal {

class Wal {
 public:
  struct Options {
    format::Uuid uuid;
    uint64_t salt_seed = 0;                            // random at each open: salts follow from it
    uint64_t first_segment_bytes = uint64_t{1} << 20;  // at least 16 KiB; multiples of 4 KiB
    uint64_t max_segment_bytes = uint64_t{64} << 20;
    uint32_t kept_segments = 4;              // released files kept for use, at most; two of them mapped
    base::MemoryAccount* account = nullptr;  // may be null
    std::function<void(const PreparedSegment&)> on_prepared;  // by any thread, also under the caller's commit lock; may be empty
  };

  struct Stats {
    uint64_t live_segments = 0;  // that hold records not released, the current one included
    uint64_t live_bytes = 0;     // of their files
    uint64_t kept_segments = 0;  // released files waiting for use
    uint64_t rotations = 0;
    uint64_t created = 0;            // new files
    uint64_t recycled = 0;           // files used again
    uint64_t removed = 0;            // released files removed
    uint64_t late_preparations = 0;  // rotations that had to prepare a segment themselves
  };

  // A range of the log that its holder must fill and seal.
  struct Claim {
    char* to = nullptr;  // where the payload goes
    Segment* segment = nullptr;
    uint64_t lsn = 0;      // of the record
    uint64_t end_lsn = 0;  // behind it
    format::LogRecordHeader header;
  };

  // Begins a log at `start_lsn`, a multiple of 8, at least format::kFirstLsn. On return an empty first segment is
  // durable. `next_number` gives file numbers never used before; called from any thread. kCorruption, before anything is
  // made: no room below format::kMaxSoundLsn.
  static Result<std::unique_ptr<Wal>> create(Directory& directory, std::function<uint64_t()> next_number,
                                             const Options& options, uint64_t start_lsn);
  ~Wal();
  Wal(const Wal&) = delete;
  Wal& operator=(const Wal&) = delete;

  // Takes room for a record of `payload_bytes`. kNoSpace: a segment was needed and did not fit; nothing changed, a
  // later call may succeed. kCorruption: the log's positions are used up. kInvalidArgument: over format::kMaxLogPayloadBytes.
  // kClosed after close(). After a failed sync: its error.
  Result<Claim> claim(uint64_t payload_bytes, format::Sequence first_sequence, uint32_t count);

  // Whether a claim of so many bytes goes into the current segment. By whoever serialises claims.
  bool has_room(uint64_t payload_bytes) const { return format::log_record_bytes(payload_bytes) <= limit_ - offset_; }

  // Where to put exactly the claimed number of bytes. Valid until seal().
  static char* payload(const Claim& claim) { return claim.to; }

  // Completes the record. Afterwards it survives the process, unless damaged().
  void seal(const Claim& claim);

  // Makes everything below `through_lsn` durable; all of it must be sealed. Cheap if it already is. Waits for other
  // syncs.
  Result<void> sync(uint64_t through_lsn);

  uint64_t synced_through() const {
    sync::yield_point();
    return synced_through_.load(std::memory_order_acquire);
  }
  uint64_t end_lsn() const {
    sync::yield_point();
    return end_lsn_.load(std::memory_order_acquire);
  }
  // True after a failed sync and after a page of the mapping was lost: nothing may be acknowledged any more. Check it
  // between seal() and the acknowledgement.
  bool damaged() const { return failure_.is_set(); }

  // What the manifest may say of the log once nothing below `lsn` is needed, which is where a record begins or the end: the
  // segment that holds it is placed durably. Everything claimed below it must be sealed. May sync a header.
  Result<format::LogFloor> floor_at(uint64_t lsn);
  // Gives up the segments before that of `floor`, which the manifest names. Everything claimed below it must be sealed.
  Result<void> release_before(const format::LogFloor& floor);

  // True when a quarter of the current segment is used and the next one is not there yet.
  bool wants_preparation() const {
    return !next_ready_.load(std::memory_order_relaxed) &&
           end_lsn_.load(std::memory_order_relaxed) >= prepare_at_lsn_.load(std::memory_order_relaxed);
  }
  // Makes the next segment ready, and unmaps what is synced. An error leaves the log usable, unless damaged().
  Result<void> prepare_next();

  // While space is short: segments that nobody needs are removed, and new ones are small.
  void save_space(bool save) { supply_.save_space(save); }
  // When little will be written: kept segments beyond `most_bytes` are removed.
  void trim(uint64_t most_bytes) { supply_.trim(most_bytes); }

  // Syncs everything and marks the log's end, so that the next recovery need not search behind it. Later claims:
  // kClosed.
  Result<void> close();

  Stats stats() const;

 private:
  Wal(Directory& directory, std::function<uint64_t()> next_number, const Options& options, uint64_t start_lsn);

  Result<void> check_positions(uint64_t least_bytes) const;
  Result<void> rotate(uint64_t record_bytes);
  Result<std::shared_ptr<Segment>> prepare_late(uint64_t least_bytes);
  std::shared_ptr<Segment> take_next(uint64_t least_bytes);
  uint64_t target_bytes() const;
  void grow_target();
  void close_current(uint64_t successor_number);
  void place(std::shared_ptr<Segment> segment, const format::SegmentIdentity* predecessor);
  Result<void> sync_records(uint64_t through_lsn) NACRE_REQUIRES(sync_mutex_);
  Result<void> sync_range(Segment& segment, uint64_t begin, uint64_t end) NACRE_REQUIRES(sync_mutex_);
  Result<void> sync_placement(Segment& segment);
  void unmap_synced();

  const Options options_;
  StickyFailure failure_;

  // Touched by claim() and close() only.
  Segment* current_ = nullptr;  // the last of live_
  uint64_t offset_ = 0;         // in its file: where the next record goes
  uint64_t limit_ = 0;          // records end at or before it
  bool closed_ = false;

  alignas(64) std::atomic<uint64_t> end_lsn_;  // written by claim()
  std::atomic<uint64_t> prepare_at_lsn_{0};
  std::atomic<bool> next_ready_{false};
  alignas(64) std::atomic<uint64_t> synced_through_;  // written under sync_mutex_

  // Locks, taken in this order.
  sync::Mutex prepare_mutex_;       // one preparation ahead at a time
  sync::Mutex sync_mutex_;          // one MappedFile::sync at a time
  mutable sync::Mutex list_mutex_;  // held for a few instructions

  SegmentSupply supply_;
  std::deque<std::shared_ptr<Segment>> live_ NACRE_GUARDED_BY(list_mutex_);  // oldest first
  std::shared_ptr<Segment> next_ NACRE_GUARDED_BY(list_mutex_);
  uint64_t target_bytes_ NACRE_GUARDED_BY(list_mutex_);  // of the next new segment
  uint64_t rotations_ NACRE_GUARDED_BY(list_mutex_) = 0;
  std::atomic<bool> synced_lately_{false};  // since the last preparation
  std::atomic<uint64_t> late_preparations_{0};
  UnsealedClaims unsealed_;
};

}  // namespace nacre::wal
