// MemoryAccount: the one ledger against which every large allocation of a database is charged.
//
// `Options::memory` is a ceiling for the sum of all parts. Memtables, log mappings, cache frames, table metadata,
// iterators and compaction buffers each charge what they hold; the cache, the only part that can give back at once,
// takes what the others leave.
//
// Thread safety: all calls, from any thread. Counts are exact; a reader of several parts sees no common instant.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace nacre::base {

enum class MemoryPart : uint8_t { kMemtable, kLog, kCache, kTableMeta, kIterator, kCompaction, kCount };

class MemoryAccount {
 public:
  explicit MemoryAccount(uint64_t ceiling_bytes) : ceiling_bytes_(ceiling_bytes) {}
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  void charge(MemoryPart part, uint64_t bytes) { slot(part).fetch_add(bytes, std::memory_order_relaxed); }
  void release(MemoryPart part, uint64_t bytes) { slot(part).fetch_sub(bytes, std::memory_order_relaxed); }

  uint64_t ceiling_bytes() const { return ceiling_bytes_.load(std::memory_order_relaxed); }
  void set_ceiling_bytes(uint64_t bytes) { ceiling_bytes_.store(bytes, std::memory_order_relaxed); }
  uint64_t held(MemoryPart part) const { return parts_[static_cast<size_t>(part)].load(std::memory_order_relaxed); }
  uint64_t held_total() const {
    uint64_t sum = 0;
    for (const auto& part : parts_) sum += part.load(std::memory_order_relaxed);
    return sum;
  }
  // What everything but the cache holds.
  uint64_t held_outside_cache() const { return held_total() - held(MemoryPart::kCache); }

 private:
  std::atomic<uint64_t>& slot(MemoryPart part) { return parts_[static_cast<size_t>(part)]; }

  std::atomic<uint64_t> ceiling_bytes_;
  std::array<std::atomic<uint64_t>, static_cast<size_t>(MemoryPart::kCount)> parts_{};
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
