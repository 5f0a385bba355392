// Both kinds of memtable against a sorted map: inserts, range tombstones, gets at any sequence, cursors that walk both ways.

#include <map>

#include "base/checksum.h"
#include "base/fuzzing.h"
#include "memtable/memtable.h"

namespace nacre::memtable {
namespace {

using format::EntryKind;
using format::Sequence;

struct Before {
  bool operator()(const std::pair<std::string, uint64_t>& a, const std::pair<std::string, uint64_t>& b) const {
    return format::compare_internal(a.first, a.second, b.first, b.second) < 0;
  }
};
using Model = std::map<std::pair<std::string, uint64_t>, std::string, Before>;

struct Erased {
  std::string begin;
  std::string end;
  Sequence sequence;
};

void expect_at(const MemtableCursor& cursor, const Model& model, Model::const_iterator at) {
  NACRE_CHECK(cursor.valid() == (at != model.end()));
  if (at == model.end()) return;
  NACRE_CHECK(cursor.key() == at->first.first && cursor.trailer() == at->first.second && cursor.value() == at->second);
  NACRE_CHECK(cursor.head() == base::head_of(cursor.key()));
}

class Pair {
 public:
  explicit Pair(MemtableKind kind) : memtable_(Memtable::create({.kind = kind, .capacity_bytes = 64 << 10})) {}

  void insert(const std::string& key, uint64_t trailer, const std::string& value) {
    if (!model_.emplace(std::pair(key, trailer), value).second) return;
    memtable_->insert(key, base::hash_key(key), trailer, value);
  }
  void erase_range(const std::string& begin, const std::string& end, Sequence sequence) {
    memtable_->insert_range_tombstone(begin, end, sequence);
    erased_.push_back({begin, end, sequence});
  }
  void get(const std::string& key, Sequence at) const {
    const auto found = memtable_->get(key, base::hash_key(key), at);
    const auto expected = model_.lower_bound({key, format::trailer_for_lookup(at)});
    const bool there = expected != model_.end() && expected->first.first == key;
    NACRE_CHECK(found.found == there);
    if (there) NACRE_CHECK(found.trailer == expected->first.second && found.value == expected->second);
    Sequence covering = 0;
    for (const Erased& e : erased_) {
      if (e.begin <= key && key < e.end && e.sequence <= at) covering = std::max(covering, e.sequence);
    }
    NACRE_CHECK(memtable_->covering_tombstone(key, at) == covering);
    NACRE_CHECK(memtable_->tombstones()->covering(key, at) == covering);
  }
  // A walk of `steps`, two bits each, from a place.
  void walk(const std::string& key, uint64_t trailer, uint8_t start, uint64_t steps) const {
    MemtableCursor cursor = memtable_->cursor();
    auto at = model_.lower_bound({key, trailer});
    switch (start & 3) {
      case 0: cursor.seek_first(), at = model_.begin(); break;
      case 1:
        cursor.seek_last();
        at = model_.empty() ? model_.end() : std::prev(model_.end());
        break;
      case 2: cursor.seek(key, trailer); break;
      default: cursor.seek_before(key, trailer); at = at == model_.begin() ? model_.end() : std::prev(at);
    }
    expect_at(cursor, model_, at);
    for (; steps != 0 && at != model_.end(); steps >>= 1) {
      if ((steps & 1) != 0) {
        cursor.next(), ++at;
      } else {
        cursor.prev();
        at = at == model_.begin() ? model_.end() : std::prev(at);
      }
      expect_at(cursor, model_, at);
    }
  }
  void expect_all() const {
    NACRE_CHECK(memtable_->entries() == model_.size());
    MemtableCursor cursor = memtable_->cursor();
    auto at = model_.begin();
    for (cursor.seek_first(); cursor.valid(); cursor.next()) expect_at(cursor, model_, at++);
    NACRE_CHECK(at == model_.end());
    for (cursor.seek_last(); cursor.valid(); cursor.prev()) expect_at(cursor, model_, --at);
    NACRE_CHECK(at == model_.begin());
  }

 private:
  base::IntrusivePtr<Memtable> memtable_;
  Model model_;
  std::vector<Erased> erased_;
};

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  Pair pair(input.flag() ? MemtableKind::kSkipList : MemtableKind::kBTree);
  Sequence next = 1;
  for (int steps = 0; !input.empty() && steps < 3000; steps++) {
    const uint8_t what = input.byte();
    switch (what & 7) {
      case 0: pair.get(input.key(), input.below(next + 2)); break;
      case 1:
        pair.walk(input.key(), format::make_trailer(input.below(next + 1), EntryKind::kPut), what >> 3, input.number());
        break;
      case 2: pair.erase_range(input.key(), input.key(), next++); break;
      case 3: {  // many at once, so that nodes split
        const std::string key = input.key();
        for (uint8_t i = 0; i < (what >> 3) * 4; i++) {
          pair.insert(key + static_cast<char>(i * 37), format::make_trailer(next++, EntryKind::kPut), "v");
        }
        break;
      }
      default: {
        const Sequence sequence = (what & 0x80) != 0 ? 1 + input.below(next) : next++;  // some come late
        const bool erase = (what & 0x40) != 0;
        const std::string key = input.key();
        pair.insert(key, format::make_trailer(sequence, erase ? EntryKind::kErase : EntryKind::kPut),
                    erase ? "" : std::string(input.bytes(40)));
      }
    }
  }
  pair.expect_all();
}

const fuzz::Registration kHere({.name = "memtable",
                                .run = run,
                                .seeds = [] { return fuzz::random_seeds(6, 500); },
                                .heap_budget_bytes = uint64_t{4} << 20,
                                .replay_mutations = 100});

}  // namespace
}  // namespace nacre::memtable
