// BlockView: a data block of a table, read in place.
//
// A block holds consecutive entries in internal order, in columns, so that each kind of access touches few cache lines:
// a point get compares tags (16 or 64 at once) and then one key; a seek searches the heads, and both read one value.
//
//   0   8   base trailer
//   8   8   entries hash: sum of entry_hash() over the entries
//  16   2   entries n, at least 1
//  18   1   flags: 1 every key is equally long, 2 every value is equally long, 4 some key ends before byte p + 8
//  19   1   bytes of a trailer: 0, 4 or 8
//  20   4   prefix bytes p
//  24   4   key bytes behind the prefix, if flag 1 (else 0)
//  28   4   value bytes, if flag 2 (else 0)
//  32   4   where the values begin
//  36   4   0
//  40   p   prefix: what all keys begin with
//       n   tags: the lowest byte of base::hash_key of each key
//           zeros up to a multiple of 8
//      8n   heads: base::head_at(key, p), as numbers
//           trailers: 0 bytes - all are the base; 4 - what is to be added to the base; 8 - as they are
//  2(n+1)   value offsets: where each value begins in the values, and where the last one ends   (not with flag 2)
//  2(n+1)   suffix offsets, likewise                                                            (not with flag 1)
//       n   how many bytes of each head belong to the key, 0 to 8             (with flag 4, but not with flag 1)
//           suffixes: what follows the head in each key
//           values, up to the end
//
// So fixed-size keys and values cost no offsets, sequences that are all zero, as a merge to the bottom makes them, cost no trailers, and
// prefix plus head mostly are the whole key. Offsets have 16 bits: a block is at most kMaxBlockBytes long. An entry that
// is larger gets a block of its own, which needs no offsets, being fixed-size in every way: that is the wide layout.
//
// All versions of one key have the same tag, and lie in order, newest first. A key's versions may go on in the next block.
//
// parse() checks the structure once, when a block is loaded; everything else then needs no checks. Wrong order or wrong
// tags (a writer's bug; accidents are caught by checksums) give wrong answers but never touch memory outside the block;
// Table::verify finds them.
//
// Thread safety: immutable. Lifetime: points into the image, as do the Bytes it returns.
#pragma once

#include "base/bits.h"
#include "base/coding.h"
#include "base/prefetch.h"
#include "format/entry.h"
#include "format/equal_bytes.h"
#include "format/simd.h"
#include "nacre/error.h"

namespace nacre::format {

inline constexpr uint32_t kMaxBlockBytes = 65536;
inline constexpr uint32_t kMinBlockBytes = 1024;
inline constexpr size_t kBlockHeaderBytes = 40;

enum BlockFlags : uint8_t { kEqualKeys = 1, kEqualValues = 2, kShortKeys = 4 };

inline uint8_t tag_of(uint64_t key_hash) { return static_cast<uint8_t>(key_hash); }

class BlockView {
 public:
  BlockView() = default;  // to be assigned before use
  // Reads hostile bytes: kCorruption unless everything lies where it should and all kinds are known.
  static Result<BlockView> parse(Bytes image);
  // For an image that parse() accepted.
  explicit BlockView(Bytes image);

  uint32_t entries() const { return entries_; }
  Bytes image() const { return {image_, image_bytes_}; }
  Bytes prefix() const { return {image_ + kBlockHeaderBytes, prefix_bytes_}; }
  uint64_t entries_hash() const { return base::load<uint64_t>(image_ + 8); }

  uint8_t tag(uint32_t i) const { return static_cast<uint8_t>(tags()[i]); }
  uint64_t head(uint32_t i) const { return base::load<uint64_t>(heads_ + size_t{8} * i); }
  uint64_t trailer(uint32_t i) const {
    if (trailer_width_ == 4) return base_trailer() + base::load<uint32_t>(trailers() + size_t{4} * i);
    return trailer_width_ == 0 ? base_trailer() : base::load<uint64_t>(trailers() + size_t{8} * i);
  }
  Bytes value(uint32_t i) const {
    if ((flags_ & kEqualValues) != 0) return {values_ + size_t{value_bytes_} * i, value_bytes_};
    const uint16_t begin = base::load<uint16_t>(value_offsets() + size_t{2} * i);
    return {values_ + begin, size_t{base::load<uint16_t>(value_offsets() + size_t{2} * i + 2)} - begin};
  }
  uint64_t value_bytes() const { return static_cast<uint64_t>(image_ + image_bytes_ - values_); }  // of all values
  // The key without the prefix: `size` bytes, of which the head holds the first up to 8 and `suffix` the others.
  struct Rest {
    const char* suffix;
    size_t size;
  };
  Rest rest(uint32_t i) const;
  size_t key_bytes(uint32_t i) const { return prefix_bytes_ + rest(i).size; }
  // No key is longer.
  size_t longest_key_bytes() const;
  // Writes key `i` to `to`, which has room for key_bytes(i) + kKeySlack, and returns its size. The prefix is written too.
  static constexpr size_t kKeySlack = 24;
  size_t copy_key(uint32_t i, char* to) const;
  // The same for a `to` that holds the prefix already.
  size_t copy_rest(uint32_t i, char* to) const;

  struct Found {
    uint32_t index;     // entries() if there is none
    bool may_continue;  // none here, but the block ends amid the key's versions: go on in the next block
  };
  // The newest version of `key` whose trailer is at most `newest`.
  Found find(Bytes key, uint64_t key_hash, uint64_t newest) const;
  // Loads ahead what find() will read of the entries that it will most likely look at.
  void prefetch_match(uint64_t key_hash) const;

  // Begins loading the values from entry `i` on, or those before it, for who will probably read some of them; from then on the
  // processor sees the pattern by itself.
  void prefetch_values(uint32_t i) const {
    const char* value = this->value(i).data();
    for (size_t line = 0; line < kLinesOfValues; line++) base::prefetch(value + 64 * line);
  }
  void prefetch_values_before(uint32_t i) const {
    const char* value = this->value(i).data() - 1;
    for (size_t line = 0; line < kLinesOfValues; line++) base::prefetch(value - 64 * line);
  }

  // Begins loading the value of entry `i`, if there is one, for who comes nearer step by step.
  void prefetch_value_ahead(uint32_t i) const {
    if (i >= entries_) return;
    const char* value = this->value(i).data();
    base::prefetch(value);
    base::prefetch(value + 64);
  }

  // The first entry at or after (key, trailer) in internal order; entries() if there is none.
  uint32_t lower_bound(Bytes key, uint64_t trailer) const;

 private:
  static constexpr size_t kLinesOfValues = 14;

  Result<void> check() const;
  Result<void> check_keys(uint64_t* at) const;
  Result<void> check_trailers() const;

  uint64_t base_trailer() const { return base::load<uint64_t>(image_); }
  const char* tags() const { return image_ + kBlockHeaderBytes + prefix_bytes_; }
  const char* trailers() const { return heads_ + size_t{8} * entries_; }
  const char* value_offsets() const { return trailers() + size_t{trailer_width_} * entries_; }
  const char* suffix_offsets() const {
    return value_offsets() + ((flags_ & kEqualValues) != 0 ? 0 : size_t{2} * entries_ + 2);
  }
  const char* head_sizes() const { return suffix_offsets() + size_t{2} * entries_ + 2; }  // if keys differ in size
  const char* suffixes() const {
    if ((flags_ & kEqualKeys) != 0) return suffix_offsets();
    return head_sizes() + ((flags_ & kShortKeys) != 0 ? entries_ : 0);
  }
  uint64_t matches(uint32_t from, uint8_t tag) const;
  void prefetch_entry(uint32_t i) const;
  void prefetch_value(uint32_t i) const {
    const char* value = this->value(i).data();
    base::prefetch(value);
    base::prefetch(value + 64);
  }
  bool rest_equals(uint32_t i, const char* rest, size_t size) const;
  int compare_behind_head(uint32_t i, const char* rest, size_t size, uint64_t trailer) const;

  const char* image_ = nullptr;
  const char* heads_ = nullptr;
  const char* values_ = nullptr;
  size_t image_bytes_ = 0;
  uint32_t entries_ = 0;
  uint32_t prefix_bytes_ = 0;
  uint32_t key_rest_ = 0;
  uint32_t value_bytes_ = 0;
  uint8_t flags_ = 0;
  uint8_t trailer_width_ = 0;
};

inline BlockView::BlockView(Bytes image)
    : image_(image.data()),
      image_bytes_(image.size()),
      entries_(base::load<uint16_t>(image_ + 16)),
      prefix_bytes_(base::load<uint32_t>(image_ + 20)),
      key_rest_(base::load<uint32_t>(image_ + 24)),
      value_bytes_(base::load<uint32_t>(image_ + 28)),
      flags_(static_cast<uint8_t>(image_[18])),
      trailer_width_(static_cast<uint8_t>(image_[19])) {
  heads_ = image_ + base::align_up(kBlockHeaderBytes + entries_ + uint64_t{prefix_bytes_}, 8);
  values_ = image_ + base::load<uint32_t>(image_ + 32);
}

inline BlockView::Rest BlockView::rest(uint32_t i) const {
  if ((flags_ & kEqualKeys) != 0) {
    const size_t suffix_bytes = key_rest_ > base::kHeadBytes ? key_rest_ - base::kHeadBytes : 0;
    return {suffixes() + suffix_bytes * i, key_rest_};
  }
  const char* offsets = suffix_offsets();
  const uint16_t begin = base::load<uint16_t>(offsets + size_t{2} * i);
  const uint16_t end = base::load<uint16_t>(offsets + size_t{2} * i + 2);
  const size_t head_bytes = (flags_ & kShortKeys) != 0 ? static_cast<uint8_t>(head_sizes()[i]) : base::kHeadBytes;
  return {suffixes() + begin, head_bytes + end - begin};
}

inline size_t BlockView::copy_rest(uint32_t i, char* to) const {
  const Rest r = rest(i);
  to += prefix_bytes_;
  base::store(to, __builtin_bswap64(head(i)));
  if (r.size > base::kHeadBytes) {
    const size_t suffix_bytes = r.size - base::kHeadBytes;
    constexpr size_t kShort = kKeySlack - base::kHeadBytes;  // mostly it is: one copy of fixed size
    if (suffix_bytes <= kShort && r.suffix + kShort <= image_ + image_bytes_) [[likely]] {
      std::memcpy(to + base::kHeadBytes, r.suffix, kShort);
    } else {
      std::memcpy(to + base::kHeadBytes, r.suffix, suffix_bytes);
    }
  }
  return prefix_bytes_ + r.size;
}

inline size_t BlockView::copy_key(uint32_t i, char* to) const {
  std::memcpy(to, prefix().data(), prefix_bytes_);
  return copy_rest(i, to);
}

// Bit j is set if tags[from + j] == tag. A block of 8 entries or more has 64 readable bytes from any multiple of 64 below n
// on, since the heads follow the tags; a smaller one has 8, and may have no more.
inline uint64_t BlockView::matches(uint32_t from, uint8_t tag) const {
  const uint32_t left = entries_ - from;
  uint64_t mask = 0;
  if (entries_ >= 8) [[likely]] {
    mask = match_64_tags(tags() + from, tag);
  } else {
    const uint64_t few[2] = {base::load<uint64_t>(tags()), 0};
    mask = match_16_tags(reinterpret_cast<const char*>(few), tag);
  }
  return left >= kTagsAtOnce ? mask : mask & ((uint64_t{1} << left) - 1);
}

inline bool BlockView::rest_equals(uint32_t i, const char* wanted, size_t size) const {
  const Rest r = rest(i);
  if (r.size != size) return false;
  return size <= base::kHeadBytes || equal_bytes(r.suffix, wanted + base::kHeadBytes, size - base::kHeadBytes);
}

inline BlockView::Found BlockView::find(Bytes key, uint64_t key_hash, uint64_t newest) const {
  if (key.size() < prefix_bytes_ || !equal_bytes(key.data(), image_ + kBlockHeaderBytes, prefix_bytes_)) {
    return {entries_, false};
  }
  const char* wanted = key.data() + prefix_bytes_;
  const size_t size = key.size() - prefix_bytes_;
  const uint64_t wanted_head = base::head_of(wanted, size);
  uint32_t too_new = entries_;
  for (uint32_t from = 0; from < entries_; from += kTagsAtOnce) {
    for (uint64_t mask = matches(from, tag_of(key_hash)); mask != 0; mask &= mask - 1) {
      const uint32_t i = from + static_cast<uint32_t>(std::countr_zero(mask));
      prefetch_value(i);  // its miss is waited for together with the head's
      if (head(i) != wanted_head || !rest_equals(i, wanted, size)) continue;
      if (trailer(i) <= newest) return {i, false};
      too_new = i;
    }
  }
  return {entries_, too_new + 1 == entries_};
}

inline void BlockView::prefetch_match(uint64_t key_hash) const {
  uint32_t most = 4;  // of a key's many versions all tags match
  for (uint32_t from = 0; from < entries_; from += kTagsAtOnce) {
    for (uint64_t mask = matches(from, tag_of(key_hash)); mask != 0; mask &= mask - 1) {
      prefetch_entry(from + static_cast<uint32_t>(std::countr_zero(mask)));
      if (--most == 0) return;
    }
  }
}

inline void BlockView::prefetch_entry(uint32_t i) const {
  base::prefetch(heads_ + size_t{8} * i);
  if (trailer_width_ != 0) base::prefetch(trailers() + size_t{trailer_width_} * i);
  if ((flags_ & kEqualKeys) == 0) {
    base::prefetch(suffix_offsets() + size_t{2} * i);
  } else if (key_rest_ > base::kHeadBytes) {
    base::prefetch(rest(i).suffix);
  }
  if ((flags_ & kEqualValues) == 0) {
    base::prefetch(value_offsets() + size_t{2} * i);
  } else {
    prefetch_value(i);
  }
}

}  // namespace nacre::format
