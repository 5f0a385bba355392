// What a client reads, and what it learns from that: absent keys are seen as well, wherever an answer tells of them.

#include <algorithm>
#include <array>

#include "sim/history/client.h"

namespace nacre::history {

// A range of one keyspace, with bounds that may be missing, be a key, or lie just behind one.
Client::Range Client::any_range() {
  const Key base = any_key() / stage_.keys_each * stage_.keys_each;
  Range range{.keyspace = &stage_.keyspace_of(base)};
  if (prng_.one_in(6)) {
    const auto group = static_cast<uint32_t>(prng_.below((stage_.keys_each + 3) / 4));
    range.options.prefix = key_text(group * 4).substr(0, 1);
    range.from = base + group * 4;
    range.to = base + std::min(group * 4 + 4, stage_.keys_each);
    return range;
  }
  auto from = static_cast<uint32_t>(prng_.below(stage_.keys_each));
  auto to = static_cast<uint32_t>(prng_.below(stage_.keys_each + 1));
  if (from > to) std::swap(from, to);
  const auto bound = [&](uint32_t at) { return at > 0 && prng_.one_in(3) ? key_text(at - 1) + "~" : key_text(at); };
  range.from = base + from;
  range.to = base + to;
  if (from > 0 || prng_.one_in(2)) range.options.from = bound(from);
  if (to < stage_.keys_each || prng_.one_in(2)) range.options.to = bound(to);
  return range;
}

// Which key of the range this is; none: it should not be here.
std::optional<Key> Client::key_in(const Range& range, Bytes text) const {
  const Key base = range.from / stage_.keys_each * stage_.keys_each;
  for (Key key = range.from; key < range.to; ++key) {
    if (text == Bytes(key_text(key - base))) return key;
  }
  return std::nullopt;
}

void Client::see_gap(Operation& operation, Key from, Key to) {
  for (Key key = from; key < to; ++key) operation.seen.push_back({key, kAbsent});
}

void Client::read_now() {
  static constexpr std::array kKinds = {Kind::kGet,      Kind::kGet,  Kind::kGet,   Kind::kContains,
                                        Kind::kMultiGet, Kind::kScan, Kind::kCursor};
  const Kind kind = kKinds[prng_.below(kKinds.size())];
  Operation operation = begin(kind);
  bool good = false;
  switch (kind) {
    case Kind::kGet: good = get(operation, {}); break;
    case Kind::kContains: good = contains(operation, {}); break;
    case Kind::kMultiGet: good = multi_get(operation, {}); break;
    case Kind::kScan: good = scan(operation, {}); break;
    default: good = walk(operation, {}); break;
  }
  if (good) keep(std::move(operation));
}

bool Client::read_something(Operation& operation, const Snapshot& snapshot) {
  switch (prng_.below(7)) {
    case 0:
    case 5:
    case 6: return get(operation, snapshot);
    case 1: return contains(operation, snapshot);
    case 2: return multi_get(operation, snapshot);
    case 3: return scan(operation, snapshot);
    default: return walk(operation, snapshot);
  }
}

bool Client::get(Operation& operation, const Snapshot& snapshot) {
  const Key key = any_key();
  const auto value = stage_.keyspace_of(key).get(key_text(key % stage_.keys_each), snapshot);
  if (!answered(operation, value ? Result<void>() : value.error(), "a get")) return false;
  operation.seen.push_back({key, *value ? version_of((*value)->bytes()) : kAbsent});
  return true;
}

bool Client::contains(Operation& operation, const Snapshot& snapshot) {
  const Key key = any_key();
  const auto there = stage_.keyspace_of(key).contains(key_text(key % stage_.keys_each), snapshot);
  if (!answered(operation, there ? Result<void>() : there.error(), "contains")) return false;
  operation.seen.push_back({key, *there ? kAnyVersion : kAbsent});
  return true;
}

bool Client::multi_get(Operation& operation, const Snapshot& snapshot) {
  const Key base = any_key() / stage_.keys_each * stage_.keys_each;
  std::vector<Key> keys;
  std::vector<std::string> texts;
  for (uint64_t left = 2 + prng_.below(stage_.keys_each); left > 0; --left) {
    keys.push_back(base + static_cast<Key>(prng_.below(stage_.keys_each)));
    texts.push_back(key_text(keys.back() - base));
  }
  const std::vector<Bytes> asked(texts.begin(), texts.end());
  const auto values = stage_.keyspace_of(base).multi_get(asked, snapshot);
  if (!answered(operation, values ? Result<void>() : values.error(), "a multi-get")) return false;
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::optional<Value>& value = (*values)[i];
    operation.seen.push_back({keys[i], value ? version_of(value->bytes()) : kAbsent});
  }
  return true;
}

// Its commit point is the one at which it was made, so that is where the interval ends, however long it is read.
bool Client::scan(Operation& operation, const Snapshot& snapshot) {
  const Range range = any_range();
  ScanOptions options = range.options;
  options.snapshot = snapshot;
  options.reverse = prng_.one_in(2);
  if (prng_.one_in(3)) options.limit = 1 + prng_.below(3);
  Scan scan = range.keyspace->scan(options);
  if (!answered(operation, {}, "a scan")) return false;
  Operation learned;
  Key from = range.from;  // what lies in [from, to) has not been shown yet
  Key to = range.to;
  uint64_t shown = 0;
  for (const auto& [text, value] : scan) {
    const std::optional<Key> key = key_in(range, text);
    if (!key || *key < from || *key >= to) {  // out of bounds, out of order, or twice
      learned.seen.push_back({range.from, kNobodysVersion});
      break;
    }
    if (options.reverse) {
      see_gap(learned, *key + 1, to);
      to = *key;
    } else {
      see_gap(learned, from, *key);
      from = *key + 1;
    }
    learned.seen.push_back({*key, version_of(value)});
    ++shown;
    if (prng_.one_in(6)) stage_.pause(prng_.next());
  }
  // What it showed before an error is as true as if it had gone on.
  const bool good = answered(operation, scan.status(), "a scan");
  if (!stage_.alive()) return false;
  if (good && shown < options.limit) see_gap(learned, from, to);
  operation.seen.insert(operation.seen.end(), learned.seen.begin(), learned.seen.end());
  return true;
}

bool Client::walk(Operation& operation, const Snapshot& snapshot) {
  const Range range = any_range();
  ScanOptions options = range.options;
  options.snapshot = snapshot;
  Cursor cursor = range.keyspace->cursor(options);
  if (!answered(operation, {}, "a cursor")) return false;
  const Key base = range.from / stage_.keys_each * stage_.keys_each;
  Operation learned;
  bool stands = false;
  Key at = 0;
  for (uint64_t left = 2 + prng_.below(8); left > 0; --left) {
    if (prng_.one_in(6)) stage_.pause(prng_.next());
    // The next key at or after `from`, or, backwards, the last one before `to`.
    Key from = range.from;
    Key to = range.to;
    const uint64_t how = prng_.below(8);
    const bool backwards = how % 2 == 1;
    const Key target = base + static_cast<Key>(prng_.below(stage_.keys_each));
    if (stands && how >= 4) {
      backwards ? cursor.prev() : cursor.next();
      (backwards ? to : from) = backwards ? at : at + 1;
    } else if (how % 4 >= 2) {
      backwards ? cursor.seek_before(key_text(target - base)) : cursor.seek(key_text(target - base));
      (backwards ? to : from) = std::clamp(target, range.from, range.to);
    } else {
      backwards ? cursor.seek_last() : cursor.seek_first();
    }
    stands = false;
    if (!cursor.valid()) {
      if (!answered(operation, cursor.status(), "a cursor")) break;
      see_gap(learned, from, to);
      continue;
    }
    const std::optional<Key> key = key_in(range, cursor.key());
    if (!key || *key < from || *key >= to) {
      learned.seen.push_back({range.from, kNobodysVersion});
      break;
    }
    stands = true;
    at = *key;
    see_gap(learned, backwards ? at + 1 : from, backwards ? to : at);
    learned.seen.push_back({at, version_of(cursor.value())});
  }
  answered(operation, cursor.status(), "a cursor");
  if (!stage_.alive()) return false;
  operation.seen.insert(operation.seen.end(), learned.seen.begin(), learned.seen.end());
  return true;
}

}  // namespace nacre::history
