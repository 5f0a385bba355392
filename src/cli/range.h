// Ranges of keys: what lies in them, and their erasure.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "nacre/nacre.h"

namespace nacre::cli {

// The first and the last key of a range that has any.
struct Span {
  std::string first;
  std::string last;
  uint64_t entries = 0;  // counted up to kCountedEntries
  bool counted = false;  // `entries` are all
};
inline constexpr uint64_t kCountedEntries = 10'000;

// Nothing if no key lies within the bounds of `options`.
Result<std::optional<Span>> span_of(const Keyspace& keyspace, const ScanOptions& options);

// Erases every key from span.first to span.last, both included: so a range needs no end that lies behind all keys.
void add_erasure(Batch& batch, const Keyspace& keyspace, const Span& span);

// "12 entries, from a to b"; "more than 10,000 entries, ...".
std::string in_words(const Span& span);

// Counts to the end, or until `*stop`; a null `stop` never stops.
Result<uint64_t> count_entries(const Keyspace& keyspace, const ScanOptions& options,
                               const std::atomic<bool>* stop = nullptr);

}  // namespace nacre::cli
