#include "tree/run.h"

#include <algorithm>

namespace nacre::tree {

namespace {

// Index of the first head that is at least `head`; there is one head at least. The compiler makes the step a conditional move.
size_t lower_bound_head(std::span<const uint64_t> heads, uint64_t head) {
  const uint64_t* base = heads.data();
  size_t count = heads.size();
  while (count > 1) {
    const size_t half = count / 2;
    base += base[half - 1] < head ? half : 0;
    count -= half;
  }
  return static_cast<size_t>(base - heads.data()) + (*base < head ? 1 : 0);
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
  auto body = base::make_intrusive<Body>();
  const size_t prefix = base::common_prefix(tables.front()->smallest_key(), tables.back()->largest_key());
  body->prefix = tables.front()->smallest_key().substr(0, prefix);
  for (const auto& table : tables) {
    body->largest_heads.push_back(base::head_at(table->largest_key(), prefix));
    body->smallest_heads.push_back(base::head_at(table->smallest_key(), prefix));
    body->numbers.push_back(table->number());
    body->totals.add(table->record());
  }
  const uint64_t bytes = sizeof(Body) + prefix + tables.size() * (4 * sizeof(uint64_t));
  body->charge = base::MemoryCharge(tables.front()->account(), base::MemoryPart::kTableMeta, bytes);
  body->tables = std::move(tables);
  return Run(level, id, std::move(body));
}

int Run::against_prefix(const Body& body, Bytes key) {
  const size_t size = body.prefix.size();
  return size == 0 ? 0 : key.substr(0, size).compare(body.prefix);
}

// Index of the first table of which `is_before(table)` is false, given that it is true of every table whose word in
// `heads` is below the key's, and false of every one above.
template <class IsBefore>
size_t Run::first_not(std::span<const uint64_t> heads, Bytes key, IsBefore is_before) const {
  if (const int order = against_prefix(*body_, key); order != 0) [[unlikely]]
    return order < 0 ? 0 : heads.size();
  const uint64_t head = base::head_at(key, body_->prefix.size());
  size_t index = lower_bound_head(heads, head);
  if (index == heads.size() || heads[index] != head) return index;
  const auto ties_end = std::upper_bound(heads.begin() + static_cast<ptrdiff_t>(index), heads.end(), head);
  const auto first = body_->tables.begin() + static_cast<ptrdiff_t>(index);
  const auto last = body_->tables.begin() + (ties_end - heads.begin());
  return static_cast<size_t>(std::partition_point(first, last, is_before) - body_->tables.begin());
}

size_t Run::first_reaching(Bytes key) const {
  return first_not(body_->largest_heads, key, [key](const auto& table) { return !table->reaches(key); });
}

size_t Run::first_beginning_after(Bytes key) const {
  return first_not(body_->smallest_heads, key, [key](const auto& table) { return table->smallest_key() <= key; });
}

size_t Run::first_beginning_at(Bytes key) const {
  return first_not(body_->smallest_heads, key, [key](const auto& table) { return table->smallest_key() < key; });
}

const TableMeta* Run::find(Bytes key) const {
  const Body& body = *body_;
  const size_t index = first_reaching(key);
  if (index == body.tables.size() || against_prefix(body, key) != 0) return nullptr;
  const uint64_t head = base::head_at(key, body.prefix.size());
  if (body.smallest_heads[index] > head) return nullptr;
  const TableMeta* table = body.tables[index].get();
  return body.smallest_heads[index] < head || table->smallest_key() <= key ? table : nullptr;
}

std::span<const base::IntrusivePtr<TableMeta>> Run::overlapping(Bytes first, Bytes last, bool last_exclusive) const {
  if (const int order = first.compare(last); order > 0 || (order == 0 && last_exclusive)) return {};
  const size_t begin = first_reaching(first);
  const size_t end = last_exclusive ? first_beginning_at(last) : first_beginning_after(last);
  return begin < end ? tables().subspan(begin, end - begin) : std::span<const base::IntrusivePtr<TableMeta>>();
}

}  // namespace nacre::tree
