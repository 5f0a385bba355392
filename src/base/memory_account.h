// MemoryAccount: the one ledger against which every large allocation of a database is charged.
//
// `Options::memory_bytes` is a ceiling for the sum of all parts. Memtables, log mappings, cache frames, table metadata,
// iterators and compaction buffers each charge what they hold; the cache, the only part that can give back, takes what
// the others leave. It cannot give back at once, since readers may be in its frames: so it also leaves free what the
// others held at their recent peak, which their next burst takes again, and a part of the ceiling, the slack.
//
// Thread safety: all calls, from any thread. Counts are exact; a reader of several parts sees no common instant.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace nacre::base {

enum class MemoryPart : uint8_t { kMemtable, kLog, kCache, kTableMeta, kIterator, kCompaction, kCount };

class MemoryAccount {
 public:
  explicit MemoryAccount(uint64_t ceiling_bytes, uint64_t slack_bytes = 0)
      : ceiling_bytes_(ceiling_bytes), slack_bytes_(slack_bytes) {}
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  void charge(MemoryPart part, uint64_t bytes) {
    slot(part).fetch_add(bytes, std::memory_order_relaxed);
    if (part != MemoryPart::kCache && part != MemoryPart::kIterator) note_peak();
  }
  void release(MemoryPart part, uint64_t bytes) { slot(part).fetch_sub(bytes, std::memory_order_relaxed); }

  uint64_t ceiling_bytes() const { return ceiling_bytes_; }
  uint64_t held(MemoryPart part) const { return parts_[static_cast<size_t>(part)].load(std::memory_order_relaxed); }
  uint64_t held_total() const {
    uint64_t sum = 0;
    for (const auto& part : parts_) sum += part.load(std::memory_order_relaxed);
    return sum;
  }

  // What kCache may hold: nothing, when the others have taken all.
  uint64_t left_for_cache() const {
    const uint64_t taken =
        std::max(outside_cache(), peak_outside_cache_.load(std::memory_order_relaxed)) + slack_bytes_;
    return ceiling_bytes_ - std::min(ceiling_bytes_, taken);
  }
  // The peak goes 1/`share` of its way down to what is held now.
  void forget_peak(uint64_t share) {
    uint64_t peak = peak_outside_cache_.load(std::memory_order_relaxed);
    const uint64_t now = outside_cache();
    while (peak > now && !peak_outside_cache_.compare_exchange_weak(peak, peak - (peak - now + share - 1) / share,
                                                                    std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<uint64_t>& slot(MemoryPart part) { return parts_[static_cast<size_t>(part)]; }
  uint64_t outside_cache() const {
    const uint64_t total = held_total();
    return total - std::min(total, held(MemoryPart::kCache));
  }
  void note_peak() {
    const uint64_t now = outside_cache();
    uint64_t peak = peak_outside_cache_.load(std::memory_order_relaxed);
    while (now > peak && !peak_outside_cache_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }

  const uint64_t ceiling_bytes_;
  const uint64_t slack_bytes_;
  std::array<std::atomic<uint64_t>, static_cast<size_t>(MemoryPart::kCount)> parts_{};
  std::atomic<uint64_t> peak_outside_cache_{0};
};

// A charge that is given back when it goes out of scope.
class MemoryCharge {
 public:
  MemoryCharge() = default;
  MemoryCharge(MemoryAccount* account, MemoryPart part, uint64_t bytes)
      : account_(account), part_(part), bytes_(bytes) {
    if (account_ != nullptr) account_->charge(part_, bytes_);
  }
  MemoryCharge(MemoryCharge&& other) noexcept : account_(other.account_), part_(other.part_), bytes_(other.bytes_) {
    other.account_ = nullptr;
  }
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    if (this != &other) {
      reset();
      account_ = other.account_;
      part_ = other.part_;
      bytes_ = other.bytes_;
      other.account_ = nullptr;
    }
    return *this;
  }
  ~MemoryCharge() { reset(); }
  uint64_t bytes() const { return account_ != nullptr ? bytes_ : 0; }
  // Never counts the old and the new together.
  void resize(uint64_t bytes) {
    if (account_ != nullptr && bytes > bytes_) account_->charge(part_, bytes - bytes_);
    if (account_ != nullptr && bytes < bytes_) account_->release(part_, bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  void reset() {
    if (account_ != nullptr) account_->release(part_, bytes_);
    account_ = nullptr;
  }

  MemoryAccount* account_ = nullptr;
  MemoryPart part_ = MemoryPart::kMemtable;
  uint64_t bytes_ = 0;
};

}  // namespace nacre::base
