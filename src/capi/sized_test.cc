#include "capi/sized.h"

#include <gtest/gtest.h>

#include <cstring>
#include <type_traits>
#include <vector>

namespace nacre::capi {
namespace {

// Padding would be read as fields some day, and nobody sets it.
static_assert(std::has_unique_object_representations_v<nacre_options>);
static_assert(std::has_unique_object_representations_v<nacre_keyspace_options>);
static_assert(std::has_unique_object_representations_v<nacre_write_options>);
static_assert(std::has_unique_object_representations_v<nacre_scan_options>);
static_assert(std::has_unique_object_representations_v<nacre_error>);
static_assert(std::has_unique_object_representations_v<nacre_log_options>);  // compared as bytes, too
static_assert(std::has_unique_object_representations_v<nacre_config_error>);
static_assert(std::has_unique_object_representations_v<nacre_repair_options>);
static_assert(std::has_unique_object_representations_v<nacre_repair_totals>);
static_assert(std::has_unique_object_representations_v<nacre_repair_finding>);
static_assert(std::has_unique_object_representations_v<nacre_inspect_options>);
static_assert(std::has_unique_object_representations_v<nacre_inspect_item>);
static_assert(std::has_unique_object_representations_v<nacre_inspect_field>);
static_assert(std::has_unique_object_representations_v<nacre_publication>);
static_assert(std::has_unique_object_representations_v<nacre_event>);
static_assert(std::has_unique_object_representations_v<nacre_latency>);

struct Today {
  size_t struct_size;
  uint64_t first;
  uint64_t second;
};

// A struct of `size` bytes, all of them `byte` but for its size.
std::vector<uint64_t> struct_of(size_t size, uint8_t byte = 0) {
  std::vector<uint64_t> words((size + 7) / 8 + 1);
  std::memset(words.data(), byte, size);
  words[0] = size;
  return words;
}
const Today* seen(const std::vector<uint64_t>& words) { return reinterpret_cast<const Today*>(words.data()); }

TEST(SizedTest, WhatAnOlderStructLacksIsZero) {
  for (size_t size = sizeof(size_t); size <= sizeof(Today); size += 8) {
    const Result<Today> known = taken(seen(struct_of(size, 0xff)));
    ASSERT_TRUE(known);
    EXPECT_EQ(known->struct_size, sizeof(Today));
    EXPECT_EQ(known->first, size >= 16 ? UINT64_MAX : 0);
    EXPECT_EQ(known->second, size >= 24 ? UINT64_MAX : 0);
  }
  EXPECT_EQ(taken<Today>(nullptr)->first, 0u);
}

TEST(SizedTest, WhatANewerStructSetsIsRefused) {
  for (size_t size = sizeof(Today) + 8; size <= kLargestStructBytes; size += 8) {
    std::vector<uint64_t> words = struct_of(size);
    ASSERT_TRUE(taken(seen(words)));
    reinterpret_cast<char*>(words.data())[size - 1] = 1;
    const Result<Today> refused = taken(seen(words));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
    reinterpret_cast<char*>(words.data())[size - 1] = 0;
    reinterpret_cast<char*>(words.data())[sizeof(Today)] = 1;
    ASSERT_FALSE(taken(seen(words)));
  }
}

TEST(SizedTest, NoOtherSizeIsOne) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{7}, size_t{12}, kLargestStructBytes + 8, SIZE_MAX - 7, SIZE_MAX}) {
    const Today today{.struct_size = size, .first = 1, .second = 2};
    const Result<Today> refused = taken(&today);
    ASSERT_FALSE(refused) << size;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(SizedTest, WritesNotBeyondTheCallersStruct) {
  const Today value{.struct_size = sizeof value, .first = 1, .second = 2};
  for (size_t size = sizeof(size_t); size <= 40; size += 8) {
    std::vector<uint64_t> words(6, 0xaa);
    words[0] = size;
    give(value, reinterpret_cast<Today*>(words.data()));
    const std::vector<uint64_t> whole{size, 1, 2, 0, 0};
    for (size_t word = 0; word < words.size(); word++) {
      EXPECT_EQ(words[word], word < size / 8 ? whole[word] : 0xaa) << size << ", word " << word;
    }
  }
}

TEST(SizedTest, AnyNumberCanBeReadFromAnEnum) {
  nacre_durability durability;
  const uint32_t number = 0xfedcba98;
  std::memcpy(&durability, &number, sizeof number);
  EXPECT_EQ(number_in(durability), number);
}

}  // namespace
}  // namespace nacre::capi
