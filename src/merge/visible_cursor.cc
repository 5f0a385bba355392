#include "merge/visible_cursor.h"

namespace nacre::merge {

namespace {
// So many older versions of one key are stepped over one by one before a seek past all of them pays.
constexpr int kStepsBeforeSeek = 16;
}  // namespace

// Whether an entry that is the newest one the reader may see of its key is there for it.
bool VisibleCursor::shows(Bytes key, uint64_t trailer) const {
  if (format::kind_of(trailer) != format::EntryKind::kPut) return false;
  return tombstones_ == nullptr || tombstones_->covering(key, at_) <= format::sequence_of(trailer);
}

// Moves past the remaining versions of key_.
void VisibleCursor::skip_versions() {
  for (int steps = 0; merge_.valid() && base::same_key(merge_.key(), key_.view()); steps++) {
    if (steps == kStepsBeforeSeek) {
      // The oldest possible version of the key, and past it if that exists.
      merge_.seek(key_.view(), 0);
      if (merge_.valid() && merge_.trailer() == 0 && merge_.key() == key_.view()) merge_.next();
      return;
    }
    merge_.next();
  }
}

void VisibleCursor::find_forward(bool skip_key) {
  backward_ = false;
  if (skip_key) skip_versions();
  while (merge_.valid()) {
    const uint64_t trailer = merge_.trailer();
    if (format::sequence_of(trailer) > at_) {
      if (upper_ != nullptr && merge_.key() >= Bytes(*upper_)) break;
      merge_.next();
      continue;
    }
    if (shows(merge_.key(), trailer)) {
      valid_ = true;
      return;
    }
    if (upper_ != nullptr && merge_.key() >= Bytes(*upper_)) break;
    key_.assign(merge_.key());
    merge_.next();
    skip_versions();
  }
  valid_ = false;
}

void VisibleCursor::find_backward() {
  backward_ = true;
  valid_ = false;
  while (merge_.valid()) {
    key_.assign(merge_.key());
    bool found = false;
    uint64_t trailer = 0;
    do {  // ever newer versions of this key
      if (format::sequence_of(merge_.trailer()) <= at_) {
        found = true;
        trailer = merge_.trailer();
        value_ = merge_.value();
      } else if (found && value_.data() != copy_.data()) {  // the source may leave one block more
        copy_.assign(value_);
        value_ = copy_;
      }
      merge_.prev();
    } while (merge_.valid() && base::same_key(merge_.key(), key_.view()));
    if (!merge_.valid() && !merge_.status()) return;  // a newer version may lie behind the error
    if (found && shows(key_.view(), trailer)) {
      sequence_ = format::sequence_of(trailer);
      valid_ = true;
      return;
    }
    if (key_.view() < lower_) return;
  }
}

void VisibleCursor::seek_first() {
  merge_.seek_first();
  find_forward(false);
}

void VisibleCursor::seek_last() {
  merge_.seek_last();
  find_backward();
}

void VisibleCursor::seek(Bytes key) {
  merge_.seek(key, format::trailer_for_lookup(at_));
  find_forward(false);
}

void VisibleCursor::seek_before(Bytes key) {
  merge_.seek_before(key, ~uint64_t{0});
  find_backward();
}

void VisibleCursor::next() {
  if (backward_) {
    merge_.seek(key_.view(), 0);
    find_forward(true);
    return;
  }
  key_.assign(merge_.key());
  merge_.next();
  find_forward(true);
}

void VisibleCursor::prev() {
  if (!backward_) {
    const std::string key(merge_.key());
    merge_.seek_before(key, ~uint64_t{0});
  }
  find_backward();
}

}  // namespace nacre::merge
