// The write path: admit, claim, fill, insert, publish, and sync if asked.
//
//   admit          wait for memory and pay for compaction debt           no lock
//   claim          sequences and a range of the log, in one step         commit_mutex_
//   fill           the record into the mapped log, checksummed           no lock, in parallel
//   insert         the entries into the memtables                        no lock, in parallel
//   publish        the watermark passes this write                       CommitPipeline
//   sync           for Durability::kDisk, shared                         SyncGroup
//
// A write is visible to readers before its sync returns; it is acknowledged after. Once claimed it can fail only by a
// damaged log or a failed sync: both stop all writes of this handle, for what the disk holds is unknown from there on.
//
// kMemory writes gather in `unlogged_` and reach the log in one record before the next write that wants more, or never:
// so the log is a prefix of the commit order whatever the mix of durabilities.

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/checksum.h"
#include "engine/core.h"

namespace nacre::engine {

using format::BatchOp;
using format::EntryKind;
using format::Sequence;

namespace {

constexpr uint64_t kDelaySliceNs = 200'000;        // delays are paid when so much is owed
constexpr uint64_t kLongestSleepNs = 2'000'000;    // between two looks at the price
constexpr uint64_t kReportedDelayNs = 10'000'000;  // told, a few a second
constexpr uint64_t kLateClaimNs = 100'000;         // a claim that took longer waited for a log segment
constexpr uint64_t kUnloggedBytes = 256 << 10;     // unlogged writes are handed to the log beyond this

Error busy(const char* reason) {
  return Error{.kind = ErrorKind::kBusy, .operation = Operation::kCommit, .reason = reason};
}

Error dropped() {
  return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kWrite, .reason = "the keyspace was dropped"};
}

Result<void> check_limits(Bytes key, Bytes value) {
  if (key.size() > kMaxKeyBytes) return invalid_argument(Operation::kWrite, "the key is longer than 64 KiB");
  if (value.size() > kMaxValueBytes) return invalid_argument(Operation::kWrite, "the value is longer than 4 GiB - 1");
  return {};
}

const char* word_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::kErase: return "erase";
    case EntryKind::kRangeErase: return "erase_range";
    default: return "put";
  }
}

KeyspaceCounter counter_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::kErase: return KeyspaceCounter::kErases;
    case EntryKind::kRangeErase: return KeyspaceCounter::kRangeErases;
    default: return KeyspaceCounter::kPuts;
  }
}

}  // namespace

Error writes_stopped() {
  return Error{.kind = ErrorKind::kClosed,
               .operation = Operation::kWrite,
               .reason = "writes stopped after a failed sync: reopen the database"};
}

void insert_op(memtable::Memtable& memtable, const BatchOp& op, Sequence sequence) {
  if (op.kind == EntryKind::kRangeErase) {
    memtable.insert_range_tombstone(op.key, op.value, sequence);
  } else {
    memtable.insert(op.key, base::hash_key(op.key), format::make_trailer(sequence, op.kind), op.value);
  }
}

Result<void> Core::write_one(KeyspaceState& keyspace, EntryKind kind, Bytes key, Bytes value,
                             const WriteOptions& options) {
  const Stopwatch watch(*runtime_.clock, counters_.add_sampled(DbCounter::kWritesBegun));
  NACRE_TRY(usable());
  NACRE_TRY(check_limits(key, value));
  if (kind == EntryKind::kRangeErase) {
    if (key >= value)
      return invalid_argument(Operation::kWrite, "the range is empty: its begin must lie before its end");
    if (value.size() > kMaxKeyBytes)
      return invalid_argument(Operation::kWrite, "the end of the range is longer than 64 KiB");
  }
  if (keyspace.is_dropped()) return dropped();
  const BatchOp op{.kind = kind, .keyspace = keyspace.id, .key = key, .value = value};
  const uint64_t payload_bytes = format::encoded_bytes(op);
  if (payload_bytes > plan_.batch_bytes) {
    return invalid_argument(Operation::kWrite, "key and value are larger than a quarter of Options::memory_bytes");
  }
  const bool erases = kind != EntryKind::kPut;
  Waits waits;
  NACRE_TRY(admit(payload_bytes, options, erases, waits));

  const Durability durability = durability_of(options);
  Claimed claimed;
  memtable::Memtable* memtable = nullptr;  // lives until everything before its freezing is published and flushed
  {
    const TimedLock lock(commit_mutex_, *runtime_.clock, waits.lock_ns);
    while (keyspace.is_being_dropped()) drop_decided_.wait(commit_mutex_);
    NACRE_TRY(may_write(erases));
    NACRE_TRY(make_room(keyspace));
    if (durability == Durability::kMemory) {
      NACRE_TRY_ASSIGN(claimed, claim_unlogged(1));
      format::append_op(unlogged_, op);
    } else {
      NACRE_TRY_ASSIGN(claimed, claim(payload_bytes, 1, erases, waits));
    }
    memtable = keyspace.mutable_memtable.get();
    note_write(keyspace, claimed);
  }
  if (kind != EntryKind::kRangeErase) memtable->prefetch(base::hash_key(key));
  if (claimed.log) {
    format::store_op(wal_->payload(*claimed.log), op);
    wal_->seal(*claimed.log);
  }
  insert_op(*memtable, op, claimed.first_sequence);
  counters_.add(DbCounter::kWrites, 1);
  keyspace.counters.add(counter_of(kind), 1);
  keyspace.counters.add(KeyspaceCounter::kBytesPut, key.size() + value.size());
  NACRE_TRY(finish_commit(claimed, durability, waits));
  const uint64_t duration_ns = watch.elapsed_ns();
  if (watch.wanted()) [[unlikely]] {
    write_latency_.record(duration_ns);
    keyspace.latencies.writes.record(duration_ns);
  }
  note_if_slow(word_of(kind), keyspace.name, duration_ns, waits);
  return {};
}

Result<std::vector<Core::Touched>> Core::keyspaces_of(Bytes encoded) {
  std::vector<Touched> touched;
  format::BatchReader reader(encoded);
  BatchOp op;
  sync::MutexLock lock(state_mutex_);
  while (true) {
    NACRE_TRY_ASSIGN(const bool more, reader.next(&op));
    if (!more) return touched;
    auto each =
        std::find_if(touched.begin(), touched.end(), [&](const Touched& t) { return t.keyspace->id == op.keyspace; });
    if (each == touched.end()) {
      const auto found = keyspaces_.find(op.keyspace);
      if (found == keyspaces_.end()) return dropped();
      each = touched.insert(touched.end(), {.keyspace = found->second});
    }
    each->counts[static_cast<size_t>(counter_of(op.kind))]++;
    each->counts[static_cast<size_t>(KeyspaceCounter::kBytesPut)] += op.key.size() + op.value.size();
  }
}

Result<void> Core::write_batch(Bytes encoded, uint32_t count, const WriteOptions& options, const CommitCheck& check) {
  const Stopwatch watch(*runtime_.clock, counters_.add_sampled(DbCounter::kWritesBegun));
  NACRE_TRY(usable());
  if (encoded.size() > plan_.batch_bytes) {
    return invalid_argument(Operation::kWrite, "the batch is larger than a quarter of Options::memory_bytes: split it");
  }
  NACRE_TRY_ASSIGN(std::vector<Touched> touched, keyspaces_of(encoded));
  const bool erases = std::all_of(touched.begin(), touched.end(), [](const Touched& each) {
    return each.counts[static_cast<size_t>(KeyspaceCounter::kPuts)] == 0;
  });
  Waits waits;
  NACRE_TRY(admit(encoded.size(), options, erases, waits));

  const Durability durability = durability_of(options);
  Claimed claimed;
  {
    const TimedLock lock(commit_mutex_, *runtime_.clock, waits.lock_ns);
    const auto being_dropped = [](const Touched& each) { return each.keyspace->is_being_dropped(); };
    while (std::any_of(touched.begin(), touched.end(), being_dropped)) drop_decided_.wait(commit_mutex_);
    if (check) {
      pipeline_.drain();  // the check must see every write that was claimed before
      NACRE_TRY(check());
    }
    if (count == 0) return {};
    NACRE_TRY(may_write(erases));
    for (const Touched& each : touched) NACRE_TRY(make_room(*each.keyspace));
    if (durability == Durability::kMemory) {
      NACRE_TRY_ASSIGN(claimed, claim_unlogged(count));
      unlogged_.append(encoded);
    } else {
      NACRE_TRY_ASSIGN(claimed, claim(encoded.size(), count, erases, waits));
    }
    for (Touched& each : touched) {
      each.memtable = each.keyspace->mutable_memtable.get();
      note_write(*each.keyspace, claimed);
    }
  }
  if (claimed.log) {
    std::memcpy(wal_->payload(*claimed.log), encoded.data(), encoded.size());
    wal_->seal(*claimed.log);
  }
  format::BatchReader reader(encoded);
  BatchOp op;
  for (Sequence sequence = claimed.first_sequence; reader.next(&op).value(); sequence++) {
    const auto each =
        std::find_if(touched.begin(), touched.end(), [&](const Touched& t) { return t.keyspace->id == op.keyspace; });
    insert_op(*each->memtable, op, sequence);
  }
  counters_.add(DbCounter::kWrites, 1);
  for (const Touched& each : touched) each.keyspace->counters.add_all(each.counts);
  NACRE_TRY(finish_commit(claimed, durability, waits));
  const uint64_t duration_ns = watch.elapsed_ns();
  if (watch.wanted()) [[unlikely]] {
    write_latency_.record(duration_ns);
    for (const Touched& each : touched) each.keyspace->latencies.writes.record(duration_ns);
  }
  note_if_slow("write", touched.size() == 1 ? touched.front().keyspace->name : "", duration_ns, waits);
  return {};
}

// ---- admission -------------------------------------------------------------------------------------------------------

Result<void> Core::admit(uint64_t bytes, const WriteOptions& options, bool erases, Waits& waits) {
  if (read_only_) return invalid_argument(Operation::kWrite, "the database was opened read-only");
  if (writes_stopped_.load(std::memory_order_acquire)) [[unlikely]] {
    return writes_stopped();
  }
  NACRE_TRY(may_write(erases));
  if (frozen_bytes_.load(std::memory_order_relaxed) + plan_.memtable_bytes > plan_.all_memtables_bytes) [[unlikely]] {
    NACRE_TRY(wait_for_memtables(options, waits));
  }
  if (delay_ns_per_kib_.load(std::memory_order_relaxed) != 0) [[unlikely]]
    return pay_delay(bytes, options, waits);
  return {};
}

void Core::record_delay(DelayReason reason, uint64_t duration_ns, Waits& waits) {
  if (reason == DelayReason::kLogSegment) {
    waits.log_ns += duration_ns;
  } else {
    waits.delay_ns += duration_ns;
    waits.delay_reason = reason;
  }
  delays_[static_cast<size_t>(reason)].record(duration_ns);
  if (duration_ns < kReportedDelayNs) return;
  const std::optional<uint64_t> left_out = told_delays_.admit(runtime_.clock->now_ns());
  if (!left_out) return;
  report({.kind = EventKind::kWriteDelayed,
          .severity = Severity::kWarning,
          .cause = to_string(reason),
          .entries = *left_out,
          .duration_ns = duration_ns});
}

// Nothing was written. Not the kIo of a failed flush: from a write that would say that its outcome is unknown.
Error Core::no_room_in_memory(const Error& of_flush) {
  if (of_flush.kind == ErrorKind::kNoSpace) return of_flush;
  Error error =
      busy("memtables are full and their flush fails, flush() tells why: nothing was written, try again later");
  error.system_errno = of_flush.system_errno;
  return error;
}

Result<void> Core::may_wait_for_memtables() const {
  if (closed_.load(std::memory_order_acquire)) return not_usable();
  if (writes_stopped_.load(std::memory_order_acquire)) return writes_stopped();  // it is no use to try again later
  if (flush_health_.error()) return no_room_in_memory(*flush_health_.error());
  return {};
}

// Memory is the one hard limit: beyond it a writer waits until a flush has given some back. One that fails may fail for hours.
Result<void> Core::wait_for_memtables(const WriteOptions& options, Waits& waits) {
  if (options.fail_if_delayed) return busy("memtables are full and wait for their flush");
  const uint64_t begin_ns = runtime_.clock->now_ns();
  bool waited = false;
  Result<void> result;
  {
    sync::MutexLock lock(state_mutex_);
    while (frozen_bytes_.load(std::memory_order_relaxed) + plan_.memtable_bytes > plan_.all_memtables_bytes) {
      if (result = may_wait_for_memtables(); !result) break;
      schedule_locked();
      state_changed_.wait_for(state_mutex_, 50'000'000);
      waited = true;
    }
  }
  if (waited) record_delay(DelayReason::kMemtablesFull, runtime_.clock->now_ns() - begin_ns, waits);
  return result;
}

// The delay is a price per byte, so it grows and falls with the debt and never steps. What is owed by all writers
// gathers until it is worth a sleep; then one of them sleeps for all of it, unless the price falls meanwhile.
Result<void> Core::pay_delay(uint64_t bytes, const WriteOptions& options, Waits& waits) {
  uint64_t price = delay_ns_per_kib_.load(std::memory_order_relaxed);
  const DelayReason reason = price_reason_.load(std::memory_order_relaxed);
  const uint64_t own = price * bytes / 1024;
  if (options.fail_if_delayed && owed_delay_ns_.load(std::memory_order_relaxed) + own >= kDelaySliceNs)
    return busy("background work is behind: writes are being delayed");
  if (owed_delay_ns_.fetch_add(own, std::memory_order_relaxed) + own < kDelaySliceNs) return {};
  uint64_t owed = owed_delay_ns_.exchange(0, std::memory_order_relaxed);
  uint64_t paid = 0;
  while (owed != 0 && !closed_.load(std::memory_order_acquire)) {
    const uint64_t slice = std::min(owed, kLongestSleepNs);
    runtime_.clock->sleep_ns(slice);
    owed -= slice;
    paid += slice;
    const uint64_t now = delay_ns_per_kib_.load(std::memory_order_relaxed);
    if (now >= price) continue;
    owed = owed * now / price;
    price = now;
  }
  if (paid != 0) record_delay(reason, paid, waits);
  return {};
}

// ---- under the commit lock -------------------------------------------------------------------------------------------

Result<void> Core::make_room(KeyspaceState& keyspace) {
  if (closed_.load(std::memory_order_acquire)) return not_usable();
  if (writes_stopped_.load(std::memory_order_acquire)) return writes_stopped();  // it may have waited in admit()
  if (keyspace.is_dropped()) return dropped();
  const memtable::Memtable& memtable = *keyspace.mutable_memtable;
  if (memtable.memory_bytes() >= memtable.capacity_bytes()) return freeze(keyspace, "memtable full");
  return {};
}

// Remembers from where on the log is needed for what is now in the keyspace's memtable.
void Core::note_write(KeyspaceState& keyspace, const Claimed& claimed) {
  if (keyspace.mutable_first_lsn == 0) keyspace.mutable_first_lsn = claimed.lsn;
}

Result<void> Core::log_unlogged() {
  if (unlogged_count_ == 0) return {};
  const Sequence first = next_sequence_ - unlogged_count_;
  NACRE_TRY_ASSIGN(wal::Wal::Claim log, claim_in_log(unlogged_.size(), first, unlogged_count_, true));
  std::memcpy(wal_->payload(log), unlogged_.data(), unlogged_.size());
  wal_->seal(log);
  pipeline_.finish(pipeline_.enter(next_sequence_ - 1, log.end_lsn));
  log_bytes_.fetch_add(unlogged_.size(), std::memory_order_relaxed);
  unlogged_.clear();
  unlogged_count_ = 0;
  return {};
}

// A log that failed once takes nothing any more. One that only could not get its next file took nothing now: kIo would say that
// the outcome is unknown.
Result<wal::Wal::Claim> Core::claim_in_log(uint64_t payload_bytes, Sequence first_sequence, uint32_t count,
                                           bool from_reserve) {
  const uint64_t turn = wal_->has_room(payload_bytes) ? 0 : reserve_->turn();
  auto claim = wal_->claim(payload_bytes, first_sequence, count);
  if (claim) [[likely]]
    return claim;
  if (use_reserve(turn, claim.error()) && from_reserve) claim = wal_->claim(payload_bytes, first_sequence, count);
  if (claim) return claim;
  Error error = claim.error();
  if (wal_->damaged()) {
    stop_writes(error);
  } else if (error.kind == ErrorKind::kIo) {
    error.kind = ErrorKind::kBusy;
    error.reason = "the log needs a file, which the system refuses: nothing was written, try again later";
  }
  return error;
}

Result<Core::Claimed> Core::claim(uint64_t payload_bytes, uint32_t count, bool erases, Waits& waits) {
  NACRE_TRY(log_unlogged());
  Claimed claimed;
  claimed.first_sequence = next_sequence_;
  const uint64_t begin_ns = wal_->has_room(payload_bytes) ? 0 : runtime_.clock->now_ns();
  NACRE_TRY_ASSIGN(claimed.log, claim_in_log(payload_bytes, next_sequence_, count, erases));
  if (begin_ns != 0) [[unlikely]] {
    const uint64_t duration_ns = runtime_.clock->now_ns() - begin_ns;
    if (duration_ns > kLateClaimNs) record_delay(DelayReason::kLogSegment, duration_ns, waits);
  }
  claimed.lsn = claimed.log->lsn;
  claimed.end_lsn = claimed.log->end_lsn;
  log_bytes_.fetch_add(claimed.end_lsn - claimed.lsn, std::memory_order_relaxed);
  next_sequence_ += count;
  claimed.ticket = pipeline_.enter(next_sequence_ - 1, claimed.end_lsn);
  if (wal_->wants_preparation() && !segment_asked_for_.load(std::memory_order_relaxed)) [[unlikely]] {
    segment_asked_for_.store(true, std::memory_order_relaxed);
    wake_keeper();
  }
  return claimed;
}

Result<Core::Claimed> Core::claim_unlogged(uint32_t count) {
  if (unlogged_.size() >= kUnloggedBytes) NACRE_TRY(log_unlogged());
  Claimed claimed;
  claimed.first_sequence = next_sequence_;
  claimed.lsn = claimed.end_lsn = wal_->end_lsn();
  next_sequence_ += count;
  unlogged_count_ += count;
  claimed.ticket = pipeline_.enter(next_sequence_ - 1, claimed.end_lsn);
  return claimed;
}

// ---- after the insert ------------------------------------------------------------------------------------------------

Result<void> Core::finish_commit(const Claimed& claimed, Durability durability, Waits& waits) {
  pipeline_.finish(claimed.ticket);
  if (wal_->damaged()) [[unlikely]] {
    const Error error{.kind = ErrorKind::kIo,
                      .operation = Operation::kCommit,
                      .file_kind = FileKind::kLog,
                      .reason = "the log's memory was lost: outcome unknown until reopen"};
    stop_writes(error);
    return error;
  }
  if (durability != Durability::kDisk) return {};
  const uint64_t begin_ns = runtime_.clock->now_ns();
  const Result<void> synced = sync_group_->through(claimed.end_lsn);
  waits.sync_ns = runtime_.clock->now_ns() - begin_ns;
  if (!synced) stop_writes(synced.error());
  return synced;
}

Result<void> Core::sync_all() {
  NACRE_TRY(usable());
  const Stopwatch watch(*runtime_.clock, true);
  Waits waits;
  NACRE_TRY(admit(0, {}, true, waits));
  uint64_t end_lsn = 0;
  {
    const TimedLock lock(commit_mutex_, *runtime_.clock, waits.lock_ns);
    NACRE_TRY(log_unlogged());
    pipeline_.drain();
    end_lsn = wal_->end_lsn();
  }
  const uint64_t before_ns = watch.elapsed_ns();
  const Result<void> synced = sync_group_->through(end_lsn);
  if (!synced) stop_writes(synced.error());
  waits.sync_ns = watch.elapsed_ns() - before_ns;
  note_if_slow("sync", {}, watch.elapsed_ns(), waits);
  return synced;
}

void Core::stop_writes(const Error& error) {
  if (writes_stopped_.exchange(true, std::memory_order_acq_rel)) return;
  report({.kind = EventKind::kWritesStopped, .severity = Severity::kError, .error = error});
}

}  // namespace nacre::engine
