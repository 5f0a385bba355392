#include "tree/run.h"

#include <algorithm>

namespace nacre::tree {

namespace {

table::RunBounds bounds_of(const std::vector<base::IntrusivePtr<TableMeta>>& tables) {
  std::vector<table::TableBounds> bounds;
  for (const auto& table : tables) bounds.push_back(table->bounds());
  return table::RunBounds(std::move(bounds));
}

}  // namespace

void Totals::add(const format::TableRecord& table) {
  tables += 1;
  file_bytes += table.file_bytes;
  data_bytes += table.data_bytes;
  entries += table.entries;
  erases += table.erases;
  range_tombstones += table.range_tombstones;
}

void Totals::add(const Totals& other) {
  tables += other.tables;
  file_bytes += other.file_bytes;
  data_bytes += other.data_bytes;
  entries += other.entries;
  erases += other.erases;
  range_tombstones += other.range_tombstones;
}

Result<Run> Run::make(uint32_t level, uint64_t id, std::vector<base::IntrusivePtr<TableMeta>> tables) {
  NACRE_CHECK(!tables.empty());
  std::sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) {
    const int order = a->smallest_key().compare(b->smallest_key());
    return order != 0 ? order < 0 : a->number() < b->number();
  });
  for (size_t i = 1; i < tables.size(); i++) {
    if (tables[i - 1]->reaches(tables[i]->smallest_key())) {
      return invalid_argument(Operation::kCommit, "two tables of one run overlap");
    }
  }
  return Run(level, id, base::make_intrusive<Body>(std::move(tables)));
}

Run::Body::Body(std::vector<base::IntrusivePtr<TableMeta>> sorted)
    : table::RunTables(bounds_of(sorted)), tables(std::move(sorted)) {
  for (const auto& table : tables) {
    numbers.push_back(table->number());
    totals.add(table->record());
  }
  const uint64_t bytes = sizeof(Body) + bounds().memory_bytes() + tables.size() * 2 * sizeof(uint64_t);
  charge = base::MemoryCharge(tables.front()->account(), base::MemoryPart::kTableMeta, bytes);
}

std::span<const base::IntrusivePtr<TableMeta>> Run::overlapping(Bytes first, Bytes last, bool last_exclusive) const {
  if (const int order = first.compare(last); order > 0 || (order == 0 && last_exclusive)) return {};
  const size_t begin = bounds().first_reaching(first);
  const size_t end = last_exclusive ? bounds().first_beginning_at(last) : bounds().first_beginning_after(last);
  return begin < end ? tables().subspan(begin, end - begin) : std::span<const base::IntrusivePtr<TableMeta>>();
}

}  // namespace nacre::tree
