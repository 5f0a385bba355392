#include "table/block_source.h"

#include <algorithm>

#include "base/result.h"

namespace nacre::table {

using cache::PinnedFrame;
using format::BlockView;
using format::StoredKind;

std::span<char> BlockSource::Room::at_least(size_t wanted) {
  if (bytes.size() < wanted) {
    bytes = os::LargeVector<char>();  // first, so that both are not held at once
    bytes.resize(wanted);
  }
  return {bytes.data(), wanted};
}

void BlockSource::attach(const Table& table) {
  hold();
  forget_unit();
  table_ = &table;
}

void BlockSource::release() {
  pinned_.reset();
  let_go();
  forget_unit();
}

void BlockSource::forget_unit() {
  unit_ends_.clear();
  last_missed_ = kNoBlock;
  ahead_bytes_ = 0;
}

Extent BlockSource::extent_in_unit(uint32_t block) const {
  const uint64_t begin = unit_ends_[block - unit_first_];
  return {begin, unit_ends_[block - unit_first_ + 1] - begin};
}

Bytes BlockSource::bytes_in_unit(uint32_t block) const {
  const Extent extent = extent_in_unit(block);
  return {unit_.bytes.data() + (extent.offset - unit_ends_[0]), extent.bytes};
}

void BlockSource::recharge() {
  const auto part = options_.streaming ? base::MemoryPart::kCompaction : base::MemoryPart::kIterator;
  charge_ = base::MemoryCharge();
  charge_ = base::MemoryCharge(options_.account, part, unit_.size() + raw_.size());
}

// Reads `block` and those after it, or before it, as far as they fit into `wanted_bytes`.
Result<void> BlockSource::read_unit(uint32_t block, uint64_t wanted_bytes, bool backward) {
  unit_ends_.clear();
  uint64_t following_bytes = 0;
  {
    sync::EpochDomain::Guard guard(table_->cache().domain());
    NACRE_TRY_ASSIGN(const format::IndexView index, table_->index());
    uint32_t first = block;
    uint32_t end = block + 1;
    uint64_t bytes = index.extent(block).bytes;
    const auto take = [&](uint32_t neighbour) {
      const uint64_t more = index.extent(neighbour).bytes;
      if (bytes + more > wanted_bytes) return false;
      bytes += more;
      return true;
    };
    while (!backward && end < index.blocks() && take(end)) end++;
    while (backward && first > 0 && take(first - 1)) first--;
    unit_first_ = first;
    unit_ends_.push_back(index.extent(first).offset);
    for (uint32_t i = first; i < end; i++) unit_ends_.push_back(index.extent(i).offset + index.extent(i).bytes);
    if (!backward) following_bytes = std::min(wanted_bytes, index.end() - unit_ends_.back());
  }
  const uint64_t at = unit_ends_.front();
  const uint64_t bytes = unit_ends_.back() - at;
  const size_t room_before = unit_.size();
  const auto room = unit_.at_least(bytes);
  if (unit_.size() != room_before) recharge();
  if (following_bytes != 0) table_->file().file().will_need(at + bytes, following_bytes);
  if (const auto done = table_->file().read(at, room); !done) {
    unit_ends_.clear();
    return done.error();
  }
  return {};
}

Result<BlockView> BlockSource::load(uint32_t block) {
  if (options_.streaming) return load_streaming(block);
  PinnedFrame frame = table_->cache().find_pinned(table_->slot(block));
  if (!frame) [[unlikely]] {
    NACRE_TRY_ASSIGN(frame, load_missed(block));
  }
  pinned_ = std::move(frame);
  return BlockView(pinned_.bytes());
}

void BlockSource::prefetch(uint32_t block) const {
  constexpr uint32_t kLinesOfHeads = 12;
  if (!options_.streaming && block < table_->blocks()) table_->cache().prefetch(table_->slot(block), kLinesOfHeads);
}

Result<BlockView> BlockSource::load_for_search(uint32_t block) {
  prefetch(block);
  return load(block);
}

Result<PinnedFrame> BlockSource::load_missed(uint32_t block) {
  const bool forward = last_missed_ != kNoBlock && block == last_missed_ + 1;
  const bool backward = last_missed_ != kNoBlock && block + 1 == last_missed_;
  last_missed_ = block;
  if (!in_unit(block)) {
    ahead_bytes_ = forward || backward ? std::clamp(ahead_bytes_ * 2, kSmallestAhead, kLargestAhead) : 0;
    if (ahead_bytes_ == 0) {
      unit_ends_.clear();
      Extent extent{};
      {
        sync::EpochDomain::Guard guard(table_->cache().domain());
        NACRE_TRY_ASSIGN(const format::IndexView index, table_->index());
        extent = index.extent(block);
      }
      return table_->load_block(block, extent);
    }
    NACRE_TRY(read_unit(block, ahead_bytes_, backward));
  }
  return table_->publish_block(block, extent_in_unit(block), bytes_in_unit(block));
}

Result<void> BlockSource::check_again() const {
  const Bytes bytes(unit_.bytes.data() + (extent_.offset - unit_ends_[0]), extent_.bytes);
  const auto checked = table_->file().check_stored(bytes, StoredKind::kData, extent_.offset);
  if (!checked) return checked.error();
  return {};
}

Result<BlockView> BlockSource::load_streaming(uint32_t block) {
  if (!in_unit(block)) NACRE_TRY(read_unit(block, options_.unit_bytes, false));
  extent_ = extent_in_unit(block);
  NACRE_TRY_ASSIGN(stored_, table_->file().check_stored(bytes_in_unit(block), StoredKind::kData, extent_.offset));
  Bytes image = stored_.payload;
  if (stored_.compression != Compression::kNone) {
    const size_t room_before = raw_.size();
    const auto room = raw_.at_least(stored_.raw_bytes);
    if (raw_.size() != room_before) recharge();
    NACRE_TRY(table_->file().unpack(stored_, room, extent_.offset));
    image = {room.data(), room.size()};
  }
  auto view = BlockView::parse(image);
  if (!view) return table_->file().located(view.error(), extent_.offset);
  return view;
}

}  // namespace nacre::table
