#include "format/block.h"

#include <algorithm>

#include "base/result.h"
#include "nacre/options.h"

namespace nacre::format {
namespace {

struct Offsets {
  bool ascending = false;  // from 0
  uint16_t total = 0;
  uint16_t widest = 0;
};

Offsets look_at_offsets(const char* offsets, uint32_t count) {
  uint16_t before = base::load<uint16_t>(offsets);
  Offsets seen{.ascending = before == 0};
  for (uint32_t i = 1; i <= count; i++) {
    const auto here = base::load<uint16_t>(offsets + size_t{2} * i);
    seen.ascending &= here >= before;
    seen.widest = std::max(seen.widest, static_cast<uint16_t>(here - before));
    before = here;
  }
  seen.total = before;
  return seen;
}

}  // namespace

Result<BlockView> BlockView::parse(Bytes image) {
  if (image.size() < kBlockHeaderBytes) return malformed("data block is shorter than its header");
  const auto n = base::load<uint16_t>(image.data() + 16);
  const auto flags = static_cast<uint8_t>(image[18]);
  const auto width = static_cast<uint8_t>(image[19]);
  if (n == 0) return malformed("data block without entries");
  if ((flags & ~(kEqualKeys | kEqualValues | kShortKeys)) != 0 || base::load<uint32_t>(image.data() + 36) != 0) {
    return malformed("data block has bits that mean nothing");
  }
  if (width != 0 && width != 4 && width != 8) return malformed("data block has trailers of no known size");
  if (base::load<uint32_t>(image.data() + 20) > kMaxKeyBytes) return malformed("data block has keys that are too long");
  if (base::load<uint32_t>(image.data() + 32) > image.size()) return malformed("data block has values outside of it");
  const BlockView view(image);
  NACRE_TRY(view.check());
  return view;
}

// The columns lie one behind the other: `at` is where the next one begins, and is compared with the size before the
// column is looked at.
Result<void> BlockView::check() const {
  const uint64_t n = entries_;
  uint64_t at = static_cast<uint64_t>(heads_ - image_) + (8 + uint64_t{trailer_width_}) * n;
  const bool equal_values = (flags_ & kEqualValues) != 0;
  const uint64_t value_offsets_at = at;
  if (!equal_values) at += 2 * n + 2;
  if (at > image_bytes_) return malformed("data block is cut off in its columns");
  NACRE_TRY(check_keys(&at));
  if (at > image_bytes_ || values_ != image_ + at) return malformed("data block has values in the wrong place");

  uint64_t value_total = n * value_bytes_;
  if (!equal_values) {
    if (value_bytes_ != 0) return malformed("data block has two sizes of values");
    const Offsets offsets = look_at_offsets(image_ + value_offsets_at, entries_);
    if (!offsets.ascending) return malformed("data block has values out of order");
    value_total = offsets.total;
  }
  if (at + value_total != image_bytes_) return malformed("data block has values of another total size");
  return check_trailers();
}

Result<void> BlockView::check_keys(uint64_t* at) const {
  const uint64_t n = entries_;
  if ((flags_ & kEqualKeys) != 0) {
    if ((flags_ & kShortKeys) != 0) return malformed("data block has two sizes of keys");
    if (prefix_bytes_ + uint64_t{key_rest_} > kMaxKeyBytes) return malformed("data block has keys that are too long");
    if (key_rest_ > base::kHeadBytes) *at += n * (key_rest_ - base::kHeadBytes);
    return {};
  }
  if (key_rest_ != 0) return malformed("data block has two sizes of keys");
  const char* offsets = image_ + *at;
  *at += 2 * n + 2;
  const char* sizes = image_ + *at;
  const bool short_keys = (flags_ & kShortKeys) != 0;
  if (short_keys) *at += n;
  if (*at > image_bytes_) return malformed("data block is cut off in its columns");
  const Offsets suffixes = look_at_offsets(offsets, entries_);
  if (!suffixes.ascending) return malformed("data block has keys out of order");
  if (suffixes.widest != 0 && prefix_bytes_ + base::kHeadBytes + suffixes.widest > kMaxKeyBytes) {
    return malformed("data block has keys that are too long");
  }
  for (uint32_t i = 0; short_keys && i < entries_; i++) {
    const auto size = static_cast<uint8_t>(sizes[i]);
    const bool has_suffix =
        base::load<uint16_t>(offsets + size_t{2} * i) != base::load<uint16_t>(offsets + size_t{2} * i + 2);
    if (size > base::kHeadBytes || (size < base::kHeadBytes && has_suffix))
      return malformed("data block has keys of no valid size");
  }
  *at += suffixes.total;
  return {};
}

Result<void> BlockView::check_trailers() const {
  const uint64_t base = base_trailer();
  const char* column = trailers();
  uint64_t highest_kind = 0;
  uint64_t highest_delta = 0;
  if (trailer_width_ == 0) highest_kind = base & 0xff;
  for (uint32_t i = 0; trailer_width_ == 4 && i < entries_; i++) {
    const auto delta = base::load<uint32_t>(column + size_t{4} * i);
    highest_kind = std::max<uint64_t>(highest_kind, delta & 0xff);
    highest_delta = std::max<uint64_t>(highest_delta, delta);
  }
  for (uint32_t i = 0; trailer_width_ == 8 && i < entries_; i++) {
    highest_kind = std::max<uint64_t>(highest_kind, base::load<uint64_t>(column + size_t{8} * i) & 0xff);
  }
  if (trailer_width_ == 4 && ((base & 0xff) != 0 || base + highest_delta < base)) {
    return malformed("data block has a base trailer that is none");
  }
  if (highest_kind > static_cast<uint64_t>(EntryKind::kPut)) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .operation = Operation::kDecode,
                 .reason = "data block has entries of an unknown kind"};
  }
  return {};
}

size_t BlockView::longest_key_bytes() const {
  if ((flags_ & kEqualKeys) != 0) return prefix_bytes_ + size_t{key_rest_};
  const size_t all_suffixes = base::load<uint16_t>(suffix_offsets() + size_t{2} * entries_);
  return prefix_bytes_ + base::kHeadBytes + all_suffixes;  // one suffix is not longer than all
}

int BlockView::compare_behind_head(uint32_t i, const char* other, size_t size, uint64_t other_trailer) const {
  const Rest r = rest(i);
  if (r.size > base::kHeadBytes && size > base::kHeadBytes) {
    const Bytes mine(r.suffix, r.size - base::kHeadBytes);
    const int order = mine.compare(Bytes(other + base::kHeadBytes, size - base::kHeadBytes));
    if (order != 0) return order;
  } else if (r.size != size) {
    return r.size < size ? -1 : 1;  // equal heads, and one key ends within them: the shorter one comes first
  }
  const uint64_t mine = trailer(i);
  return mine > other_trailer ? -1 : (mine < other_trailer ? 1 : 0);
}

uint32_t BlockView::lower_bound(Bytes key, uint64_t wanted_trailer) const {
  if (const int order = prefix().compare(key.substr(0, prefix_bytes_)); order != 0) return order < 0 ? entries_ : 0;
  const char* wanted = key.data() + prefix_bytes_;
  const size_t size = key.size() - prefix_bytes_;
  const uint64_t wanted_head = base::head_of(wanted, size);
  // Branch-free: the entries before `low` have smaller heads, those from `low + left` on have not.
  uint32_t low = 0;
  for (uint32_t left = entries_; left > 0;) {
    const uint32_t half = (left + 1) / 2;
    low += head(low + half - 1) < wanted_head ? half : 0;
    left -= half;
  }
  // Ties: the entries with an equal head, by the rest of the key and the trailer.
  uint32_t high = low;
  for (uint32_t step = 1; high < entries_ && head(high) == wanted_head; step *= 2) {
    if (compare_behind_head(high, wanted, size, wanted_trailer) >= 0) break;
    low = high + 1;
    high = std::min(entries_, high + step);
  }
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const bool before = head(middle) == wanted_head && compare_behind_head(middle, wanted, size, wanted_trailer) < 0;
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace nacre::format
