// The row of merge against plain lists: a history drawn from the input is cut by age into memtables and a table; the merge cursor walks it as
// a sorted list, a visible cursor sees what a reader at its sequence sees, and what the version filter keeps shows every reader the
// same as all of it did.

#include <algorithm>
#include <set>

#include "base/fuzzing.h"
#include "merge/history_fixture.h"
#include "merge/version_filter.h"
#include "merge/visible_cursor.h"

namespace nacre::merge {
namespace {

using format::EntryKind;
using format::RangeTombstone;
using format::Sequence;
using testing::before;
using testing::History;
using testing::Layers;
using testing::Version;

History draw_history(fuzz::Input& input) {
  History history;
  for (uint64_t writes = input.below(120); writes > 0 && !input.empty(); writes--) {
    const uint8_t what = input.byte();
    history.last += 1 + (what >> 6);
    if ((what & 15) == 0) {
      std::string begin = input.key();
      std::string end = input.key();
      if (end < begin) std::swap(begin, end);
      if (begin != end) history.erased.push_back({begin, end, history.last});
      continue;
    }
    const EntryKind kind = (what & 3) == 1 ? EntryKind::kErase : EntryKind::kPut;
    history.versions.push_back({input.key(), format::make_trailer(history.last, kind),
                                kind == EntryKind::kPut ? std::to_string(history.last) : ""});
  }
  return history;
}

void expect_entry(const MergeCursor& cursor, const std::vector<Version>& all, int64_t at) {
  const bool inside = at >= 0 && at < static_cast<int64_t>(all.size());
  NACRE_CHECK(cursor.valid() == inside);
  if (!inside) return;
  const Version& expected = all[static_cast<size_t>(at)];
  NACRE_CHECK(cursor.key() == expected.key && cursor.trailer() == expected.trailer && cursor.value() == expected.value);
  NACRE_CHECK(cursor.head() == base::head_of(expected.key));
}

void check_merge(Layers& layers, const std::vector<Version>& all, fuzz::Input& input) {
  MergeCursor cursor = layers.cursor();
  int64_t at = -1;
  bool backward = false;
  for (uint64_t steps = input.below(100); steps > 0; steps--) {
    const bool inside = at >= 0 && at < static_cast<int64_t>(all.size());
    switch (input.below(inside ? 12 : 4)) {
      case 0: cursor.seek_first(), at = 0, backward = false; break;
      case 1: cursor.seek_last(), at = static_cast<int64_t>(all.size()) - 1, backward = true; break;
      case 2:
      case 3: {
        const Version wanted{input.key(), format::make_trailer(input.below(200), EntryKind::kPut), ""};
        at = std::lower_bound(all.begin(), all.end(), wanted, before) - all.begin();
        backward = !input.flag();
        if (!backward) {
          cursor.seek(wanted.key, wanted.trailer);
        } else {
          cursor.seek_before(wanted.key, wanted.trailer);
          at--;
        }
        break;
      }
      case 4:
      case 5:
      case 6:
      case 7:
        if (backward) cursor.seek(all[static_cast<size_t>(at)].key, all[static_cast<size_t>(at)].trailer);
        cursor.next(), at++, backward = false;
        break;
      default:
        if (backward) {
          cursor.prev();
        } else {
          cursor.seek_before(all[static_cast<size_t>(at)].key, all[static_cast<size_t>(at)].trailer);
        }
        at--, backward = true;
    }
    expect_entry(cursor, all, at);
  }
  cursor.status().value();
}

void check_visible(Layers& layers, const History& history, const format::TombstoneSet& tombstones, fuzz::Input& input) {
  const Sequence at = input.below(history.last + 2);
  const auto expected = history.at(at);
  VisibleCursor cursor(layers.cursor(), at, tombstones.empty() ? nullptr : &tombstones, {}, nullptr);
  auto place = expected.begin();
  const auto expect = [&] {
    NACRE_CHECK(cursor.valid() == (place != expected.end()));
    if (cursor.valid()) NACRE_CHECK(cursor.key() == place->first && cursor.value() == place->second);
  };
  for (cursor.seek_first(); cursor.valid(); cursor.next()) expect(), ++place;
  expect();
  for (cursor.seek_last(); cursor.valid(); cursor.prev()) --place, expect();
  NACRE_CHECK(place == expected.begin());
  for (uint64_t steps = input.below(40); steps > 0; steps--) {
    const std::string key = input.key();
    place = expected.lower_bound(key);
    if (input.flag()) {
      cursor.seek(key);
    } else {
      cursor.seek_before(key);
      place = place == expected.begin() ? expected.end() : std::prev(place);
    }
    expect();
    for (uint8_t turns = input.byte(); turns > 1 && place != expected.end(); turns >>= 1) {  // a walk to and fro
      if ((turns & 1) != 0) {
        cursor.next(), ++place;
      } else {
        cursor.prev();
        place = place == expected.begin() ? expected.end() : std::prev(place);
      }
      expect();
    }
  }
}

void check_filter(const History& history, const std::vector<Version>& all, const format::TombstoneSet& tombstones,
                  fuzz::Input& input) {
  std::set<Sequence> readers = {history.last};
  for (uint64_t n = input.below(5); n > 0; n--) readers.insert(input.below(history.last + 1));
  const bool bottom = input.flag();
  VersionFilter filter({readers.begin(), readers.end()}, bottom, &tombstones);
  History kept{.versions = {}, .erased = {}, .last = history.last};
  for (const Version& v : all) {
    if (const auto trailer = filter.keep(v.key, v.trailer)) kept.versions.push_back({v.key, *trailer, v.value});
  }
  for (const RangeTombstone& t : filter.keep_tombstones({}, {})) {
    kept.erased.push_back({std::string(t.begin), std::string(t.end), t.sequence});
  }
  History before_it = history;
  if (!bottom) {  // something older lies below, which must stay hidden
    std::set<std::string> keys;
    for (const Version& v : all) keys.insert(v.key);
    for (const testing::Erased& e : history.erased) keys.insert(e.begin);
    for (const std::string& key : keys) {
      for (History* h : {&before_it, &kept})
        h->versions.push_back({key, format::make_trailer(0, EntryKind::kPut), "old"});
    }
  }
  for (const Sequence reader : readers) NACRE_CHECK(before_it.at(reader) == kept.at(reader));
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t memtables = input.below(5);
  const History history = draw_history(input);
  std::vector<Version> all = history.versions;
  std::sort(all.begin(), all.end(), before);
  const format::TombstoneSet tombstones = history.tombstones();
  Layers layers(history, memtables);
  check_merge(layers, all, input);
  check_visible(layers, history, tombstones, input);
  check_filter(history, all, tombstones, input);
}

const fuzz::Registration kHere({.name = "merge",
                                .run = run,
                                .seeds = [] { return fuzz::random_seeds(8, 600); },
                                .heap_budget_bytes = uint64_t{16} << 20,
                                .replay_mutations = 100});

}  // namespace
}  // namespace nacre::merge
