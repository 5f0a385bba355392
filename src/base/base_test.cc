#include <gtest/gtest.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <map>
#include <set>

#include "base/bits.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/histogram.h"
#include "base/intrusive_ptr.h"
#include "base/key_buffer.h"
#include "base/memory_account.h"
#include "base/prng.h"
#include "base/result.h"

namespace nacre::base {
namespace {

TEST(Coding, VarintsRoundTripAtEveryWidth) {
  for (unsigned bit = 0; bit < 64; bit++) {
    for (uint64_t value : {uint64_t{1} << bit, (uint64_t{1} << bit) - 1, ~uint64_t{0} >> bit}) {
      std::string bytes;
      append_varint(bytes, value);
      EXPECT_EQ(bytes.size(), varint64_bytes(value));
      Decoder decoder(bytes);
      EXPECT_EQ(decoder.varint(), value);
      EXPECT_TRUE(decoder.ok() && decoder.at_end());
    }
  }
}

TEST(Coding, CutAndOverlongVarintsAreRefused) {
  std::string bytes;
  append_varint(bytes, ~uint64_t{0});
  for (size_t size = 0; size < bytes.size(); size++) {
    Decoder decoder(Bytes(bytes).substr(0, size));
    decoder.varint();
    EXPECT_FALSE(decoder.ok()) << size;
  }
  bytes.back() = 2;  // a 65th bit
  Decoder decoder(bytes);
  decoder.varint();
  EXPECT_FALSE(decoder.ok());
  EXPECT_EQ(decoder.fixed<uint32_t>(), 0U);  // stays failed
}

TEST(Coding, DecoderNeverPassesItsEnd) {
  Decoder decoder(Bytes("abc"));
  EXPECT_EQ(decoder.bytes(4), Bytes());
  EXPECT_FALSE(decoder.ok());
  std::string huge;
  append_varint(huge, ~uint64_t{0});  // a length that would overflow any sum
  Decoder sized(huge);
  EXPECT_EQ(sized.sized(), Bytes());
  EXPECT_FALSE(sized.ok());
}

TEST(Bits, HeadsOrderAsKeysDo) {
  Prng prng(1);
  std::map<std::string, uint64_t> heads;
  for (int i = 0; i < 2000; i++) {
    std::string key(prng.below(12), '\0');
    for (char& c : key) c = static_cast<char>(prng.below(4) * 85);
    heads[key] = head_of(key);
  }
  uint64_t last = 0;
  for (const auto& [key, head] : heads) {
    EXPECT_GE(head, last);
    last = head;
    EXPECT_EQ(head_at(key, 3), key.size() > 3 ? head_of(Bytes(key).substr(3)) : 0);
  }
}

TEST(Bits, CommonPrefix) {
  EXPECT_EQ(common_prefix("", "a"), 0U);
  for (size_t n = 0; n < 40; n++) {
    const std::string a(n, 'x');
    EXPECT_EQ(common_prefix(a + "1", a + "2"), n);
    EXPECT_EQ(common_prefix(a, a + "2"), n);
  }
}

TEST(Checksum, OutputsAreFrozen) {  // stored on disk: these values must never change
  EXPECT_EQ(checksum64("nacre", 7), checksum64("nacre", 7));
  EXPECT_NE(checksum64("nacre", 7), checksum64("nacre", 8));
  EXPECT_EQ(hash_key(""), 0x2d06800538d394c2ULL);
  EXPECT_EQ(hash_key("a"), 0xe6c632b61e964e1fULL);
  EXPECT_EQ(checksum64(std::string(1000, 'n'), 0), 0x26fa31326f67c4dfULL);
  EXPECT_EQ(checksum64(std::string(5000, 'n'), 7), 0x478b252a5060b539ULL);
}

// Long pieces have a loop of their own where the processor has wide registers (checksum_avx2.cc); a file may go on to one that has not.
TEST(Checksum, IsTheSameWithWideRegisters) {
  std::string bytes(70'000, '\0');
  Prng random(5);
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  for (size_t size = 0; size < bytes.size(); size += size < 1300 ? 1 : 997) {
    const Bytes piece = Bytes(bytes).substr(size % 64, size);
    for (const uint64_t seed : {uint64_t{0}, uint64_t{size} << 40 | 7}) {
      ASSERT_EQ(checksum64(piece, seed), XXH3_64bits_withSeed(piece.data(), piece.size(), seed)) << size;
    }
  }
}

TEST(Histogram, QuantilesAreWithinOnePercent) {
  Histogram histogram;
  for (uint64_t v = 1; v <= 1'000'000; v++) histogram.record(v);
  for (double q : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = q * 1e6;
    EXPECT_NEAR(static_cast<double>(histogram.quantile(q)), exact, exact * 0.01) << q;
  }
  EXPECT_EQ(histogram.summary().max, 1'000'000U);
  EXPECT_EQ(histogram.summary().count, 1'000'000U);
  for (uint64_t v : {0ULL, 1ULL, 63ULL, 64ULL, 1000ULL, ~0ULL}) {
    const double middle = static_cast<double>(Histogram::value_of(Histogram::bucket_of(v)));
    EXPECT_NEAR(middle, static_cast<double>(v), static_cast<double>(v) * 0.01) << v;
  }
}

TEST(Histogram, ASummarySaysWhatEachQuantileSays) {
  Prng random(11);
  for (int round = 0; round < 300; round++) {
    Histogram all;
    LatencyHistogram bounded;
    for (uint64_t left = random.below(50) * random.below(50); left != 0; left--) {
      const uint64_t value = random.next() >> random.below(64);
      all.record(value);
      bounded.record(value);
    }
    const auto compare = [](const auto& histogram) {
      const HistogramSummary summary = histogram.summary();
      EXPECT_EQ(summary.p50, histogram.quantile(0.5));
      EXPECT_EQ(summary.p90, histogram.quantile(0.9));
      EXPECT_EQ(summary.p99, histogram.quantile(0.99));
      EXPECT_EQ(summary.p999, histogram.quantile(0.999));
    };
    compare(all);
    compare(bounded);
    EXPECT_EQ(bounded.summary().count, all.summary().count);
  }
}

TEST(Histogram, SumsAndBeginsAnew) {
  Histogram both;
  Histogram other;
  for (uint64_t v : {1, 5, 70}) both.record(v);
  for (uint64_t v : {2, 5, 9000}) other.record(v);
  both.add(other);
  EXPECT_EQ(both.summary().count, 6U);
  EXPECT_EQ(both.summary().sum, 9083U);
  EXPECT_EQ(both.summary().max, 9000U);
  EXPECT_EQ(both.quantile(0.5), 5U);
  other.add(both);
  EXPECT_EQ(other.summary().max, 9000U);
  both.clear();
  EXPECT_EQ(both.summary(), HistogramSummary());
}

TEST(Histogram, ABoundedOneCountsLargerValuesAsItsLargest) {
  LatencyHistogram histogram;
  histogram.record(1000);
  histogram.record((uint64_t{1} << 38) - 1);
  histogram.record(uint64_t{1} << 50);
  const HistogramSummary summary = histogram.summary();
  EXPECT_EQ(summary.count, 3U);
  EXPECT_EQ(summary.max, uint64_t{1} << 50);
  EXPECT_EQ(summary.sum, 1000 + (uint64_t{1} << 38) - 1 + (uint64_t{1} << 50));
  EXPECT_NEAR(static_cast<double>(summary.p999), static_cast<double>(uint64_t{1} << 38), (uint64_t{1} << 38) * 0.01);
}

TEST(Histogram, ASparseOneSaysTheSame) {
  Histogram dense;
  SparseHistogram sparse;
  EXPECT_EQ(sparse.summary().p50, 0U);
  for (uint64_t v = 1; v < uint64_t{1} << 60; v += v / 3 + 1) {
    dense.record(v);
    sparse.record(v);
  }
  EXPECT_EQ(sparse.summary(), dense.summary());
}

struct Counted : RefCounted<Counted> {
  explicit Counted(int* gone_count) : gone(gone_count) {}
  ~Counted() { ++*gone; }
  int* gone;
};

TEST(IntrusivePtr, DeletesWithTheLastReference) {
  int gone = 0;
  {
    auto a = make_intrusive<Counted>(&gone);
    auto b = a;
    a = nullptr;
    EXPECT_EQ(gone, 0);
    EXPECT_EQ(b->reference_count(), 1U);
  }
  EXPECT_EQ(gone, 1);
}

TEST(MemoryAccount, TheCacheLeavesWhatTheOthersHeldLately) {
  MemoryAccount account(1000, 50);
  EXPECT_EQ(account.left_for_cache(), 950U);
  account.charge(MemoryPart::kCache, 400);
  EXPECT_EQ(account.left_for_cache(), 950U) << "its own is not another's";
  MemoryCharge job(&account, MemoryPart::kCompaction, 200);
  job.resize(300);
  EXPECT_EQ(account.left_for_cache(), 650U) << "found when a resize charged the new before it released the old";
  job.resize(100);
  EXPECT_EQ(account.held_total(), 500U);
  EXPECT_EQ(account.left_for_cache(), 650U);
  account.forget_peak(2);
  EXPECT_EQ(account.left_for_cache(), 750U);
  account.forget_peak(1);
  EXPECT_EQ(account.left_for_cache(), 850U);
  account.charge(MemoryPart::kMemtable, 5000);
  EXPECT_EQ(account.left_for_cache(), 0U);
}

TEST(ErrorText, NamesFileAndOffset) {
  const Error error = corruption(Operation::kRead, FileKind::kTable, 13, 8192, "block checksum mismatch");
  EXPECT_EQ(error.to_string(), "corruption while reading 000013.sst at offset 8192: block checksum mismatch");
}

// A test that compared the error of a success with an expected one could pass by chance.
TEST(ResultDeathTest, AskingASuccessForItsErrorIsABug) {
  const Result<int> value = 1;
  const Result<void> done;
  EXPECT_DEATH((void)value.error(), "holds none");
  EXPECT_DEATH((void)done.error(), "holds none");
}

TEST(Errors, EveryKindOperationAndFileHasWordsOfItsOwn) {
  std::set<std::string> texts;
  int count = 0;
  const auto note = [&](const Error& error) {
    texts.insert(error.to_string());
    count++;
  };
  for (int i = 0; i <= static_cast<int>(ErrorKind::kUnsupported); i++) note({.kind = static_cast<ErrorKind>(i)});
  for (int i = 1; i <= static_cast<int>(Operation::kConfigure); i++) note({.operation = static_cast<Operation>(i)});
  for (int i = 1; i <= static_cast<int>(FileKind::kOther); i++)
    note({.file_kind = static_cast<FileKind>(i), .file_number = 7});
  EXPECT_EQ(texts.size(), static_cast<size_t>(count));
  for (const std::string& text : texts) EXPECT_FALSE(text.contains("unknown")) << text;
}

TEST(KeyBuffer, HoldsKeysOfEachLength) {
  KeyBuffer buffer;
  for (const size_t size : {0U, 1U, 15U, 16U, 63U, 64U, 65U, 1000U, 3U, 64U, 65U, 0U}) {
    const std::string key(size, static_cast<char>('a' + size % 26));
    EXPECT_EQ(buffer.assign(key), Bytes(key));
    EXPECT_EQ(buffer.view(), Bytes(key));
  }
}

TEST(KeyBuffer, SameKeyIsEquality) {
  const std::vector<std::string> keys{"",         "a",          "b",          "abcdefg",    "abcdefgh", "bbcdefgh",
                                      "abcdefgi", "abcdefghij", "xbcdefghij", "abcdefghix", "abcdefg"};
  for (const std::string& a : keys) {
    for (const std::string& b : keys) EXPECT_EQ(same_key(a, b), a == b) << a << " and " << b;
  }
}

}  // namespace
}  // namespace nacre::base
