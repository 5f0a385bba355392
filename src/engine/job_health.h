// JobHealth: how the background jobs of one kind fare - the failure of the last one, and when to try again. Flushes and
// compactions each have their own: a compaction that finds no room must not fail a flush that has enough.
//
// Thread safety: none, the engine's state lock guards it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "nacre/error.h"

namespace nacre::engine {

enum class JobKind : uint8_t { kFlush, kCompaction };

class JobHealth {
 public:
  // Of the last job; none if it went well, or if a user asked for the work again.
  const std::optional<Error>& error() const { return error_; }
  bool may_run(uint64_t now_ns) const { return !error_ || now_ns >= retry_at_ns_; }

  void succeeded() {
    error_.reset();
    last_kind_.reset();
    pause_ns_ = kFirstPauseNs;
  }
  // True if this is news: not what the last attempt met.
  bool failed(const Error& error, uint64_t now_ns) {
    const bool is_news = last_kind_ != error.kind;
    error_ = error;
    last_kind_ = error.kind;
    // Room may come back at any moment; what is damaged stays so, and trying again and again costs its reads each time.
    pause_ns_ = is_news || error.kind == ErrorKind::kNoSpace ? kFirstPauseNs : std::min(2 * pause_ns_, kLongestPauseNs);
    retry_at_ns_ = now_ns + pause_ns_;
    return is_news;
  }
  // A user wants the work tried now.
  void forget() { error_.reset(); }

 private:
  static constexpr uint64_t kFirstPauseNs = 500'000'000;
  static constexpr uint64_t kLongestPauseNs = 60'000'000'000;

  std::optional<Error> error_;
  std::optional<ErrorKind> last_kind_;
  uint64_t pause_ns_ = kFirstPauseNs;
  uint64_t retry_at_ns_ = 0;
};

}  // namespace nacre::engine
