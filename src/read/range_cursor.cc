#include "read/range_cursor.h"

#include <vector>

#include "memtable/memtable.h"
#include "table/run_cursor.h"
#include "table/table.h"
#include "tree/version.h"

namespace nacre::read {

using format::RangeTombstone;
using format::Sequence;

std::optional<std::string> after_prefix(Bytes prefix) {
  std::string key(prefix);
  while (!key.empty()) {
    if (static_cast<uint8_t>(key.back()) != 0xff) {
      key.back() = static_cast<char>(static_cast<uint8_t>(key.back()) + 1);
      return key;
    }
    key.pop_back();
  }
  return std::nullopt;
}

void Bounds::narrow_to_prefix(Bytes prefix) {
  if (prefix > Bytes(from)) from = prefix;
  std::optional<std::string> end = after_prefix(prefix);
  if (end && (!to || *end < *to)) to = std::move(end);
}

Result<format::TombstoneSet> collect_tombstones(const tree::ReadView& view, Sequence at) {
  std::vector<RangeTombstone> all;
  std::vector<std::shared_ptr<const format::TombstoneSet>> held;  // what `all` points into
  for (const auto& memtable : view.memtables) {
    if (!memtable->has_tombstones()) continue;
    held.push_back(memtable->tombstones());
    held.back()->append_tombstones(&all);
  }
  for (const tree::Run& run : view.version->runs()) {
    if (run.totals().range_tombstones == 0) continue;
    for (const auto& meta : run.tables()) {
      if (meta->record().range_tombstones == 0) continue;
      NACRE_TRY_ASSIGN(table::Table * table, meta->table());
      table->tombstones().append_tombstones(&all);
    }
  }
  if (all.empty()) return format::TombstoneSet();
  std::erase_if(all, [at](const RangeTombstone& tombstone) { return tombstone.sequence > at; });
  return format::TombstoneSet::build(all);
}

namespace {

void add_memtables(const tree::ReadView& view, std::vector<merge::Source>& sources) {
  for (const auto& memtable : view.memtables) {
    if (!memtable->empty()) sources.emplace_back(memtable->cursor());
  }
}

void add_runs(const tree::ReadView& view, const Bounds& bounds, base::MemoryAccount* account,
              std::vector<merge::Source>& sources) {
  for (const tree::Run& run : view.version->runs()) {
    const size_t begin = bounds.from.empty() ? 0 : run.bounds().first_reaching(bounds.from);
    const size_t end = bounds.to ? run.bounds().first_beginning_at(*bounds.to) : run.bounds().size();
    if (begin >= end) continue;
    sources.emplace_back(table::RunCursor(run.open_tables(), begin, end, table::CursorOptions{.account = account}));
  }
}

std::vector<merge::Source> room_for_sources(const tree::ReadView& view) {
  std::vector<merge::Source> sources;
  sources.reserve(view.memtables.size() + view.version->runs().size());
  return sources;
}

}  // namespace

std::vector<merge::Source> sources_of(const tree::ReadView& view, const Bounds& bounds, base::MemoryAccount* account) {
  std::vector<merge::Source> sources = room_for_sources(view);
  add_memtables(view, sources);
  add_runs(view, bounds, account, sources);
  return sources;
}

Result<std::unique_ptr<RangeCursor>> RangeCursor::open(base::IntrusivePtr<tree::ReadView> view, Sequence at,
                                                       Bounds bounds, base::MemoryAccount* account) {
  std::vector<merge::Source> sources = room_for_sources(*view);
  add_memtables(*view, sources);
  const size_t memtables = sources.size();
  add_runs(*view, bounds, account, sources);
  const size_t runs = sources.size() - memtables;
  NACRE_TRY_ASSIGN(format::TombstoneSet tombstones, collect_tombstones(*view, at));
  return std::unique_ptr<RangeCursor>(new RangeCursor(std::move(view), std::move(bounds), std::move(tombstones),
                                                      merge::MergeCursor(std::move(sources)), runs, at));
}

RangeCursor::RangeCursor(base::IntrusivePtr<tree::ReadView> view, Bounds bounds, format::TombstoneSet tombstones,
                         merge::MergeCursor merge, uint64_t runs, Sequence at)
    : view_(std::move(view)),
      bounds_(std::move(bounds)),
      tombstones_(std::move(tombstones)),
      runs_(runs),
      cursor_(std::move(merge), at, tombstones_.empty() ? nullptr : &tombstones_, bounds_.from,
              bounds_.to ? &*bounds_.to : nullptr) {}

void RangeCursor::seek(Bytes key) {
  cursor_.seek(std::max(key, Bytes(bounds_.from)));
  check_upper();
}

void RangeCursor::seek_before(Bytes key) {
  if (bounds_.to && key > Bytes(*bounds_.to)) key = *bounds_.to;
  cursor_.seek_before(key);
  check_lower();
}

void RangeCursor::seek_last() {
  if (bounds_.to) {
    cursor_.seek_before(*bounds_.to);
  } else {
    cursor_.seek_last();
  }
  check_lower();
}

}  // namespace nacre::read
