#include "memtable/tombstone_list.h"

#include <algorithm>
#include <span>

namespace nacre::memtable {

TombstoneList::~TombstoneList() {
  if (account_ != nullptr) account_->release(base::MemoryPart::kMemtable, memory_bytes());
}

void TombstoneList::count_memory(uint64_t bytes) {
  memory_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (account_ != nullptr) account_->charge(base::MemoryPart::kMemtable, bytes);
}

format::Sequence TombstoneList::Cover::covering(Bytes key, format::Sequence at) const {
  format::Sequence highest = 0;
  for (const format::TombstoneSet* set : sets) highest = std::max(highest, set->covering(key, at));
  const uint32_t count = tail_count.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < count; i++) {
    const format::RangeTombstone& t = tail[i];
    if (t.sequence <= at && t.sequence > highest && t.begin <= key && key < t.end) highest = t.sequence;
  }
  return highest;
}

// Publishes a cover of the present levels with an empty tail.
TombstoneList::Cover* TombstoneList::replace_cover() {
  auto cover = std::make_unique<Cover>();
  cover->sets.reserve(levels_.size());
  for (const Level& level : levels_) cover->sets.push_back(level.set);
  count_memory(sizeof(Cover) + levels_.size() * sizeof(void*));
  newest_.store(cover.get(), std::memory_order_release);
  return covers_.emplace_back(std::move(cover)).get();
}

// Makes the last kTail tombstones, and the levels that are not larger, one level.
void TombstoneList::merge_tail() {
  size_t begin = tombstones_.size() - kTail;
  while (!levels_.empty() && begin - levels_.back().begin <= tombstones_.size() - begin) {
    begin = levels_.back().begin;
    levels_.pop_back();
  }
  const std::span<const format::RangeTombstone> merged = std::span(tombstones_).subspan(begin);
  sets_.push_back(std::make_unique<const format::TombstoneSet>(format::TombstoneSet::build(merged)));
  count_memory(sets_.back()->memory_bytes());
  levels_.push_back({sets_.back().get(), begin});
}

void TombstoneList::insert(const format::RangeTombstone& tombstone) {
  sync::MutexLock lock(mutex_);
  Cover* cover = covers_.empty() ? nullptr : covers_.back().get();
  if (cover != nullptr && cover->tail_count.load(std::memory_order_relaxed) == kTail) {
    merge_tail();
    cover = nullptr;
  }
  if (cover == nullptr) cover = replace_cover();
  tombstones_.push_back(tombstone);
  count_memory(sizeof tombstone);
  const uint32_t place = cover->tail_count.load(std::memory_order_relaxed);
  cover->tail[place] = tombstone;
  cover->tail_count.store(place + 1, std::memory_order_release);
  count_.fetch_add(1, std::memory_order_relaxed);
}

std::shared_ptr<const format::TombstoneSet> TombstoneList::all() const {
  if (newest_.load(std::memory_order_acquire) == nullptr) {
    static const format::TombstoneSet kNone;
    return {std::shared_ptr<void>(), &kNone};  // shared by all, counted by nobody
  }
  sync::MutexLock lock(mutex_);
  if (all_count_ != tombstones_.size()) {
    all_ = std::make_shared<const format::TombstoneSet>(format::TombstoneSet::build(tombstones_));
    all_count_ = tombstones_.size();
  }
  return all_;
}

}  // namespace nacre::memtable
