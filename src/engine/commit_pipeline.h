// CommitPipeline: many writers fill the log and the memtables at once; their writes become visible in commit order.
//
// Invariants
//   1. Tickets are numbered in the order of claims, which is the order of sequences and of log positions.
//   2. visible() is the last sequence of some ticket t, and every ticket up to t has finished: log record sealed, memtable
//      entries inserted. So a reader at visible() sees an exact prefix of the commit order.
//   3. published_lsn() is the end of that ticket's log record: the log is complete up to it.
//
// Steps. enter() is called under the commit lock, in claim order, and takes the next slot of a ring. finish() marks the slot
// done; then whoever holds the advancing flag moves the watermark over all done slots in a row. A writer returns when
// the watermark covers its own ticket, so it reads its own write. A lone writer finds its slot at the head, takes the
// flag, stores two words and returns: there is no queue.
//
// Why not one writer that works for all (a leader with followers): on two cores waking a follower costs more than its
// insert; and inserts into the memtable scale, so each writer does its own.
//
// Thread safety: as said above.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "format/entry.h"
#include "sync/sync.h"

namespace nacre::engine {

class CommitPipeline {
 public:
  struct Ticket {
    uint64_t number = 0;
  };

  // Nothing may be in flight.
  void reset(format::Sequence visible, uint64_t published_lsn) {
    visible_.store(visible, std::memory_order_relaxed);
    published_lsn_.store(published_lsn, std::memory_order_relaxed);
  }

  Ticket enter(format::Sequence last_sequence, uint64_t end_lsn) {
    const uint64_t number = next_ticket_++;
    for (uint32_t turn = 0; number - head_.load(std::memory_order_acquire) >= kSlots; turn++) sync::spin_turn(turn);
    Slot& slot = slots_[number % kSlots];
    slot.last_sequence = last_sequence;
    slot.end_lsn = end_lsn;
    return {number};
  }

  void finish(const Ticket& ticket) {
    slots_[ticket.number % kSlots].done.store(ticket.number + 1, std::memory_order_release);
    for (uint32_t turn = 0;; turn++) {
      sync::yield_point();
      if (published(ticket)) return;
      if (!advancing_.exchange(true, std::memory_order_acquire)) {
        advance();
        advancing_.store(false, std::memory_order_release);
        if (published(ticket)) return;
      }
      sync::spin_turn(turn);
    }
  }

  // Under the commit lock: returns when everything that entered is visible.
  void drain() {
    for (uint32_t turn = 0; head_.load(std::memory_order_acquire) != next_ticket_; turn++) sync::spin_turn(turn);
  }

  format::Sequence visible() const {
    sync::yield_point();
    const format::Sequence now = visible_.load(std::memory_order_acquire);
    sync::yield_point();
    return now;
  }
  uint64_t published_lsn() const {
    sync::yield_point();
    const uint64_t now = published_lsn_.load(std::memory_order_acquire);
    sync::yield_point();
    return now;
  }

  // True once everything that entered up to and with this ticket is visible.
  bool published(const Ticket& ticket) const { return head_.load(std::memory_order_acquire) > ticket.number; }

 private:
  static constexpr uint64_t kSlots = 256;

  struct alignas(64) Slot {
    std::atomic<uint64_t> done{0};  // number of the ticket that finished here, plus one
    format::Sequence last_sequence = 0;
    uint64_t end_lsn = 0;
  };

  void advance() {
    uint64_t head = head_.load(std::memory_order_relaxed);
    while (true) {
      Slot& slot = slots_[head % kSlots];
      if (slot.done.load(std::memory_order_acquire) != head + 1) return;
      published_lsn_.store(slot.end_lsn, std::memory_order_release);
      sync::yield_point();
      visible_.store(slot.last_sequence, std::memory_order_release);
      sync::yield_point();
      head_.store(++head, std::memory_order_release);
    }
  }

  std::array<Slot, kSlots> slots_;
  uint64_t next_ticket_ = 0;  // guarded by the commit lock
  alignas(64) std::atomic<format::Sequence> visible_{0};
  std::atomic<uint64_t> published_lsn_{0};
  std::atomic<uint64_t> head_{0};  // first ticket not yet published
  std::atomic<bool> advancing_{false};
};

}  // namespace nacre::engine
