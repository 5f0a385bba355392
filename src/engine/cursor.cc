// The public Cursor and Scan over CursorCore.

#include "nacre/cursor.h"

#include "engine/cursor_core.h"

namespace nacre {

Cursor::Cursor(std::unique_ptr<engine::CursorCore> core) : core_(std::move(core)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

void Cursor::refresh() noexcept {
  read::RangeCursor* range = core_->range();
  valid_ = range != nullptr && range->valid();
  if (!valid_) return;
  key_ = range->key();
  value_ = range->value();
}

void Cursor::seek_first() noexcept {
  valid_ = false;
  if (core_->position([](read::RangeCursor& range) { range.seek_first(); })) refresh();
}

void Cursor::seek_last() noexcept {
  valid_ = false;
  if (core_->position([](read::RangeCursor& range) { range.seek_last(); })) refresh();
}

void Cursor::seek(Bytes key) noexcept {
  valid_ = false;
  if (core_->position([&](read::RangeCursor& range) { range.seek(core_->target(key)); })) refresh();
}

void Cursor::seek_before(Bytes key) noexcept {
  valid_ = false;
  if (core_->position([&](read::RangeCursor& range) { range.seek_before(core_->target(key)); })) refresh();
}

void Cursor::next() noexcept {
  if (!valid_) return;
  valid_ = false;
  if (read::RangeCursor* range = core_->usable()) {
    range->next();
    refresh();
  }
}

void Cursor::prev() noexcept {
  if (!valid_) return;
  valid_ = false;
  if (read::RangeCursor* range = core_->usable()) {
    range->prev();
    refresh();
  }
}

Result<void> Cursor::status() const noexcept { return core_->status(); }

Scan::Iterator Scan::begin() noexcept {
  if (reverse_) {
    cursor_.seek_last();
  } else {
    cursor_.seek_first();
  }
  return Iterator(this);
}

void Scan::step() noexcept {
  left_--;
  if (left_ == 0) return;
  if (reverse_) {
    cursor_.prev();
  } else {
    cursor_.next();
  }
}

}  // namespace nacre
