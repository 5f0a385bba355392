// Log files of arbitrary bytes: an error or an answer, in bounded time and memory, whatever lies in the directory.

#include <algorithm>

#include "base/coding.h"
#include "wal/log_fixture.h"

namespace nacre::wal {
namespace {

using format::kLogHeaderBytes;
using format::log_name;

class HostileTest : public LogFixture {
 protected:
  // A segment whose header is valid, with these words in it.
  static std::string segment(uint64_t number, uint64_t salt, const format::SegmentPlacement& placement,
                             uint64_t bytes) {
    std::string file = format::encode_segment_identity({.uuid = test_uuid(), .number = number, .salt = salt});
    format::store_segment_placement(file.data(), salt, placement);
    file.resize(bytes, '\0');
    return file;
  }
  // Puts a valid record without looking whether it makes sense there.
  static void put_record(std::string& file, uint64_t offset, uint64_t salt, format::LogRecordHeader header) {
    if (offset + header.record_bytes() > file.size()) return;
    alignas(8) static char room[4096];
    format::seal_log_record(room, header, salt, offset);
    file.replace(offset, header.record_bytes(), room, header.record_bytes());
  }
  void expect_an_answer(uint64_t from_lsn, uint64_t from_segment = 1, uint64_t synced_through = 0) {
    LogDamage damage;
    uint64_t calls = 0;
    const auto result = recover_log(
        directory_, test_uuid(),
        {.floor = {.lsn = from_lsn, .segment = from_segment}, .synced_through = synced_through},
        [&](const RecoveredRecord& record) -> Result<void> {
          for (const char byte : record.payload) touched_ += static_cast<uint8_t>(byte);
          EXPECT_LT(++calls, 100'000u);
          return {};
        },
        &damage);
    if (result) {
      EXPECT_LT(result->next_lsn, format::kMaxLsn);
      EXPECT_GE(result->next_lsn, result->end_lsn);
      ++answers_;
    } else {
      EXPECT_EQ(result.error().kind, ErrorKind::kCorruption);
      ++errors_;
    }
  }

  uint64_t touched_ = 0;
  uint64_t answers_ = 0;
  uint64_t errors_ = 0;
};

TEST_F(HostileTest, DamagedBytesAnywhere) {
  {
    auto log = create();
    append_many(*log, 100, 300);
    log->sync(log->end_lsn()).value();
    append_many(*log, 50, 300);
  }
  const auto files = directory_.snapshot();
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    base::Prng prng(seed);
    directory_.restore(files);
    for (uint64_t changes = 1 + prng.below(4); changes > 0; --changes) {
      const std::string name = log_name(1 + prng.below(files.size()));
      if (!directory_.has(name)) continue;
      std::string bytes = directory_.contents(name);
      const uint64_t at = prng.one_in(2) ? prng.below(1100) : prng.below(bytes.size() + 1);
      switch (prng.below(4)) {
        case 0: bytes.resize(std::min<uint64_t>(at, bytes.size())); break;
        case 1: bytes.append(prng.below(10'000), static_cast<char>(prng.next())); break;
        default:
          for (uint64_t i = at; i < std::min<uint64_t>(bytes.size(), at + 1 + prng.below(64)); ++i) {
            bytes[i] = static_cast<char>(prng.next());
          }
      }
      directory_.put(name, bytes);
    }
    expect_an_answer(prng.one_in(4) ? prng.below(60'000) & ~uint64_t{7} : kStart);
  }
  EXPECT_GT(errors_, 500u);
  EXPECT_GT(answers_, 100u);
}

// Checksums hold, contents are nonsense: what a checksum would hide from the other test.
TEST_F(HostileTest, WellFormedNonsense) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    base::Prng prng(seed);
    directory_.restore({});
    const auto number = [&] { return prng.below(5); };
    const auto lsn = [&] {
      return prng.one_in(8) ? format::kMaxLsn - 8 * prng.below(4) : kLogHeaderBytes + 32 * prng.below(8);
    };
    uint64_t sequence = 0;
    for (uint64_t name = 1; name <= 4; ++name) {
      const uint64_t salt = prng.one_in(6) ? 1 : name;
      const bool has_predecessor = prng.one_in(2);
      std::string file = segment(prng.one_in(6) ? number() : name, salt,
                                 {.base_lsn = lsn(),
                                  .predecessor_number = has_predecessor ? number() : 0,
                                  .predecessor_salt = has_predecessor ? number() : 0,
                                  .synced_through = prng.one_in(4) ? lsn() : 0},
                                 kLogHeaderBytes + 32 * prng.below(20));
      if (prng.one_in(4)) format::store_segment_mark(file.data(), salt, lsn());
      for (uint64_t offset = kLogHeaderBytes; offset < file.size();) {
        const format::LogRecordHeader header{
            .kind = prng.one_in(6) ? format::LogRecordKind::kClosing : format::LogRecordKind::kBatch,
            .payload_bytes = prng.below(70),
            .first_sequence = prng.one_in(8) ? prng.next() >> 8 : sequence += 4,
            .count = static_cast<uint32_t>(prng.one_in(8) ? prng.next() : number()),
            .synced_distance = prng.one_in(4) ? static_cast<uint32_t>(prng.next() >> prng.below(64)) : UINT32_MAX};
        put_record(file, offset, salt, header);
        offset += header.record_bytes() + (prng.one_in(5) ? 32 : 0);
      }
      directory_.put(log_name(name), file);
    }
    expect_an_answer(prng.one_in(9) ? 0 : lsn(), 1 + prng.below(4), prng.one_in(4) ? lsn() : 0);
  }
  EXPECT_GT(errors_, 500u);
  EXPECT_GT(answers_, 100u);
}

TEST_F(HostileTest, SegmentsInACircle) {
  for (uint64_t name = 1; name <= 3; ++name) {
    const uint64_t before = name == 1 ? 3 : name - 1;
    directory_.put(
        log_name(name),
        segment(name, name, {.base_lsn = kStart, .predecessor_number = before, .predecessor_salt = before}, 12288));
  }
  expect_an_answer(kStart);
  EXPECT_EQ(errors_, 1u);
}

// A file full of headers that promise a large record each must not cost a pass over the file for every one.
TEST_F(HostileTest, AFullOfHeadersFileIsGivenUp) {
  constexpr uint64_t kBytes = 16 << 20;
  std::string file = segment(1, 1, {.base_lsn = kStart}, kBytes);
  for (uint64_t offset = kLogHeaderBytes; offset + 32 <= kBytes; offset += 16) {
    base::store<uint32_t>(file.data() + offset + 8, format::log_tag(1));
    base::store<uint32_t>(file.data() + offset + 12, (kBytes - kLogHeaderBytes) / 16);
  }
  directory_.put(log_name(1), file);
  expect_an_answer(kStart);
  EXPECT_EQ(errors_, 1u);
}

// A length is believed only if the file can hold it.
TEST_F(HostileTest, AHugeLengthAllocatesNothing) {
  std::string file = segment(1, 1, {.base_lsn = kStart}, 12288);
  base::store<uint32_t>(file.data() + kLogHeaderBytes + 8, format::log_tag(1));
  base::store<uint32_t>(file.data() + kLogHeaderBytes + 12, 0xffffffff);
  directory_.put(log_name(1), file);
  expect_an_answer(kStart);
  EXPECT_EQ(answers_, 1u);
}

TEST_F(HostileTest, AFloorThatIsNoPositionIsRefused) {
  create().reset();
  for (const uint64_t floor : {uint64_t{4097}, UINT64_MAX, UINT64_MAX - 7, format::kMaxLsn + 8})
    expect_an_answer(floor);
  EXPECT_EQ(errors_, 4u);
}

}  // namespace
}  // namespace nacre::wal
