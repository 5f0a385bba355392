// BlockBuilder: makes the image of a data block (block.h draws it) from entries in internal order.
//
// The size of the finished image is known exactly before each entry is added, so a block is filled to the limit and
// never past it.
//
// Thread safety: one thread at a time. Ownership: copies keys and values; keeps its buffers from block to block.
#pragma once

#include <string>
#include <vector>

#include "format/entry.h"
#include "os/pages.h"

namespace nacre::format {

class BlockBuilder {
 public:
  // `limit_bytes`: of an image, kMinBlockBytes to kMaxBlockBytes.
  explicit BlockBuilder(uint32_t limit_bytes);

  // False, and nothing changes, if the image would grow past the limit: finish() first, or, if the builder is empty, make
  // a block for the entry alone. The caller sees to the order of entries; `key_hash` is base::hash_key(key).
  bool add(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value);

  bool empty() const { return shape_.entries == 0; }
  uint32_t entries() const { return shape_.entries; }
  uint64_t image_bytes() const { return empty() ? 0 : image_bytes(shape_); }
  Bytes last_key() const { return key(shape_.entries - 1); }  // if not empty
  uint64_t last_trailer() const { return trailers_.back(); }

  // Replaces *image by the block of what was added since the last call (not nothing) and starts anew.
  void finish(os::LargeString* image);

  // The image of a block with this one entry, whatever its size.
  static void make_lone(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value, os::LargeString* image);

 private:
  // What decides the size of the image.
  struct Shape {
    uint32_t entries = 0;
    uint32_t prefix_bytes = 0;
    uint32_t shortest_key = 0;
    uint32_t longest_key = 0;
    uint64_t suffix_bytes = 0;
    uint64_t value_bytes = 0;
    bool equal_values = true;
    uint64_t lowest_trailer = 0;
    uint64_t highest_trailer = 0;

    bool equal_keys() const { return shortest_key == longest_key; }
    bool short_keys() const;
    uint32_t trailer_width() const;
  };

  static uint64_t heads_at(const Shape& shape);
  static uint64_t image_bytes(const Shape& shape);
  Shape with(Bytes key, uint64_t trailer, Bytes value) const;
  Bytes key(uint32_t i) const { return Bytes(keys_).substr(key_at_[i], key_at_[i + 1] - key_at_[i]); }
  void append_entry(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value);
  void write(char* to) const;
  char* write_keys(char* heads, char* to) const;
  char* write_trailers(char* to) const;
  void reset();

  const uint32_t limit_bytes_;
  Shape shape_;
  uint64_t entries_hash_ = 0;
  std::string tags_;
  std::string keys_;  // back to back
  std::string values_;
  std::vector<uint32_t> key_at_;  // where each begins, and where the last one ends
  std::vector<uint64_t> value_at_;
  std::vector<uint64_t> trailers_;
};

}  // namespace nacre::format
