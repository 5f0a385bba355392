#include "salvage/newest_versions.h"

#include <algorithm>

#include "base/result.h"

namespace nacre::salvage {

using format::EntryKind;

namespace {

// What stands at the top of the heap is next: the least key; a table that is yet to be opened before all that have it; then the newest.
struct Later {
  static Bytes key_of(const TableSource& source) { return source.opened() ? source.key() : source.lower(); }

  bool operator()(const TableSource* a, const TableSource* b) const {
    if (const int order = key_of(*a).compare(key_of(*b)); order != 0) return order > 0;
    if (a->opened() != b->opened()) return a->opened();
    if (!a->opened()) return false;
    if (a->trailer() != b->trailer()) return a->trailer() < b->trailer();
    return a->number() < b->number();
  }
};

class Heap {
 public:
  explicit Heap(const std::vector<std::unique_ptr<TableSource>>& tables) {
    for (const auto& table : tables) push(table.get());
  }

  // The source whose entry is next; null at the end.
  TableSource* top() {
    while (!sources_.empty() && !sources_.front()->opened()) {
      TableSource* source = pop();
      if (source->open()) push(source);
    }
    return sources_.empty() ? nullptr : sources_.front();
  }
  void step() {
    TableSource* source = pop();
    if (source->next()) push(source);
  }

 private:
  void push(TableSource* source) {
    sources_.push_back(source);
    std::push_heap(sources_.begin(), sources_.end(), Later());
  }
  TableSource* pop() {
    std::pop_heap(sources_.begin(), sources_.end(), Later());
    TableSource* source = sources_.back();
    sources_.pop_back();
    return source;
  }

  std::vector<TableSource*> sources_;
};

}  // namespace

void NewestVersions::add_tombstones(const format::TombstoneSet& set) {
  std::vector<format::RangeTombstone> all;
  set.append_tombstones(&all);
  for (const format::RangeTombstone& tombstone : all) {
    tombstones_.push_back(
        {.begin = std::string(tombstone.begin), .end = std::string(tombstone.end), .sequence = tombstone.sequence});
  }
}

void NewestVersions::add_logged(const format::BatchOp& op, format::Sequence sequence, bool held) {
  if (op.kind == EntryKind::kRangeErase) {
    (held ? held_tombstones_ : tombstones_)
        .push_back({.begin = std::string(op.key), .end = std::string(op.value), .sequence = sequence});
    return;
  }
  Version& version = logged_[std::string(op.key)];
  const uint64_t trailer = format::make_trailer(sequence, op.kind);
  if (trailer < version.trailer) return;
  version = {.trailer = trailer, .held = held, .value = std::string(op.value)};
}

format::TombstoneSet NewestVersions::set_of(const std::vector<Tombstone>& tombstones) {
  std::vector<format::RangeTombstone> views;
  for (const Tombstone& tombstone : tombstones) {
    views.push_back({.begin = tombstone.begin, .end = tombstone.end, .sequence = tombstone.sequence});
  }
  return format::TombstoneSet::build(views);
}

Result<void> NewestVersions::for_each(const std::function<Result<void>(Bytes key, Bytes value)>& keep) {
  const format::TombstoneSet erased = set_of(tombstones_);
  const format::TombstoneSet held_erased = set_of(held_tombstones_);
  const auto decide = [&](Bytes key, uint64_t trailer, Bytes value, bool in_doubt, bool held) -> Result<void> {
    const format::Sequence sequence = format::sequence_of(trailer);
    const bool is_there =
        format::kind_of(trailer) == EntryKind::kPut && erased.covering(key, format::kMaxSequence) <= sequence;
    const bool erased_by_held = is_there && in_doubt && held_erased.covering(key, format::kMaxSequence) > sequence;
    if (held || erased_by_held) doubts_.rely_on(key);
    if (!is_there || erased_by_held) return {};
    rescued_ += held;
    return keep(key, value);
  };
  Heap heap(tables_);
  auto logged = logged_.begin();
  std::string key;
  while (true) {
    TableSource* table = heap.top();
    if (table == nullptr && logged == logged_.end()) return {};
    const bool log_has_it = logged != logged_.end() && (table == nullptr || Bytes(logged->first) <= table->key());
    const bool table_has_it = table != nullptr && (!log_has_it || table->key() == Bytes(logged->first));
    key = log_has_it ? Bytes(logged->first) : table->key();
    const Version* version = log_has_it ? &logged->second : nullptr;
    // Every table that begins at the key or before is open, and behind its holes that lie there.
    const bool in_doubt = ((version != nullptr && version->held) || !held_erased.empty()) && doubts_.contains(key);
    if (version != nullptr && version->held && !in_doubt) version = nullptr;
    if (version != nullptr && (!table_has_it || version->trailer > table->trailer())) {
      NACRE_TRY(decide(key, version->trailer, version->value, in_doubt, version->held));
    } else if (table_has_it) {
      NACRE_TRY(decide(key, table->trailer(), table->value(), in_doubt, false));
    }
    if (log_has_it) ++logged;
    for (table = heap.top(); table != nullptr && table->key() == Bytes(key); table = heap.top()) heap.step();
  }
}

}  // namespace nacre::salvage
