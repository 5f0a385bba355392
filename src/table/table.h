// Table: an open SSTable file, from which single entries are got and cursors are made.
//
// What stays in memory: the properties, the range tombstones, and one cache slot for each data block (8 bytes a block), all
// charged to kTableMeta. Data blocks, the index and the filter are cache frames, found through slots and loaded when they
// are missed, so a database with any number of tables keeps to its ceiling.
//
// Why the index and the filter are not resident: they are some 3% of a table with 100-byte values, 40% of one with tiny
// entries - nothing that a ceiling can ignore. Finding each through its slot costs two loads that are nearly always in the
// first-level cache (slot and frame header), measured 3 ns together in a get of 150 to 500 ns.
//
// A get touches, in order: a filter line (unless the key is expected, see Guess), one index node a level, a slot, the block's
// header and tags, then, together, one head, trailer and value. It allocates nothing, locks nothing and writes nothing shared. The loads of one get depend on
// each other, those of different gets do not: for many keys at once see probe.h.
//
// Images whose body should lie in whole cache lines (index, filter) are placed so that it does, see aligned_image().
//
// Thread safety: immutable but for the slots, which are atomic; all calls from any thread. Lifetime: counted; cursors and
// probes borrow the table. The cache, the account and the domain outlive it. Everything that says "under a guard" needs a
// sync::EpochDomain::Guard of the cache's domain, made before the call, for as long as what it returned is used.
#pragma once

#include <memory>

#include "base/intrusive_ptr.h"
#include "base/memory_account.h"
#include "cache/cache.h"
#include "format/block.h"
#include "format/filter.h"
#include "format/footer.h"
#include "format/tombstones.h"
#include "table/table_file.h"

namespace nacre::table {

using format::Sequence;
using format::TableIdentity;
using format::TableProperties;

class TableCursor;
struct CursorOptions;

// What a caller expects of a key. Changes the way to the answer, never the answer.
enum class Guess : uint8_t {
  kAbsent,   // the filter is asked first
  kPresent,  // the filter is asked only before a block is read that is not in memory
};

class Table : public base::RefCounted<Table> {
 public:
  // Reads footer, properties and range tombstones. kUnsupported for a newer format, kCorruption for damage, for a file of
  // another database and for one that stands in the place of another table. `account` may be null.
  static Result<base::IntrusivePtr<Table>> open(std::unique_ptr<ReadableFile> file, const TableIdentity& id,
                                                cache::Cache& cache, base::MemoryAccount* account);
  ~Table();

  struct Found {
    bool found = false;
    uint64_t trailer = 0;
    Bytes value;                          // in `frame`
    const cache::Frame* frame = nullptr;  // to be pinned by who keeps the value beyond the guard
  };
  // The newest entry of `key` with a sequence of at most `at`, erases included. `key_hash` is base::hash_key(key). Range
  // tombstones are not considered. Under a guard.
  Result<Found> get(Bytes key, uint64_t key_hash, Sequence at, Guess guess = Guess::kAbsent) const;

  // False if the table certainly does not hold the key. A filter that is not in memory is not loaded: true. Under a guard.
  bool may_contain(uint64_t key_hash) const;
  // The first key of block `block` < blocks(). Under a guard.
  Result<std::string> first_key_of(uint32_t block) const;
  // About which share of its blocks is in the cache: of up to 64 of them, evenly chosen. 1 if it has none. Under a guard.
  double cached_share() const;
  // Starts loading what may_contain() will look at. Under a guard.
  void prefetch(uint64_t key_hash) const;

  TableCursor cursor() const;
  TableCursor cursor(const CursorOptions& options) const;

  // Reads the whole file and checks everything that can be: checksums, structure, order, fences, tags, filter, counts, and
  // the hash. Works past the cache. The error names the offset of the first thing that is wrong.
  Result<void> verify() const;

  const format::TombstoneSet& tombstones() const { return tombstones_; }
  const TableProperties& properties() const { return properties_; }
  uint64_t number() const { return file_.number(); }
  uint32_t blocks() const { return blocks_; }

  // --- For probes and cursors. ---

  // The index; loads it if need be. Under a guard.
  Result<format::IndexView> index() const {
    NACRE_TRY_ASSIGN(const cache::Frame* frame, index_frame());
    return index_in(*frame);
  }
  // The same in two steps: what holds it, for who needs it again under the same guard.
  Result<const cache::Frame*> index_frame() const {
    if (const cache::Frame* frame = cache_.find(index_slot_); frame != nullptr) [[likely]]
      return frame;
    return load_index();
  }
  static format::IndexView index_in(const cache::Frame& frame) {
    return format::IndexView(aligned_image(frame.bytes()));
  }
  // Whether the filter lets the key pass; loads the filter if need be. Under a guard.
  Result<bool> passes_filter(uint64_t key_hash) const {
    if (!has_filter()) return true;
    const cache::Frame* frame = cache_.find(filter_slot_);
    if (frame == nullptr) [[unlikely]] {
      NACRE_TRY_ASSIGN(frame, load_filter());
    }
    return format::FilterView(aligned_image(frame->bytes())).may_contain(key_hash);
  }
  // The first block that may hold `key` or what comes after it; blocks() if there is none. Under a guard.
  Result<uint32_t> block_for(Bytes key) const {
    NACRE_TRY_ASSIGN(const format::IndexView view, index());
    return view.lower_bound(key, slots_.get());
  }
  cache::Slot& slot(uint32_t block) const { return slots_[block]; }
  // Starts loading what a lookup in a cached `block` reads first.
  void prefetch_block(uint32_t block) const { cache_.prefetch(slots_[block], lines_of_tags_); }
  // Looks for the key in `block`, which `frame` holds, and in those after it while the key's versions go on. Under a guard.
  Result<Found> search(const cache::Frame* frame, uint32_t block, Bytes key, uint64_t key_hash, Sequence at) const;
  // Reads a block past the cache's back and publishes it.
  Result<cache::PinnedFrame> load_block(uint32_t block, Extent extent) const;
  // Publishes a block that was read from `extent`.
  Result<cache::PinnedFrame> publish_block(uint32_t block, Extent extent, Bytes stored) const;

  const TableFile& file() const { return file_; }
  cache::Cache& cache() const { return cache_; }
  bool has_filter() const { return footer_.filter_at != footer_.index_at; }
  const format::Footer& footer() const { return footer_; }

  // Where in a draft or frame an image lies whose body, 32 bytes behind its start, is to begin a cache line. The draft must
  // be larger than the image by kAlignmentRoom.
  static constexpr size_t kAlignmentRoom = 63;
  static std::span<char> aligned_image(std::span<char> room) {
    const auto address = reinterpret_cast<uintptr_t>(room.data());
    const size_t skip = base::align_up(address + kBodyAt, 64) - kBodyAt - address;
    return room.subspan(skip, room.size() - kAlignmentRoom);
  }
  static Bytes aligned_image(Bytes room) {
    const auto image = aligned_image(std::span<char>(const_cast<char*>(room.data()), room.size()));
    return {image.data(), image.size()};
  }

 private:
  static constexpr size_t kBodyAt = format::kIndexHeaderBytes;
  static_assert(kBodyAt == format::kFilterHeaderBytes);

  Table(TableFile file, const format::Footer& footer, TableProperties properties, cache::Cache& cache);

  Result<format::TombstoneSet> read_tombstones() const;
  Result<void> check_ends() const;
  Result<format::IndexView> parse_index(Bytes image) const;
  Result<format::FilterView> parse_filter(Bytes image) const;
  Result<const cache::Frame*> load_index() const;
  Result<const cache::Frame*> load_filter() const;
  Result<cache::Cache::Draft> load_aligned(Extent extent, format::StoredKind kind) const;
  Result<cache::PinnedFrame> publish_draft(uint32_t block, Extent extent, cache::Cache::Draft draft) const;
  // Null if it is not in memory.
  const cache::Frame* cached_block(uint32_t block) const;
  Result<const cache::Frame*> block_frame(uint32_t block) const;

  // What a get reads, together.
  cache::Cache& cache_;
  std::unique_ptr<cache::Slot[]> slots_;
  mutable cache::Slot filter_slot_;
  mutable cache::Slot index_slot_;
  uint32_t blocks_;
  uint32_t lines_of_tags_;  // cache lines of a frame

  const format::Footer footer_;
  const TableFile file_;
  const TableProperties properties_;
  format::TombstoneSet tombstones_;
  base::MemoryCharge charge_;
};

}  // namespace nacre::table
