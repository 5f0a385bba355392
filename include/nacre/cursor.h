// Cursor and Scan: ordered reading.
//
// A Cursor stands on one entry of a keyspace, or nowhere. It sees one commit point, the one at which it was made (or
// that of a snapshot), whatever is written, flushed or compacted meanwhile. A Scan is a C++20 input range over a Cursor:
//
//   for (auto [key, value] : db.scan({.prefix = "user:"})) ...
//
// Lifetime: key and value views live until the cursor moves. Destroy cursors before their Db is closed (Db::close answers
// kBusy); one that outlives its Db answers kClosed, never touches freed memory. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "nacre/bytes.h"
#include "nacre/error.h"
#include "nacre/export.h"
#include "nacre/snapshot.h"

namespace nacre {

namespace engine {
class CursorCore;
}

struct ScanOptions {
  std::optional<std::string> prefix = {};                 // only keys that begin with it
  std::optional<std::string> from = {};                   // only keys at or after it
  std::optional<std::string> to = {};                     // only keys before it
  bool reverse = false;                                   // Scan only: from the last key to the first
  uint64_t limit = std::numeric_limits<uint64_t>::max();  // Scan only: at most so many entries
  Snapshot snapshot = {};                                 // default: now
};

class NACRE_API Cursor {
 public:
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();

  // Moves. All stay within the bounds of the ScanOptions. A cursor starts nowhere; next and prev need it to stand.
  void seek_first() noexcept;
  void seek_last() noexcept;
  void seek(Bytes key) noexcept;         // the first entry at or after `key`
  void seek_before(Bytes key) noexcept;  // the last entry before `key`
  void next() noexcept;
  void prev() noexcept;

  // False past either end, and after an error: then ask status().
  bool valid() const noexcept { return valid_; }
  Bytes key() const noexcept { return key_; }
  Bytes value() const noexcept { return value_; }
  // kCorruption or kIo if reading failed, kClosed if the database was closed; the cursor then stands nowhere.
  Result<void> status() const noexcept;

  explicit Cursor(std::unique_ptr<engine::CursorCore> core);  // for the engine

 private:
  void refresh() noexcept;

  std::unique_ptr<engine::CursorCore> core_;
  bool valid_ = false;
  Bytes key_;
  Bytes value_;
};

struct KeyValue {
  Bytes key;
  Bytes value;
};

class NACRE_API Scan {
 public:
  class Iterator {
   public:
    using value_type = KeyValue;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(Scan* scan) : scan_(scan) {}
    KeyValue operator*() const noexcept { return {scan_->cursor_.key(), scan_->cursor_.value()}; }
    Iterator& operator++() noexcept {
      scan_->step();
      return *this;
    }
    void operator++(int) noexcept { scan_->step(); }
    bool operator==(std::default_sentinel_t) const noexcept { return scan_->done(); }

   private:
    Scan* scan_ = nullptr;
  };

  Scan(Cursor cursor, bool reverse, uint64_t limit) : cursor_(std::move(cursor)), reverse_(reverse), left_(limit) {}
  Iterator begin() noexcept;
  std::default_sentinel_t end() const noexcept { return {}; }
  // Ask after the loop: an error ends a scan early. Success means that every entry was seen (or the limit was reached).
  Result<void> status() const noexcept { return cursor_.status(); }

 private:
  bool done() const noexcept { return left_ == 0 || !cursor_.valid(); }
  void step() noexcept;

  Cursor cursor_;
  bool reverse_;
  uint64_t left_;
};

}  // namespace nacre
