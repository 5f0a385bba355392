#include "merge/version_filter.h"

#include <algorithm>

#include "base/assert.h"

namespace nacre::merge {

using format::EntryKind;
using format::Sequence;

VersionFilter::VersionFilter(std::vector<Sequence> snapshots, bool bottom, const format::TombstoneSet* tombstones)
    : snapshots_(std::move(snapshots)), bottom_(bottom), tombstones_(tombstones) {
  NACRE_DCHECK(std::is_sorted(snapshots_.begin(), snapshots_.end()));
  if (tombstones_ != nullptr && tombstones_->empty()) tombstones_ = nullptr;
}

// Stripe i holds the sequences in (snapshots_[i - 1], snapshots_[i]]; the last one is open above.
size_t VersionFilter::stripe_of(Sequence sequence) const {
  if (snapshots_.empty() || sequence > snapshots_.back()) return snapshots_.size();
  return static_cast<size_t>(std::lower_bound(snapshots_.begin(), snapshots_.end(), sequence) - snapshots_.begin());
}

std::optional<uint64_t> VersionFilter::keep(Bytes key, uint64_t trailer) {
  const Sequence sequence = format::sequence_of(trailer);
  const size_t stripe = stripe_of(sequence);
  const bool same_key = has_key_ && key == Bytes(key_);
  if (same_key && stripe == last_stripe_) return std::nullopt;  // a newer version hides it from everybody
  if (!same_key) {
    key_.assign(key);
    has_key_ = true;
  }
  last_stripe_ = stripe;

  if (tombstones_ != nullptr) {
    // The newest tombstone that every reader of this stripe can see.
    const Sequence readable = stripe < snapshots_.size() ? snapshots_[stripe] : format::kMaxSequence;
    if (tombstones_->covering(key, readable) > sequence) return std::nullopt;
  }
  if (bottom_ && stripe == 0 && !snapshots_.empty()) {
    if (format::kind_of(trailer) == EntryKind::kErase) return std::nullopt;
    if (format::kind_of(trailer) == EntryKind::kPut) return format::make_trailer(0, EntryKind::kPut);
  }
  return trailer;
}

std::vector<format::RangeTombstone> VersionFilter::keep_tombstones(Bytes begin, Bytes end) const {
  std::vector<format::RangeTombstone> kept;
  if (tombstones_ == nullptr) return kept;
  for (size_t i = begin.empty() ? 0 : tombstones_->first_ending_after(begin); i < tombstones_->size(); i++) {
    const auto fragment = tombstones_->fragment(i);
    if (!end.empty() && fragment.begin >= end) break;
    const Bytes from = begin.empty() ? fragment.begin : std::max(fragment.begin, begin);
    const Bytes to = end.empty() ? fragment.end : std::min(fragment.end, end);
    size_t last_stripe = snapshots_.size() + 1;  // no stripe
    for (const Sequence sequence : fragment.sequences) {
      const size_t stripe = stripe_of(sequence);
      if (stripe == last_stripe) continue;
      last_stripe = stripe;
      if (bottom_ && stripe == 0 && !snapshots_.empty()) continue;  // nothing below to hide
      kept.push_back({.begin = from, .end = to, .sequence = sequence});
    }
  }
  return kept;
}

}  // namespace nacre::merge
