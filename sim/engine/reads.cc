// What readers do: every way of reading, at the present and at snapshots, at once and held for long.
#include <algorithm>

#include "sim/engine/run.h"
#include "sim/probes.h"

namespace nacre::sim {

namespace {

constexpr size_t kMostHeld = 3;  // by a thread

std::optional<Bytes> bytes_of(const std::optional<Value>& value) {
  return value ? std::optional<Bytes>(value->bytes()) : std::nullopt;
}

// The entries from `from` on and before `to`.
Entries cut_out(const Entries& entries, const std::string& from, const std::optional<std::string>& to) {
  Entries part;
  for (const auto& entry : entries) {
    if (entry.first >= from && (!to || entry.first < *to)) part.push_back(entry);
  }
  return part;
}

}  // namespace

bool EngineRun::read_works(Boot& boot, const Door& door, const Result<void>& result, const char* what) {
  if (result) return alive(boot);
  if (result.error().kind == ErrorKind::kNotFound && dropping(door)) {
    NACRE_SOMETIMES("a read meets a drop of its keyspace", true);
    return false;
  }
  return permitted(boot, Call::kRead, result.error(), what);
}

std::pair<uint32_t, EngineRun::Door> EngineRun::some_door(Boot& boot, base::Prng& prng) const {
  const auto keyspace = static_cast<uint32_t>(prng.below(kKeyspaces));
  if (boot.doors[keyspace].handle) return {keyspace, boot.doors[keyspace]};
  return {keyspace % kKeptKeyspaces, boot.doors[keyspace % kKeptKeyspaces]};
}

std::optional<Entries> EngineRun::scan(Boot& boot, const Door& door, const ScanOptions& options, Sight* sight) {
  Entries entries;
  Scan scan = door.handle->scan(options);
  for (const auto& [key, value] : scan) entries.emplace_back(key, value);
  if (read_works(boot, door, scan.status(), "a scan")) return entries;
  // What it showed before its error is as true as if it had gone on.
  if (sight != nullptr && !entries.empty() && !lied_to_) {
    const std::string end = entries.back().first + '\0';
    expect(boot, sight->sees_range(door.space, options.from.value_or(""), end, entries), "a scan that failed");
  }
  return std::nullopt;
}

// ---- at the present --------------------------------------------------------------------------------------------------

void EngineRun::get(Boot& boot, uint32_t thread, const Part& part) {
  base::Prng prng(part.seed);
  const auto [keyspace, door] = some_door(boot, prng);
  // Writers mostly read what they wrote themselves.
  const bool own = thread < kWriters && !prng.one_in(4);
  const Place at = place(keyspace, door, own ? thread : static_cast<uint32_t>(prng.below(kAreas)),
                         static_cast<uint32_t>(prng.below(prng.one_in(2) ? 2 : kSlots)));
  Sight sight(oracle_->history());
  if (prng.one_in(4)) {
    const auto there = door.handle->contains(at.key);
    sight.taken();
    if (!read_works(boot, door, there ? Result<void>() : Result<void>(there.error()), "contains")) return;
    if (!*there) expect(boot, sight.sees(at, std::nullopt), "contains");
  } else {
    const auto value = door.handle->get(at.key);
    sight.taken();
    if (!read_works(boot, door, value ? Result<void>() : Result<void>(value.error()), "a get")) return;
    expect(boot, sight.sees(at, bytes_of(*value)), "a get");
  }
  expect(boot, oracle_->judge(sight), "a get");
}

void EngineRun::multi_get(Boot& boot, const Part& part) {
  base::Prng prng(part.seed);
  const auto [keyspace, door] = some_door(boot, prng);
  std::vector<Place> places;
  for (uint64_t i = 1 + prng.below(20); i > 0; i--)
    places.push_back(
        place(keyspace, door, static_cast<uint32_t>(prng.below(kAreas)), static_cast<uint32_t>(prng.below(kSlots))));
  std::vector<Bytes> keys;
  for (const Place& at : places) keys.push_back(at.key);
  Sight sight(oracle_->history());
  const auto values = door.handle->multi_get(keys);
  sight.taken();
  if (!read_works(boot, door, values ? Result<void>() : Result<void>(values.error()), "a multi_get")) return;
  for (size_t i = 0; i < places.size(); i++) expect(boot, sight.sees(places[i], bytes_of((*values)[i])), "a multi_get");
  expect(boot, oracle_->judge(sight), "a multi_get");
}

void EngineRun::scan_now(Boot& boot, const Part& part) {
  base::Prng prng(part.seed);
  const auto [keyspace, door] = some_door(boot, prng);
  const auto area = static_cast<uint32_t>(prng.below(kAreas));
  const std::string from = key(keyspace, area, static_cast<uint32_t>(prng.below(kSlots)));
  std::optional<std::string> to;
  if (prng.one_in(2)) to = key(keyspace, area, static_cast<uint32_t>(prng.below(kSlots + 1)));
  if (to && *to < from) to = from;
  Sight sight(oracle_->history());
  Scan scan = door.handle->scan({.from = from, .to = to});
  sight.taken();
  Entries entries;
  for (const auto& [key, value] : scan) entries.emplace_back(key, value);
  if (!read_works(boot, door, scan.status(), "a scan")) {
    if (entries.empty() || lied_to_) return;
    to = entries.back().first + '\0';
  }
  expect(boot, sight.sees_range(door.space, from, to, entries), "a scan");
  expect(boot, oracle_->judge(sight), "a scan");
}

// ---- at a snapshot ---------------------------------------------------------------------------------------------------

void EngineRun::look(Boot& boot, const Part& part) {
  base::Prng prng(part.seed);
  Sight sight(oracle_->history());
  const Snapshot snapshot = boot.db->snapshot();
  sight.taken();
  nap(prng.one_in(2) ? prng.below(10'000'000) : 0);
  for (uint32_t keyspace = 0; keyspace < kKeyspaces && alive(boot); keyspace++) {
    const Door door = boot.doors[keyspace];
    if (door.handle && !prng.one_in(4)) look_at(boot, keyspace, door, snapshot, sight, prng);
  }
  expect(boot, oracle_->judge(sight), "a snapshot");
}

void EngineRun::look_at(Boot& boot, uint32_t keyspace, const Door& door, const Snapshot& snapshot, Sight& sight,
                        base::Prng& prng) {
  const auto entries = scan(boot, door, {.snapshot = snapshot}, &sight);
  if (!entries) return;
  expect(boot, sight.sees_range(door.space, "", std::nullopt, *entries), "a snapshot");
  if (keyspace < kKeptKeyspaces) {
    const auto area = [&](uint32_t number) {
      return cut_out(*entries, key(keyspace, number, 0), key(keyspace, number, kSlots));
    };
    expect(boot, check_roll(plan_.families[keyspace], area(kRollArea)), "a snapshot");
    expect(boot, check_pair_area(area(kPairArea)), "a snapshot");
  }
  compare_ways(boot, keyspace, door, snapshot, *entries, prng);
}

// All ways of reading one commit point give the same.
void EngineRun::compare_ways(Boot& boot, uint32_t keyspace, const Door& door, const Snapshot& snapshot,
                             const Entries& entries, base::Prng& prng) {
  const auto area = static_cast<uint32_t>(prng.below(kAreas));
  ScanOptions options{.snapshot = snapshot};
  Entries expected = entries;
  switch (prng.below(5)) {
    case 0:
      options.prefix = prefix_of(plan_.families[keyspace], area);
      std::erase_if(expected, [&](const auto& entry) { return !Bytes(entry.first).starts_with(*options.prefix); });
      break;
    case 1:
      options.from = key(keyspace, area, static_cast<uint32_t>(prng.below(kSlots)));
      options.to = key(keyspace, area, kSlots);
      expected = cut_out(entries, *options.from, options.to);
      break;
    case 2: return compare_gets(boot, door, snapshot, entries, prng);
    default: break;
  }
  if (prng.one_in(2)) return walk(boot, door, options, expected, prng);
  options.reverse = prng.one_in(2);
  if (options.reverse) std::reverse(expected.begin(), expected.end());
  options.limit = prng.one_in(2) ? prng.below(expected.size() + 2) : options.limit;
  if (expected.size() > options.limit) expected.resize(options.limit);
  Entries again;
  Scan scan = door.handle->scan(options);
  for (const auto& [key, value] : scan) again.emplace_back(key, value);
  if (!read_works(boot, door, scan.status(), "a scan")) expected.resize(std::min(expected.size(), again.size()));
  if (again != expected) expect(boot, "two scans of one snapshot differ", "a snapshot");
}

void EngineRun::compare_gets(Boot& boot, const Door& door, const Snapshot& snapshot, const Entries& entries,
                             base::Prng& prng) {
  std::vector<std::string> keys;
  std::vector<std::optional<std::string>> expected;
  for (const auto& [key, value] : entries) {
    if (prng.one_in(3)) continue;
    keys.push_back(key);
    expected.emplace_back(value);
    if (!prng.one_in(4)) continue;
    keys.push_back(key + '\0');  // right behind it, and never written
    expected.emplace_back();
  }
  const std::vector<Bytes> asked(keys.begin(), keys.end());
  const auto values = door.handle->multi_get(asked, snapshot);
  if (!read_works(boot, door, values ? Result<void>() : Result<void>(values.error()), "a multi_get")) return;
  for (size_t i = 0; i < keys.size(); i++) {
    if (bytes_of((*values)[i]) != expected[i])
      return expect(boot, "multi_get and scan differ at " + to_string(Place{door.space, keys[i]}), "a snapshot");
    if (!prng.one_in(3)) continue;
    const auto value = door.handle->get(keys[i], snapshot);
    if (!read_works(boot, door, value ? Result<void>() : Result<void>(value.error()), "a get")) return;
    if (bytes_of(*value) != expected[i])
      return expect(boot, "get and scan differ at " + to_string(Place{door.space, keys[i]}), "a snapshot");
  }
}

// A cursor, to and fro at random, beside an index into the entries.
void EngineRun::walk(Boot& boot, const Door& door, const ScanOptions& options, const Entries& entries,
                     base::Prng& prng) {
  Cursor cursor = door.handle->cursor(options);
  const auto size = static_cast<int64_t>(entries.size());
  int64_t at = size;  // where it should stand; outside: nowhere
  const auto first_from = [&](const std::string& key) {
    return std::lower_bound(entries.begin(), entries.end(), key,
                            [](const auto& e, const auto& k) { return e.first < k; }) -
           entries.begin();
  };
  for (uint64_t step = 4 + prng.below(30); step > 0; step--) {
    const bool stands = at >= 0 && at < size;
    std::string target = entries.empty() ? "x" : entries[prng.below(entries.size())].first;
    if (prng.one_in(3)) target += '\0';
    const uint64_t move = prng.below(stands ? 12 : 4);
    if (move == 0) cursor.seek_first(), at = 0;
    if (move == 1) cursor.seek_last(), at = size - 1;
    if (move == 2) cursor.seek(target), at = first_from(target);
    if (move == 3) cursor.seek_before(target), at = first_from(target) - 1;
    if (move >= 4 && move < 8) cursor.next(), at++;
    if (move >= 8) cursor.prev(), at--;
    if (!read_works(boot, door, cursor.status(), "a cursor")) return;
    const bool should = at >= 0 && at < size;
    if (cursor.valid() != should) return expect(boot, "a cursor stands where it should not, or not", "a cursor");
    if (should && (cursor.key() != entries[at].first || cursor.value() != entries[at].second))
      return expect(boot, "a cursor stands at the wrong entry, or shows a wrong value", "a cursor");
  }
}

// ---- held for long ---------------------------------------------------------------------------------------------------

void EngineRun::hold(Boot& boot, uint32_t thread, const Part& part) {
  std::vector<Held>& all = boot.held[thread];
  base::Prng prng(part.seed);
  if (all.size() == kMostHeld) {
    look_back(boot, all.front());
    all.erase(all.begin());
  }
  const auto [keyspace, door] = some_door(boot, prng);
  Sight sight(oracle_->history());
  Snapshot snapshot = boot.db->snapshot();
  sight.taken();
  Held held{
      .keyspace = keyspace, .door = door, .snapshot = snapshot, .sight = sight, .cursor_shows = {}, .value_copy = {}};
  if (prng.one_in(2)) {
    const auto entries = scan(boot, door, {.snapshot = snapshot});
    Cursor cursor = door.handle->cursor({.snapshot = snapshot});
    if (entries && cursor.status()) {
      held.cursor.emplace(std::move(cursor));
      held.cursor_shows = *entries;
      if (!entries->empty()) {
        auto value = door.handle->get((*entries)[prng.below(entries->size())].first, snapshot);
        if (value && *value) {
          held.value = std::move(*value);
          held.value_copy = held.value->to_string();
        }
      }
    }
  }
  if (alive(boot)) all.push_back(std::move(held));
}

void EngineRun::look_back(Boot& boot, Held& held) {
  if (held.value && held.value->bytes() != held.value_copy) expect(boot, "a held value has changed", "a held value");
  if (held.cursor) {
    Entries entries;
    for (held.cursor->seek_first(); held.cursor->valid(); held.cursor->next())
      entries.emplace_back(held.cursor->key(), held.cursor->value());
    NACRE_SOMETIMES("a held cursor outlives its keyspace", dropping(held.door));
    const auto status = held.cursor->status();
    if (good(boot, Call::kRead, status, "a held cursor") && entries != held.cursor_shows)
      expect(boot, "a held cursor shows something else than before", "a held cursor");
  }
  const auto entries = scan(boot, held.door, {.snapshot = held.snapshot}, &held.sight);
  if (entries) expect(boot, held.sight.sees_range(held.door.space, "", std::nullopt, *entries), "a held snapshot");
  expect(boot, oracle_->judge(held.sight), "a held snapshot");
}

void EngineRun::let_go(Boot& boot, uint32_t thread) {
  for (Held& held : boot.held[thread]) {
    if (alive(boot)) look_back(boot, held);
  }
  boot.held[thread].clear();
}

}  // namespace nacre::sim
