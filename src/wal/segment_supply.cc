#include "wal/segment_supply.h"

#include <algorithm>
#include <cstring>

#include "base/result.h"
#include "format/file_names.h"

namespace nacre::wal {

Result<std::shared_ptr<Segment>> SegmentSupply::prepare(uint64_t least_bytes, uint64_t fresh_bytes, MappedSpace space,
                                                        Hurry hurry) {
  while (std::shared_ptr<Segment> kept = take_kept(least_bytes, hurry)) {
    if (kept->file == nullptr) {
      const std::string name = format::log_name(kept->identity.number);
      auto mapped = directory_.open_mapped(name);
      if (!mapped || (*mapped)->size_bytes() < least_bytes) {  // unfit, and holds nothing needed: another will do
        (void)directory_.remove(name);
        continue;
      }
      kept->map(*std::move(mapped), options_.account);
    }
    return reuse(std::move(kept));
  }
  return create(fresh_bytes, space);
}

std::shared_ptr<Segment> SegmentSupply::take_kept(uint64_t least_bytes, Hurry hurry) {
  sync::MutexLock lock(mutex_);
  for (auto at = kept_.begin(); at != kept_.end(); ++at) {
    if ((*at)->size_bytes < least_bytes || (hurry == Hurry::kYes && (*at)->file == nullptr)) continue;
    std::shared_ptr<Segment> segment = std::move(*at);
    kept_.erase(at);
    return segment;
  }
  return nullptr;
}

format::SegmentIdentity SegmentSupply::new_identity() {
  const uint64_t number = options_.next_number();
  sync::MutexLock lock(mutex_);
  return {.uuid = options_.uuid, .number = number, .salt = salts_.next()};
}

Result<std::shared_ptr<Segment>> SegmentSupply::reuse(std::shared_ptr<Segment> old) {
  // A new object: the old one may still be looked at by a sync that began before its release.
  auto segment = std::make_shared<Segment>();
  const std::string old_name = format::log_name(old->identity.number);
  segment->identity = new_identity();
  {
    sync::MutexLock lock(sync_mutex_);  // waits for such a sync, and keeps the next one off
    segment->map(old->unmap(), options_.account);
    NACRE_TRY(write_identity(*segment));
  }
  if (auto renamed = directory_.rename(old_name, format::log_name(segment->identity.number)); !renamed) {
    (void)directory_.remove(old_name);
    return renamed.error();
  }
  if (auto synced = directory_.sync(); !synced) return failure_.set(synced.error());
  recycled_.fetch_add(1, std::memory_order_relaxed);
  tell(*segment, true);
  return segment;
}

Result<std::shared_ptr<Segment>> SegmentSupply::create(uint64_t bytes, MappedSpace space) {
  auto segment = std::make_shared<Segment>();
  segment->identity = new_identity();
  NACRE_TRY_ASSIGN(auto mapped, directory_.create_mapped(format::log_name(segment->identity.number), bytes, space));
  segment->map(std::move(mapped), options_.account);
  NACRE_TRY(write_identity(*segment));
  if (auto synced = directory_.sync(); !synced) return failure_.set(synced.error());
  created_.fetch_add(1, std::memory_order_relaxed);
  tell(*segment, false);
  return segment;
}

void SegmentSupply::tell(const Segment& segment, bool recycled) const {
  if (!options_.on_prepared) return;
  options_.on_prepared({.number = segment.identity.number, .bytes = segment.size_bytes, .recycled = recycled});
}

Result<void> SegmentSupply::write_identity(Segment& segment) {
  const std::string area = format::encode_segment_identity(segment.identity);
  std::memcpy(segment.data, area.data(), area.size());
  segment.file->stored(0, area.size());
  if (auto synced = segment.file->sync(0, area.size()); !synced) {
    return failure_.set(located(synced.error(), FileKind::kLog, segment.identity.number));
  }
  if (segment.file->damaged()) return failure_.set(lost_mapping(segment.identity.number));
  return {};
}

Result<void> SegmentSupply::give_back(std::shared_ptr<Segment> segment, uint64_t useful_bytes) {
  std::unique_ptr<MappedFile> unmapped;  // outside the locks
  const bool fit = !segment->lost_page && (segment->file == nullptr || !segment->file->damaged());
  if (fit && !saves_space() && segment->size_bytes >= useful_bytes && segment->size_bytes <= options_.max_segment_bytes) {
    if (enough_mapped()) {
      sync::MutexLock lock(sync_mutex_);  // a sync that began before the release may still be at this segment
      unmapped = segment->unmap();
    }
    sync::MutexLock lock(mutex_);
    if (kept_.size() < options_.kept_segments) {
      kept_.push_back(std::move(segment));
      return {};
    }
  }
  NACRE_TRY(directory_.remove(format::log_name(segment->identity.number)));
  removed_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void SegmentSupply::save_space(bool save) {
  saves_space_.store(save, std::memory_order_relaxed);
  if (save) drop_kept(0);
}

void SegmentSupply::trim(uint64_t most_bytes) { drop_kept(most_bytes / options_.max_segment_bytes); }

void SegmentSupply::drop_kept(size_t most) {
  std::vector<std::shared_ptr<Segment>> needless;
  {
    sync::MutexLock lock(mutex_);
    std::partition(kept_.begin(), kept_.end(), [](const auto& kept) { return kept->file != nullptr; });
    while (kept_.size() > most) {
      needless.push_back(std::move(kept_.back()));
      kept_.pop_back();
    }
  }
  for (const auto& segment : needless) {
    if (directory_.remove(format::log_name(segment->identity.number))) removed_.fetch_add(1, std::memory_order_relaxed);
  }
}

bool SegmentSupply::enough_mapped() const {
  sync::MutexLock lock(mutex_);
  const auto mapped = std::count_if(kept_.begin(), kept_.end(), [](const auto& kept) { return kept->file != nullptr; });
  return static_cast<size_t>(mapped) >= kMappedKept;
}

uint64_t SegmentSupply::kept() const {
  sync::MutexLock lock(mutex_);
  return kept_.size();
}

}  // namespace nacre::wal
