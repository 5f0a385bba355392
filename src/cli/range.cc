#include "cli/range.h"

#include "cli/human.h"
#include "cli/terminal.h"

namespace nacre::cli {

Result<std::optional<Span>> span_of(const Keyspace& keyspace, const ScanOptions& options) {
  Cursor cursor = keyspace.cursor(options);
  cursor.seek_last();
  if (!cursor.valid()) {
    if (const auto status = cursor.status(); !status) return status.error();
    return std::optional<Span>();
  }
  Span span{.last = std::string(cursor.key())};
  cursor.seek_first();
  if (cursor.valid()) span.first = cursor.key();
  for (; cursor.valid() && span.entries < kCountedEntries; cursor.next()) span.entries++;
  if (const auto status = cursor.status(); !status) return status.error();
  span.counted = !cursor.valid();
  return std::optional<Span>(std::move(span));
}

void add_erasure(Batch& batch, const Keyspace& keyspace, const Span& span) {
  if (span.first < span.last) batch.erase_range(keyspace, span.first, span.last);
  batch.erase(keyspace, span.last);
}

std::string in_words(const Span& span) {
  constexpr size_t kShownColumns = 30;
  std::string words = span.counted ? human_count(span.entries) : "more than " + human_count(span.entries);
  words += span.counted && span.entries == 1 ? " entry, " : " entries, from ";
  words += shortened(visible(span.first), kShownColumns);
  if (!span.counted || span.entries > 1) words += " to " + shortened(visible(span.last), kShownColumns);
  return words;
}

Result<uint64_t> count_entries(const Keyspace& keyspace, const ScanOptions& options, const std::atomic<bool>* stop) {
  uint64_t entries = 0;
  Scan scan = keyspace.scan(options);
  for (auto entry = scan.begin(); entry != scan.end(); ++entry) {
    entries++;
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) break;
  }
  if (const auto status = scan.status(); !status) return status.error();
  return entries;
}

}  // namespace nacre::cli
