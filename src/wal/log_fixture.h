// LogFixture: a log in a fake directory, and what the tests do with it most.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/prng.h"
#include "format/file_names.h"
#include "wal/fake_directory.h"
#include "wal/recovery.h"
#include "wal/wal.h"

namespace nacre::wal {

inline constexpr uint64_t kStart = format::kFirstLsn;

inline format::Uuid test_uuid() { return format::Uuid::from_random(0x1122334455667788, 0x99aabbccddeeff00); }

// The payload of a record follows from its first sequence and its size.
inline std::string payload_of(format::Sequence sequence, uint64_t bytes) {
  base::Prng prng(sequence * 1315423911 + bytes);
  std::string payload(bytes, '\0');
  for (char& byte : payload) byte = static_cast<char>(prng.next());
  return payload;
}

struct Appended {
  format::Sequence first_sequence = 0;
  uint32_t count = 0;
  uint64_t bytes = 0;
  uint64_t lsn = 0;
  uint64_t end_lsn = 0;
};

// What a recovery delivered, checked for being records that payload_of() made.
struct Recovered {
  Result<RecoveryReport> report = RecoveryReport{};
  std::vector<Appended> records;
  LogDamage damage;
};

inline Recovered recover(Directory& directory, const LogBegin& from) {
  Recovered recovered;
  recovered.report = recover_log(
      directory, test_uuid(), from,
      [&](const RecoveredRecord& record) -> Result<void> {
        EXPECT_EQ(record.payload, payload_of(record.first_sequence, record.payload.size()))
            << "a record that nobody wrote";
        recovered.records.push_back(
            {record.first_sequence, record.count, record.payload.size(), record.lsn, record.end_lsn});
        return {};
      },
      &recovered.damage);
  return recovered;
}

// The floor at `lsn` as a manifest would have it, if what the segments say is right: that of the greatest base below.
inline format::LogFloor floor_at(Directory& directory, uint64_t lsn) {
  format::LogFloor floor{.lsn = lsn, .segment = 1};
  uint64_t base_lsn = 0;
  const auto survey = LogSurvey::of(directory, test_uuid());
  for (const SurveyedSegment& segment : survey ? survey->segments() : std::vector<SurveyedSegment>()) {
    if (!segment.placed() || segment.base_lsn() > lsn || segment.base_lsn() <= base_lsn) continue;
    base_lsn = segment.base_lsn();
    floor.segment = segment.file.number;
  }
  return floor;
}

inline Recovered recover(Directory& directory, uint64_t from_lsn = kStart) {
  return recover(directory, LogBegin{.floor = floor_at(directory, from_lsn)});
}

// What a flush does with the log.
inline format::LogFloor release(Wal& log, uint64_t lsn) {
  const format::LogFloor floor = log.floor_at(lsn).value();
  log.release_before(floor).value();
  return floor;
}

class LogFixture : public ::testing::Test {
 protected:
  Wal::Options options() {
    return {.uuid = test_uuid(),
            .salt_seed = ++salt_seed_,
            .first_segment_bytes = 16384,
            .max_segment_bytes = 65536,
            .kept_segments = 2,
            .account = &account_};
  }
  Result<std::unique_ptr<Wal>> create(const Wal::Options& chosen, uint64_t start_lsn = kStart) {
    return Wal::create(directory_, [this] { return next_number_++; }, chosen, start_lsn);
  }
  std::unique_ptr<Wal> create() { return create(options()).value(); }

  // Appends one record; the sequence goes on by `count`.
  Result<Appended> append(Wal& log, uint64_t bytes, uint32_t count = 1) {
    auto claim = log.claim(bytes, next_sequence_, count);
    if (!claim) return claim.error();
    const std::string payload = payload_of(next_sequence_, bytes);
    payload.copy(Wal::payload(*claim), bytes);
    log.seal(*claim);
    const Appended appended{next_sequence_, count, bytes, claim->lsn, claim->end_lsn};
    next_sequence_ += count;
    return appended;
  }
  std::vector<Appended> append_many(Wal& log, int records, uint64_t bytes) {
    std::vector<Appended> all;
    for (int i = 0; i < records; ++i) all.push_back(append(log, bytes).value());
    return all;
  }

  // Expects that `recovered` holds exactly the first `count` of `written`.
  static void expect_prefix(const Recovered& recovered, const std::vector<Appended>& written, size_t count) {
    ASSERT_EQ(recovered.records.size(), count);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(recovered.records[i].first_sequence, written[i].first_sequence);
      EXPECT_EQ(recovered.records[i].count, written[i].count);
      EXPECT_EQ(recovered.records[i].lsn, written[i].lsn);
      EXPECT_EQ(recovered.records[i].end_lsn, written[i].end_lsn);
    }
  }
  void flip(const std::string& name, uint64_t offset, int bit) {
    std::string bytes = directory_.contents(name);
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << bit));
    directory_.put(name, bytes);
  }

  base::MemoryAccount account_{uint64_t{1} << 30};
  FakeDirectory directory_;
  std::atomic<uint64_t> next_number_{1};
  uint64_t salt_seed_ = 100;
  format::Sequence next_sequence_ = 1;
};

// What is common to the tests of recovery.
class RecoveryTest : public LogFixture {
 protected:
  RecoveryTest() { small_.first_segment_bytes = small_.max_segment_bytes = 16384; }
  static uint64_t offset_of(uint64_t lsn) { return format::kLogHeaderBytes + (lsn - kStart); }  // in the first segment

  Wal::Options small_ = options();
};

}  // namespace nacre::wal
