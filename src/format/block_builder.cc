#include "format/block_builder.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/bits.h"
#include "base/coding.h"
#include "format/block.h"
#include "format/entry_hash.h"
#include "nacre/options.h"

namespace nacre::format {
namespace {

// What of a key of `size` bytes lies neither in the prefix nor in the head.
uint64_t suffix_of(uint64_t size, uint64_t prefix_bytes) {
  const uint64_t before = prefix_bytes + base::kHeadBytes;
  return size > before ? size - before : 0;
}

}  // namespace

BlockBuilder::BlockBuilder(uint32_t limit_bytes) : limit_bytes_(limit_bytes) {
  NACRE_CHECK(limit_bytes >= kMinBlockBytes && limit_bytes <= kMaxBlockBytes);
  reset();
}

bool BlockBuilder::Shape::short_keys() const { return !equal_keys() && shortest_key < prefix_bytes + base::kHeadBytes; }

uint32_t BlockBuilder::Shape::trailer_width() const {
  if (lowest_trailer == highest_trailer) return 0;
  return highest_trailer - (lowest_trailer & ~uint64_t{0xff}) <= UINT32_MAX ? 4 : 8;
}

uint64_t BlockBuilder::heads_at(const Shape& shape) {
  return base::align_up(kBlockHeaderBytes + shape.entries + uint64_t{shape.prefix_bytes}, 8);
}

uint64_t BlockBuilder::image_bytes(const Shape& shape) {
  const uint64_t n = shape.entries;
  const uint64_t offsets = 2 * n + 2;
  return heads_at(shape) + (8 + uint64_t{shape.trailer_width()}) * n + (shape.equal_values ? 0 : offsets) +
         (shape.equal_keys() ? 0 : offsets) + (shape.short_keys() ? n : 0) + shape.suffix_bytes + shape.value_bytes;
}

// Keys ascend, so the prefix of all is the common prefix of the first and the last.
BlockBuilder::Shape BlockBuilder::with(Bytes key, uint64_t trailer, Bytes value) const {
  const auto size = static_cast<uint32_t>(key.size());
  if (empty()) {
    return Shape{.entries = 1,
                 .prefix_bytes = size,
                 .shortest_key = size,
                 .longest_key = size,
                 .value_bytes = value.size(),
                 .lowest_trailer = trailer,
                 .highest_trailer = trailer};
  }
  Shape next = shape_;
  const Bytes prefix = Bytes(keys_).substr(0, shape_.prefix_bytes);
  if (!key.starts_with(prefix)) {
    next.prefix_bytes = static_cast<uint32_t>(base::common_prefix(prefix, key));
    next.suffix_bytes = 0;
    for (uint32_t i = 0; i < shape_.entries; i++) {
      next.suffix_bytes += suffix_of(key_at_[i + 1] - key_at_[i], next.prefix_bytes);
    }
  }
  next.entries++;
  next.suffix_bytes += suffix_of(size, next.prefix_bytes);
  next.shortest_key = std::min(next.shortest_key, size);
  next.longest_key = std::max(next.longest_key, size);
  next.equal_values = next.equal_values && value.size() == value_at_[1];
  next.value_bytes += value.size();
  next.lowest_trailer = std::min(next.lowest_trailer, trailer);
  next.highest_trailer = std::max(next.highest_trailer, trailer);
  return next;
}

bool BlockBuilder::add(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value) {
  NACRE_DCHECK(key.size() <= kMaxKeyBytes && value.size() <= kMaxValueBytes);
  if (key.size() + value.size() > limit_bytes_) return false;
  const Shape next = with(key, trailer, value);
  if (image_bytes(next) > limit_bytes_) return false;
  shape_ = next;
  append_entry(key, key_hash, trailer, value);
  return true;
}

void BlockBuilder::append_entry(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value) {
  entries_hash_ += entry_hash(key_hash, trailer, value);
  tags_.push_back(static_cast<char>(tag_of(key_hash)));
  keys_.append(key);
  key_at_.push_back(static_cast<uint32_t>(keys_.size()));
  values_.append(value);
  value_at_.push_back(values_.size());
  trailers_.push_back(trailer);
}

void BlockBuilder::finish(os::LargeString* image) {
  NACRE_CHECK(!empty());
  const uint64_t size = image_bytes(shape_);
  image->resize_and_overwrite(size, [&](char* to, size_t) {
    write(to);
    return size;
  });
  reset();
}

void BlockBuilder::make_lone(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value, os::LargeString* image) {
  BlockBuilder builder(kMinBlockBytes);
  builder.shape_ = builder.with(key, trailer, value);
  const uint64_t size = image_bytes(builder.shape_);
  builder.append_entry(key, key_hash, trailer, Bytes());  // the value is copied once, to its place
  builder.entries_hash_ = entry_hash(key_hash, trailer, value);
  image->resize_and_overwrite(size, [&](char* to, size_t) {
    builder.write(to);
    if (!value.empty()) std::memcpy(to + size - value.size(), value.data(), value.size());
    return size;
  });
}

void BlockBuilder::write(char* to) const {
  const uint32_t n = shape_.entries;
  const uint64_t heads = heads_at(shape_);
  const uint64_t first_value_bytes = n == 1 ? shape_.value_bytes : value_at_[1];
  const bool equal_keys = shape_.equal_keys();
  std::memset(to, 0, kBlockHeaderBytes);
  base::store(to, shape_.trailer_width() == 0 ? shape_.lowest_trailer : shape_.lowest_trailer & ~uint64_t{0xff});
  base::store(to + 8, entries_hash_);
  base::store(to + 16, static_cast<uint16_t>(n));
  to[18] = static_cast<char>((equal_keys ? kEqualKeys : 0) | (shape_.equal_values ? kEqualValues : 0) |
                             (shape_.short_keys() ? kShortKeys : 0));
  to[19] = static_cast<char>(shape_.trailer_width());
  base::store(to + 20, shape_.prefix_bytes);
  base::store(to + 24, equal_keys ? shape_.longest_key - shape_.prefix_bytes : 0);
  base::store(to + 28, shape_.equal_values ? static_cast<uint32_t>(first_value_bytes) : 0);

  char* at = to + kBlockHeaderBytes;
  if (shape_.prefix_bytes != 0) std::memcpy(at, keys_.data(), shape_.prefix_bytes);
  at += shape_.prefix_bytes;
  std::memcpy(at, tags_.data(), n);
  at += n;
  std::memset(at, 0, static_cast<size_t>(to + heads - at));

  at = write_trailers(to + heads + size_t{8} * n);
  for (uint32_t i = 0; !shape_.equal_values && i <= n; i++, at += 2)
    base::store(at, static_cast<uint16_t>(value_at_[i]));
  at = write_keys(to + heads, at);
  base::store(to + 32, static_cast<uint32_t>(at - to));
  if (!values_.empty()) std::memcpy(at, values_.data(), values_.size());
}

char* BlockBuilder::write_trailers(char* to) const {
  const uint32_t width = shape_.trailer_width();
  const uint64_t base = shape_.lowest_trailer & ~uint64_t{0xff};
  for (uint32_t i = 0; width != 0 && i < shape_.entries; i++, to += width) {
    if (width == 4) {
      base::store(to, static_cast<uint32_t>(trailers_[i] - base));
    } else {
      base::store(to, trailers_[i]);
    }
  }
  return to;
}

// Fills the heads, and from `to` on the columns of the suffixes; returns where they end.
char* BlockBuilder::write_keys(char* heads, char* to) const {
  const uint32_t n = shape_.entries;
  const bool equal_keys = shape_.equal_keys();
  char* const offsets = to;
  if (!equal_keys) to += size_t{2} * n + 2;
  if (shape_.short_keys()) {
    for (uint32_t i = 0; i < n; i++) {
      *to++ = static_cast<char>(std::min<size_t>(base::kHeadBytes, key(i).size() - shape_.prefix_bytes));
    }
  }
  const char* const suffixes = to;
  for (uint32_t i = 0; i < n; i++) {
    const Bytes rest = key(i).substr(shape_.prefix_bytes);
    base::store(heads + size_t{8} * i, base::head_of(rest));
    if (!equal_keys) base::store(offsets + size_t{2} * i, static_cast<uint16_t>(to - suffixes));
    if (rest.size() > base::kHeadBytes) {
      std::memcpy(to, rest.data() + base::kHeadBytes, rest.size() - base::kHeadBytes);
      to += rest.size() - base::kHeadBytes;
    }
  }
  if (!equal_keys) base::store(offsets + size_t{2} * n, static_cast<uint16_t>(to - suffixes));
  return to;
}

void BlockBuilder::reset() {
  shape_ = Shape{};
  entries_hash_ = 0;
  tags_.clear();
  keys_.clear();
  values_.clear();
  key_at_.assign(1, 0);
  value_at_.assign(1, 0);
  trailers_.clear();
}

}  // namespace nacre::format
