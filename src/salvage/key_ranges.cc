#include "salvage/key_ranges.h"

#include <algorithm>

namespace nacre::salvage {

namespace {

// Whether a range that ends at `to` ends before the key.
bool ends_before(const std::optional<std::string>& to, Bytes key) { return to && Bytes(*to) < key; }

}  // namespace

void KeyRanges::add(const KeyRange& range) {
  std::string from = range.from.value_or("");
  Rest rest{.to = range.to};
  if (ends_before(rest.to, from)) return;
  auto at = ranges_.upper_bound(from);
  if (at != ranges_.begin() && !ends_before(std::prev(at)->second.to, from)) --at;
  while (at != ranges_.end() && !ends_before(rest.to, at->first)) {
    from = std::min(from, at->first);
    if (rest.to && (!at->second.to || *rest.to < *at->second.to)) rest.to = at->second.to;
    rest.relied_on |= at->second.relied_on;
    at = ranges_.erase(at);
  }
  ranges_.emplace(std::move(from), std::move(rest));
}

KeyRanges::Map::const_iterator KeyRanges::find(Bytes key) const {
  const auto behind = ranges_.upper_bound(key);
  if (behind == ranges_.begin()) return ranges_.end();
  const auto at = std::prev(behind);
  return ends_before(at->second.to, key) ? ranges_.end() : at;
}

void KeyRanges::rely_on(Bytes key) {
  const auto at = find(key);
  if (at != ranges_.end()) ranges_.find(at->first)->second.relied_on = true;
}

bool KeyRanges::relied_on(const KeyRange& range) const {
  const std::string from = range.from.value_or("");
  auto at = find(from);
  if (at == ranges_.end()) at = ranges_.lower_bound(from);
  for (; at != ranges_.end() && !ends_before(range.to, at->first); ++at) {
    if (at->second.relied_on) return true;
  }
  return false;
}

}  // namespace nacre::salvage
