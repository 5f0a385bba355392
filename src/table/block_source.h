// BlockSource: brings the blocks of a table to a cursor, one at a time, in one of two ways.
//
//   cached      A block is pinned in the cache, and published there if it was missed. Misses of neighbouring blocks, one
//               after another, are taken for a scan: they read ever larger units ahead, up to kLargestAhead.
//   streaming   Units of several blocks are read into the source's own memory and unpacked there; the cache is neither asked
//               nor filled. For compaction and checks, which read everything once. The unit that follows is announced to
//               the file, so the kernel reads it while this one is being used.
//
// Thread safety: one thread at a time. Lifetime: borrows the table; the view that load() returns lives until the next
// load() or attach(). Memory of units is charged.
#pragma once

#include <memory>
#include <vector>

#include "base/memory_account.h"
#include "cache/cache.h"
#include "format/block.h"
#include "format/stored_block.h"
#include "os/pages.h"
#include "table/table.h"

namespace nacre::table {

struct CursorOptions {
  bool streaming = false;
  uint32_t unit_bytes = 512 << 10;         // of one read when streaming; a larger block is read by itself
  base::MemoryAccount* account = nullptr;  // charged as kCompaction when streaming, else as kIterator; may be null
};

class BlockSource {
 public:
  explicit BlockSource(const CursorOptions& options) : options_(options) {}

  // Goes over to another table. What was loaded is held if it was cached, else it is gone. Buffers are kept.
  void attach(const Table& table);
  // Holds nothing any more.
  void release();

  // Block number `block`, below table.blocks().
  Result<format::BlockView> load(uint32_t block);
  // Starts loading what a cursor reads first of `block`, if it is cached and there is such a block.
  void prefetch(uint32_t block) const;
  // As load(), for a caller that will search in it: starts loading tags and heads before they are asked for.
  Result<format::BlockView> load_for_search(uint32_t block);

  // Cached: the loaded block, if there is one, stays where it is until the next one is held or it is let go of.
  void hold() {
    if (pinned_) held_ = std::move(pinned_);
  }
  void let_go() { held_.reset(); }
  bool streams() const { return options_.streaming; }
  // Streaming: the loaded block as it lies in the file. Lives as long as the view.
  const format::StoredBlock& stored() const { return stored_; }
  Extent extent() const { return extent_; }
  // Whether its bytes are still those that the checksum covers: the source may have waited with them for long.
  Result<void> check_again() const;

 private:
  static constexpr uint64_t kSmallestAhead = 32 << 10;
  static constexpr uint64_t kLargestAhead = 256 << 10;
  static constexpr uint32_t kNoBlock = UINT32_MAX;

  // A room for bytes that grows, and whose contents need not survive that.
  struct Room {
    os::LargeVector<char> bytes;
    std::span<char> at_least(size_t wanted);
    size_t size() const { return bytes.size(); }
  };

  void forget_unit();
  bool in_unit(uint32_t block) const { return block - unit_first_ < unit_blocks(); }
  uint32_t unit_blocks() const { return unit_ends_.empty() ? 0 : static_cast<uint32_t>(unit_ends_.size() - 1); }
  Extent extent_in_unit(uint32_t block) const;
  Bytes bytes_in_unit(uint32_t block) const;
  Result<void> read_unit(uint32_t block, uint64_t wanted_bytes, bool backward);
  Result<format::BlockView> load_streaming(uint32_t block);
  Result<cache::PinnedFrame> load_missed(uint32_t block);
  void recharge();

  CursorOptions options_;
  const Table* table_ = nullptr;
  cache::PinnedFrame pinned_;
  cache::PinnedFrame held_;
  format::StoredBlock stored_;
  Extent extent_{};
  Room raw_;  // streaming: the block, unpacked
  Room unit_;
  uint32_t unit_first_ = 0;          // number of the unit's first block
  std::vector<uint64_t> unit_ends_;  // where its first block begins in the file, and where each one ends
  uint32_t last_missed_ = kNoBlock;
  uint64_t ahead_bytes_ = 0;
  base::MemoryCharge charge_;
};

}  // namespace nacre::table
