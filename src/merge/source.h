// Source: one sorted input of a merge, a memtable or a run, with its current entry at hand.
//
// A merge compares entries far more often than it moves a source. So a Source keeps the current key, its 8-byte head and
// the trailer beside it: most comparisons are one comparison of two words that lie in the merge's own array. The two
// kinds of cursor are told apart by a branch, not by a virtual call.
//
// Ownership: borrows what the cursor borrows. Thread safety: one thread at a time.
#pragma once

#include <utility>
#include <variant>

#include "base/bits.h"
#include "format/entry.h"
#include "memtable/memtable.h"
#include "nacre/error.h"
#include "table/run_cursor.h"

namespace nacre::merge {

class Source {
 public:
  explicit Source(memtable::MemtableCursor cursor) : cursor_(std::move(cursor)) {}
  explicit Source(table::RunCursor cursor) : cursor_(std::move(cursor)) {}

  bool valid() const { return valid_; }
  uint64_t head() const { return head_; }
  Bytes key() const { return key_; }
  uint64_t trailer() const { return trailer_; }
  Bytes value() const {
    if (const auto* run = std::get_if<table::RunCursor>(&cursor_)) return run->value();
    return std::get_if<memtable::MemtableCursor>(&cursor_)->value();
  }
  // The same as RunCursor::lone(); null in a memtable.
  const table::TableCursor* lone() const {
    const auto* run = std::get_if<table::RunCursor>(&cursor_);
    return run != nullptr ? run->lone() : nullptr;
  }
  // Of a run: the first error its tables gave, which also made it invalid. Memtables never fail.
  Result<void> status() const {
    if (const auto* run = std::get_if<table::RunCursor>(&cursor_)) return run->status();
    return {};
  }

  void next() {
    move([](auto& cursor) { cursor.next(); });
  }
  void prev() {
    move([](auto& cursor) { cursor.prev(); });
  }
  void seek_first() {
    move([](auto& cursor) { cursor.seek_first(); });
  }
  void seek_last() {
    move([](auto& cursor) { cursor.seek_last(); });
  }
  void seek(Bytes key, uint64_t trailer) {
    move([&](auto& cursor) { cursor.seek(key, trailer); });
  }
  void seek_before(Bytes key, uint64_t trailer) {
    move([&](auto& cursor) { cursor.seek_before(key, trailer); });
  }

 private:
  template <class Move>
  void move(Move&& how) {
    if (auto* run = std::get_if<table::RunCursor>(&cursor_)) {
      how(*run);
      refresh(*run);
    } else {
      auto* memtable = std::get_if<memtable::MemtableCursor>(&cursor_);
      how(*memtable);
      refresh(*memtable);
    }
  }
  template <class Cursor>
  void refresh(const Cursor& cursor) {
    valid_ = cursor.valid();
    if (!valid_) return;
    key_ = cursor.key();
    head_ = cursor.head();
    trailer_ = cursor.trailer();
  }

  uint64_t head_ = 0;
  uint64_t trailer_ = 0;
  Bytes key_;
  bool valid_ = false;
  std::variant<memtable::MemtableCursor, table::RunCursor> cursor_;
};

}  // namespace nacre::merge
