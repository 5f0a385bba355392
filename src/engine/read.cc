// The read path's side of the engine: which view, which sequence, and what keeps the answer alive.
//
// A view is loaded before the sequence it is read at. So whatever a compaction dropped from the view's tables was
// hidden by something at or below that sequence. For reads of more than one key the view must also hold all writes up
// to the sequence: a memtable switched in between would be missing from it, so the view is loaded again and compared.

#include <algorithm>

#include "base/checksum.h"
#include "engine/core.h"
#include "engine/cursor_core.h"
#include "read/changed_since.h"
#include "read/multi_get.h"
#include "read/point_get.h"

namespace nacre::engine {

using format::Sequence;

namespace {

void unpin_frame(void* frame) { cache::PinnedFrame::unpin(static_cast<const cache::Frame*>(frame)); }
void unpin_row(void* row) { cache::RowCache::unpin(static_cast<const cache::Row*>(row)); }
void unpin_memtable(void* memtable) { static_cast<const memtable::Memtable*>(memtable)->drop_reference(); }

// Takes the pin that keeps the looked-up bytes once the epoch guard ends.
Value pinned(read::Lookup& lookup) {
  if (lookup.row)
    return Value(lookup.value, const_cast<cache::Row*>(cache::RowCache::pin(std::move(lookup.row))), unpin_row);
  if (lookup.frame != nullptr) {
    cache::PinnedFrame pin = cache::PinnedFrame::pin(lookup.frame);
    return Value(lookup.value, const_cast<cache::Frame*>(pin.release()), unpin_frame);
  }
  lookup.memtable->add_reference();
  return Value(lookup.value, const_cast<memtable::Memtable*>(lookup.memtable), unpin_memtable);
}

Error keyspace_dropped() {
  return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kRead, .reason = "the keyspace was dropped"};
}

Result<void> check_key(Bytes key) {
  if (key.size() > kMaxKeyBytes) return invalid_argument(Operation::kRead, "the key is longer than 64 KiB");
  return {};
}

// Of a sampled get: who answered it, and what is to be expected of the next ones.
void count_answer(KeyspaceState& keyspace, const read::Lookup& lookup) {
  if (lookup.last_run) keyspace.expectation.learn(lookup.present);
  if (lookup.level != read::kInMemory) {
    keyspace.gets_answered[std::min<uint32_t>(lookup.level, kLevels - 1)].fetch_add(1, std::memory_order_relaxed);
  } else if (lookup.sequence != 0) {
    keyspace.gets_answered_in_memory.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace

// A sampled read met `extra` runs beyond the first.
void Core::pay_toll(KeyspaceState& keyspace, uint64_t extra, uint64_t bytes_each) {
  if (extra == 0 || !keyspace.toll.pay(toll_of(kSampledOf * extra * bytes_each), plan_.table_bytes)) return;
  toll_is_due_.store(true, std::memory_order_relaxed);
  wake_keeper();
}

// To be asked after the view was loaded: the one that a drop leaves, without its memtables, comes after the mark. A drop under way
// has its place among the commits already: what is read beside it waits until it is decided.
Result<void> Core::check_not_dropped(const KeyspaceState& keyspace) {
  sync::yield_point();
  if (keyspace.is_live()) [[likely]]
    return {};
  if (!wait_for_drop(keyspace)) return {};
  return keyspace_dropped();
}

Result<Sequence> Core::sequence_of(const Snapshot& snapshot) const {
  if (!snapshot.valid()) return pipeline_.visible();
  if (snapshot.hold()->core() != this)
    return invalid_argument(Operation::kRead, "the snapshot belongs to another database");
  return snapshot.hold()->sequence();
}

void Core::record_get(KeyspaceState& keyspace, uint64_t duration_ns) {
  get_latency_.record(duration_ns);
  keyspace.latencies.gets.record(duration_ns);
}

Result<std::optional<Value>> Core::get(KeyspaceState& keyspace, Bytes key, const Snapshot& snapshot) {
  NACRE_TRY(usable());
  NACRE_TRY(check_key(key));
  const uint64_t reads_before_ns = os::read_wait_ns();
  const Stopwatch watch(*runtime_.clock, keyspace.counters.add_sampled(KeyspaceCounter::kGets));
  std::optional<Value> value;
  uint64_t extra_runs = 0;
  {
    const sync::EpochDomain::Guard guard(epochs_);
    const tree::ReadView* view = keyspace.current_view();
    NACRE_TRY(check_not_dropped(keyspace));
    NACRE_TRY_ASSIGN(const Sequence at, sequence_of(snapshot));
    auto lookup =
        read::point_get(*view, key, base::hash_key(key), at, row_cache_.get(), keyspace.expectation.guess());
    if (!lookup) return lookup.error();
    if (lookup->present) value.emplace(pinned(*lookup));
    if (watch.wanted()) [[unlikely]] {
      count_answer(keyspace, *lookup);
      extra_runs = lookup->extra_runs();
    }
  }
  cache_->after_guard();
  if (value) {
    keyspace.counters.add(KeyspaceCounter::kGetsFound, 1);
    keyspace.counters.add(KeyspaceCounter::kBytesGot, value->size());
  }
  const uint64_t sampled_ns = watch.elapsed_ns();
  if (watch.wanted()) [[unlikely]] {
    record_get(keyspace, sampled_ns);
    pay_toll(keyspace, extra_runs, ReadToll::kBytesOfGet);
  }
  note_read("get", keyspace, sampled_ns, reads_before_ns);
  return value;
}

Result<bool> Core::contains(KeyspaceState& keyspace, Bytes key, const Snapshot& snapshot) {
  NACRE_TRY(usable());
  NACRE_TRY(check_key(key));
  const uint64_t reads_before_ns = os::read_wait_ns();
  const Stopwatch watch(*runtime_.clock, keyspace.counters.add_sampled(KeyspaceCounter::kGets));
  bool present = false;
  uint64_t extra_runs = 0;
  {
    const sync::EpochDomain::Guard guard(epochs_);
    const tree::ReadView* view = keyspace.current_view();
    NACRE_TRY(check_not_dropped(keyspace));
    NACRE_TRY_ASSIGN(const Sequence at, sequence_of(snapshot));
    NACRE_TRY_ASSIGN(const read::Lookup lookup, read::point_get(*view, key, base::hash_key(key), at, row_cache_.get(),
                                                                keyspace.expectation.guess()));
    present = lookup.present;
    if (watch.wanted()) [[unlikely]] {
      count_answer(keyspace, lookup);
      extra_runs = lookup.extra_runs();
    }
  }
  cache_->after_guard();
  if (present) keyspace.counters.add(KeyspaceCounter::kGetsFound, 1);
  const uint64_t sampled_ns = watch.elapsed_ns();
  if (watch.wanted()) [[unlikely]] {
    record_get(keyspace, sampled_ns);
    pay_toll(keyspace, extra_runs, ReadToll::kBytesOfGet);
  }
  note_read("contains", keyspace, sampled_ns, reads_before_ns);
  return present;
}

Result<std::vector<std::optional<Value>>> Core::multi_get(KeyspaceState& keyspace, std::span<const Bytes> keys,
                                                          const Snapshot& snapshot) {
  NACRE_TRY(usable());
  for (const Bytes key : keys) NACRE_TRY(check_key(key));
  const uint64_t reads_before_ns = os::read_wait_ns();
  const Stopwatch watch(*runtime_.clock, keyspace.counters.add_sampled(KeyspaceCounter::kMultiGets));
  std::vector<read::Lookup> lookups(keys.size());
  std::vector<std::optional<Value>> values(keys.size());
  uint64_t found = 0;
  uint64_t bytes = 0;
  {
    const sync::EpochDomain::Guard guard(epochs_);
    const tree::ReadView* view = nullptr;
    Sequence at = 0;
    do {
      view = keyspace.current_view();
      NACRE_TRY_ASSIGN(at, sequence_of(snapshot));
    } while (view != keyspace.current_view());
    NACRE_TRY(check_not_dropped(keyspace));
    const read::MultiGetRequest request{
        .keys = keys, .at = at, .guess = keyspace.expectation.guess(), .file_system = *runtime_.file_system};
    NACRE_TRY(read::multi_get(*view, request, lookups));
    for (size_t i = 0; i < keys.size(); i++) {
      if (!lookups[i].present) continue;
      values[i].emplace(pinned(lookups[i]));
      found++;
      bytes += values[i]->size();
    }
  }
  cache_->after_guard();
  keyspace.counters.add(KeyspaceCounter::kMultiGetKeys, keys.size());
  keyspace.counters.add(KeyspaceCounter::kMultiGetKeysFound, found);
  keyspace.counters.add(KeyspaceCounter::kBytesGot, bytes);
  const uint64_t sampled_ns = watch.elapsed_ns();
  if (watch.wanted()) {
    multi_get_latency_.record(sampled_ns);
    uint64_t extra_runs = 0;
    for (const read::Lookup& lookup : lookups) {
      if (lookup.last_run) keyspace.expectation.learn(lookup.present);
      extra_runs += lookup.extra_runs();
    }
    pay_toll(keyspace, extra_runs, ReadToll::kBytesOfKeyAmongMany);
  }
  note_read("multi_get", keyspace, sampled_ns, reads_before_ns);
  return values;
}

Result<ReadPoint> Core::read_point(const KeyspaceState& keyspace, const Snapshot& snapshot) {
  const sync::EpochDomain::Guard guard(epochs_);
  while (true) {
    tree::ReadView* view = keyspace.current_view();
    NACRE_TRY(check_not_dropped(keyspace));
    NACRE_TRY_ASSIGN(const Sequence at, sequence_of(snapshot));
    if (view == keyspace.current_view()) return ReadPoint{base::IntrusivePtr<tree::ReadView>(view), at};
  }
}

Cursor Core::cursor(const std::shared_ptr<KeyspaceState>& keyspace, const ScanOptions& options) {
  const auto failed = [&](const Error& error) {
    return Cursor(std::make_unique<CursorCore>(shared_from_this(), keyspace, nullptr, error));
  };
  if (const auto result = usable(); !result) return failed(result.error());
  const Stopwatch watch(*runtime_.clock, keyspace->counters.add_sampled(KeyspaceCounter::kCursors));
  read::Bounds bounds{.from = options.from.value_or(""), .to = options.to};
  if (options.prefix) bounds.narrow_to_prefix(*options.prefix);
  auto point = read_point(*keyspace, options.snapshot);
  if (!point) return failed(point.error());
  auto range = read::RangeCursor::open(std::move(point->view), point->at, std::move(bounds), &account_);
  if (!range) return failed(range.error());
  auto core = std::make_unique<CursorCore>(shared_from_this(), keyspace, *std::move(range), Result<void>());
  if (watch.wanted()) core->time_first_seek(watch.elapsed_ns());
  return Cursor(std::move(core));
}

Snapshot Core::snapshot() {
  if (inherited()) return {};  // whatever is read through it is refused
  const Sequence at = snapshots_.take([this] { return pipeline_.visible(); });
  return Snapshot(std::make_shared<const SnapshotHold>(shared_from_this(), at));
}

SnapshotHold::~SnapshotHold() { core_->release_snapshot(sequence_); }

// ---- what transactions ask under the commit lock ---------------------------------------------------------------------

Result<Sequence> Core::last_change(const KeyspaceState& keyspace, Bytes key) {
  const sync::EpochDomain::Guard guard(epochs_);
  const tree::ReadView* view = keyspace.current_view();
  if (keyspace.is_dropped()) return keyspace_dropped();
  if (!keyspace.is_live()) return format::kMaxSequence;  // the drop has its place already, and changes every key
  NACRE_TRY_ASSIGN(read::Lookup lookup,
                   read::point_get(*view, key, base::hash_key(key), format::kMaxSequence, nullptr));
  return lookup.sequence;
}

Result<bool> Core::changed_since(const KeyspaceState& keyspace, Bytes from, Bytes to, Sequence since) {
  const sync::EpochDomain::Guard guard(epochs_);
  const base::IntrusivePtr<tree::ReadView> view(keyspace.current_view());
  if (keyspace.is_dropped()) return keyspace_dropped();
  if (!keyspace.is_live()) return true;
  return read::changed_since(*view, from, to, since);
}

}  // namespace nacre::engine

namespace nacre {

uint64_t Snapshot::sequence() const noexcept { return hold_ != nullptr ? hold_->sequence() : 0; }

}  // namespace nacre
