// SegmentSupply: where the log's next segments come from - files used before if there are any, new ones otherwise.
//
// Invariant: a segment that prepare() returns has a durable name and a durable identity (number and salt of this use)
// before a single record is stored in it. So recovery may take it for a fact that a segment to which the log refers
// exists and can be told apart, and that a missing one is damage, not the work of a power cut.
//
// Order when a file is used again, and what a crash between two steps leaves:
//   1. its header area is overwritten: the new identity, no placement; synced    - a file under its old name, unplaced
//   2. it is renamed to its new number                                           - the same, under either name
//   3. the directory is synced                                                   - an unused segment
// An unplaced segment holds nothing, whatever its name. Its old records cannot replay: their checksums are seeded with
// the old salt, which is gone with step 1.
//
// A new file costs its size in device writes (if syncs are expected, else in fresh pages), one used again costs two small
// syncs: so a few more are kept than are in use at once between two flushes. The first kept stay mapped: their pages are dirty and faulted in, so the next use
// appends at memory speed, and what nobody syncs need never reach the device. The others are opened again, which makes
// their pages ready.
//
// Thread safety: all calls, from any thread. Files are synced under `sync_mutex`, which is the log's: one syncer of a
// file at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/prng.h"
#include "nacre/error.h"
#include "wal/segment.h"

namespace nacre::wal {

// A segment that was made ready, as one may want to be told.
struct PreparedSegment {
  uint64_t number = 0;
  uint64_t bytes = 0;
  bool recycled = false;
};

class SegmentSupply {
 public:
  struct Options {
    format::Uuid uuid;
    uint64_t salt_seed = 0;
    uint64_t max_segment_bytes = 0;
    uint32_t kept_segments = 0;  // released files kept for use, at most
    base::MemoryAccount* account = nullptr;
    std::function<uint64_t()> next_number;
    std::function<void(const PreparedSegment&)> on_prepared;  // may be empty
  };

  SegmentSupply(Directory& directory, Options options, sync::Mutex& sync_mutex, StickyFailure& failure)
      : directory_(directory),
        options_(std::move(options)),
        sync_mutex_(sync_mutex),
        failure_(failure),
        salts_(options_.salt_seed) {}

  enum class Hurry : uint8_t {
    kNo,   // any kept file will do, though opening it again takes about a microsecond a page
    kYes,  // only one that is mapped
  };
  // A prepared segment: a kept one of at least `least_bytes` if there is one, else a new one of `fresh_bytes` in such a space.
  // Both are whole pages. kNoSpace, and any error of creation, changes nothing; a failed sync sets the failure.
  Result<std::shared_ptr<Segment>> prepare(uint64_t least_bytes, uint64_t fresh_bytes, MappedSpace space, Hurry hurry);

  // Takes a file whose records nobody needs: keeps it if it is at least `useful_bytes`, has lost no page and there is room, else
  // removes it.
  Result<void> give_back(std::shared_ptr<Segment> segment, uint64_t useful_bytes);

  // While space is short: files that nobody needs are removed rather than kept, those that are kept now too.
  void save_space(bool save);
  // Removes kept files beyond `most_bytes`, those that are not mapped first.
  void trim(uint64_t most_bytes);
  bool saves_space() const { return saves_space_.load(std::memory_order_relaxed); }

  uint64_t created() const { return created_.load(std::memory_order_relaxed); }
  uint64_t recycled() const { return recycled_.load(std::memory_order_relaxed); }
  uint64_t removed() const { return removed_.load(std::memory_order_relaxed); }
  uint64_t kept() const;

 private:
  static constexpr size_t kMappedKept = 2;

  bool enough_mapped() const;
  void drop_kept(size_t most);
  std::shared_ptr<Segment> take_kept(uint64_t least_bytes, Hurry hurry);
  Result<std::shared_ptr<Segment>> reuse(std::shared_ptr<Segment> segment);
  Result<std::shared_ptr<Segment>> create(uint64_t bytes, MappedSpace space);
  void tell(const Segment& segment, bool recycled) const;
  Result<void> write_identity(Segment& segment);
  format::SegmentIdentity new_identity();

  Directory& directory_;
  const Options options_;
  sync::Mutex& sync_mutex_;
  StickyFailure& failure_;

  mutable sync::Mutex mutex_;
  base::Prng salts_ NACRE_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Segment>> kept_ NACRE_GUARDED_BY(mutex_);

  std::atomic<bool> saves_space_{false};
  std::atomic<uint64_t> created_{0};
  std::atomic<uint64_t> recycled_{0};
  std::atomic<uint64_t> removed_{0};
};

}  // namespace nacre::wal
