#include "table/run_bounds.h"

#include <algorithm>

namespace nacre::table {

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

RunBounds::RunBounds(std::vector<TableBounds> tables) : tables_(std::move(tables)) {
  if (tables_.empty()) return;
  const size_t prefix = base::common_prefix(tables_.front().smallest, tables_.back().largest);
  prefix_ = tables_.front().smallest.substr(0, prefix);
  for (const TableBounds& table : tables_) {
    largest_heads_.push_back(base::head_at(table.largest, prefix));
    smallest_heads_.push_back(base::head_at(table.smallest, prefix));
  }
}

uint64_t RunBounds::memory_bytes() const {
  return prefix_.size() + tables_.size() * (2 * sizeof(uint64_t) + sizeof(TableBounds));
}

// Negative, zero or positive as `key` sorts before, has or sorts after the prefix.
int RunBounds::against_prefix(Bytes key) const {
  return prefix_.empty() ? 0 : key.substr(0, prefix_.size()).compare(prefix_);
}

// Index of the first table of which `is_before(table)` is false, given that it is true of every table whose word in
// `heads` is below the key's, and false of every one above.
template <class IsBefore>
size_t RunBounds::first_not(std::span<const uint64_t> heads, Bytes key, IsBefore is_before) const {
  if (heads.empty()) return 0;
  if (const int order = against_prefix(key); order != 0) [[unlikely]]
    return order < 0 ? 0 : heads.size();
  const uint64_t head = base::head_at(key, prefix_.size());
  size_t index = lower_bound_head(heads, head);
  if (index == heads.size() || heads[index] != head) return index;
  const auto ties_end = std::upper_bound(heads.begin() + static_cast<ptrdiff_t>(index), heads.end(), head);
  const auto first = tables_.begin() + static_cast<ptrdiff_t>(index);
  const auto last = tables_.begin() + (ties_end - heads.begin());
  return static_cast<size_t>(std::partition_point(first, last, is_before) - tables_.begin());
}

size_t RunBounds::first_reaching(Bytes key) const {
  return first_not(largest_heads_, key, [key](const TableBounds& table) { return !table.reaches(key); });
}

size_t RunBounds::first_beginning_after(Bytes key) const {
  return first_not(smallest_heads_, key, [key](const TableBounds& table) { return table.smallest <= key; });
}

size_t RunBounds::first_beginning_at(Bytes key) const {
  return first_not(smallest_heads_, key, [key](const TableBounds& table) { return table.smallest < key; });
}

size_t RunBounds::find(Bytes key) const {
  const size_t index = first_reaching(key);
  if (index == size() || against_prefix(key) != 0) return size();
  const uint64_t head = base::head_at(key, prefix_.size());
  if (smallest_heads_[index] > head) return size();
  return smallest_heads_[index] < head || tables_[index].smallest <= key ? index : size();
}

}  // namespace nacre::table
