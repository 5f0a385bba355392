#include "format/batch_format.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/prng.h"
#include "nacre/options.h"

namespace nacre::format {
namespace {

std::string sample() {
  std::string bytes;
  append_op(bytes, {EntryKind::kPut, 0, "key", "value"});
  append_op(bytes, {EntryKind::kErase, 300, "", "ignored"});
  append_op(bytes, {EntryKind::kRangeErase, 7, "a", Bytes("b\0", 2)});
  append_op(bytes, {EntryKind::kPut, 1, "k", std::string(200, 'v')});
  return bytes;
}

TEST(BatchFormat, GoldenBytes) {
  const Bytes golden(
      "\x01\x00\x03\x05keyvalue"
      "\x00\xac\x02\x00"
      "\x02\x07\x01\x02"
      "ab\0"
      "\x01\x01\x01\xc8\x01k",
      12 + 4 + 7 + 6);
  EXPECT_EQ(sample(), std::string(golden) + std::string(200, 'v'));
}

TEST(BatchFormat, RoundTrip) {
  base::Prng prng(5);
  for (int round = 0; round < 200; round++) {
    std::vector<std::string> texts;
    for (int i = 0; i < 12; i++)
      texts.emplace_back(prng.one_in(20) ? prng.below(kMaxKeyBytes + 1) : prng.below(40), 'x');
    std::vector<BatchOp> ops;
    std::string bytes;
    size_t size = 0;
    for (uint64_t i = prng.below(7); i-- > 0;) {
      BatchOp op{static_cast<EntryKind>(prng.below(3)), static_cast<uint32_t>(prng.next() >> prng.below(64)),
                 texts[2 * i], texts[2 * i + 1]};
      append_op(bytes, op);
      size += encoded_bytes(op);
      ASSERT_EQ(bytes.size(), size);
      if (op.kind == EntryKind::kErase) op.value = {};
      ops.push_back(op);
    }
    BatchReader reader(bytes);
    for (const BatchOp& op : ops) {
      BatchOp read;
      ASSERT_TRUE(reader.next(&read).value());
      EXPECT_EQ(read.kind, op.kind);
      EXPECT_EQ(read.keyspace, op.keyspace);
      EXPECT_EQ(read.key, op.key);
      EXPECT_EQ(read.value, op.value);
    }
    BatchOp none;
    EXPECT_FALSE(reader.next(&none).value());
    EXPECT_FALSE(reader.next(&none).value());
  }
}

// Reads to the end or the first error; returns the number of operations, and checks that an error stays.
Result<size_t> read_all(Bytes bytes) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  BatchReader reader(Bytes(copy.data(), copy.size()));
  for (size_t count = 0;; count++) {
    BatchOp op;
    const Result<bool> more = reader.next(&op);
    if (!more) {
      EXPECT_FALSE(reader.next(&op));
      EXPECT_LE(more.error().offset, bytes.size());
      return more.error();
    }
    if (!*more) return count;
    EXPECT_LE(op.key.size() + op.value.size(), bytes.size());
  }
}

TEST(BatchFormat, HostileBytesDoNoHarm) {
  const std::string bytes = sample();
  EXPECT_EQ(read_all(bytes).value(), 4U);
  size_t whole = 0;  // cuts between operations are batches themselves
  for (size_t size = 0; size < bytes.size(); size++) whole += read_all(Bytes(bytes).substr(0, size)) ? 1 : 0;
  EXPECT_EQ(whole, 4U);
  for (size_t i = 0; i < bytes.size(); i++) {
    for (int flip = 1; flip < 256; flip++) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      (void)read_all(damaged);
    }
  }
}

TEST(BatchFormat, ErrorsNameKindAndOffset) {
  std::string bytes = sample();
  bytes[12] = 9;  // the kind of the second operation
  Error error = read_all(bytes).error();
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_EQ(error.offset, 12U);
  error = read_all(Bytes(bytes).substr(0, 11)).error();
  EXPECT_EQ(error.kind, ErrorKind::kCorruption);
  EXPECT_EQ(error.offset, 0U);
}

TEST(BatchFormat, OverLimitLengthsAreRefused) {
  std::string bytes;
  append_op(bytes, {EntryKind::kPut, 0, std::string(kMaxKeyBytes + 1, 'k'), ""});
  EXPECT_FALSE(read_all(bytes));
  bytes = Bytes("\x01\xff\xff\xff\xff\x1f\0\0", 8);  // a keyspace of 33 bits
  EXPECT_FALSE(read_all(bytes));
  bytes = Bytes("\x01\0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k", 14);
  EXPECT_FALSE(read_all(bytes));
}

}  // namespace
}  // namespace nacre::format
