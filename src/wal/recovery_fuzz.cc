// Recovery of whole log directories, whose segments are drawn from the input: as raw bytes, and as well-formed nonsense whose checksums
// hold. The answer is an error of the right kind or records in order; it is the same when asked again; and a log that may be
// written goes on: what is appended behind it is found by the next recovery.

#include <vector>

#include "base/fuzzing.h"
#include "format/file_names.h"
#include "format/mend.h"
#include "os/memory_file_system.h"
#include "wal/recovery.h"
#include "wal/wal.h"

namespace nacre::wal {
namespace {

using format::kLogHeaderBytes;
using os::MemoryFileSystem;

constexpr uint64_t kMaxFileBytes = kLogHeaderBytes + 8192;
const format::Uuid kUuid = format::Uuid::from_random(11, 22);

// Mostly a place near the beginning of the log, so that segments meet.
uint64_t draw_lsn(fuzz::Input& input) {
  const uint8_t shape = input.byte();
  if (shape < 0xc0) return format::kFirstLsn + 32 * (shape % 24U);
  if (shape < 0xe0) return format::kMaxLsn - 8 * (shape & 15U);
  return input.number();
}

// A record, without a look at whether it makes sense where it is put.
void put_record(std::string& file, uint64_t salt, fuzz::Input& input) {
  const uint64_t offset = file.size();
  format::LogRecordHeader header;
  const uint8_t shape = input.byte();
  if ((shape & 0xe0) == 0xe0) header.kind = format::LogRecordKind::kClosing;
  header.payload_bytes = input.below(70);
  header.first_sequence = ((shape & 1) != 0 ? input.below(8) : input.number()) & format::kMaxSequence;
  header.count = static_cast<uint32_t>((shape & 2) != 0 ? input.below(4) : input.number());
  header.synced_distance = static_cast<uint32_t>(input.number());
  if (offset + header.record_bytes() > kMaxFileBytes) return;
  auto room = std::make_unique<uint64_t[]>(header.record_bytes() / 8);
  char* record = reinterpret_cast<char*>(room.get());
  const Bytes payload = input.take(header.payload_bytes);
  payload.copy(record + format::kLogRecordHeaderBytes, payload.size());
  format::seal_log_record(record, header, salt, offset);
  file.append(record, header.record_bytes());
  if ((shape & 0x1c) == 0x1c) file.append(32, '\0');  // a hole
}

std::string draw_segment(uint64_t name, fuzz::Input& input) {
  const uint8_t shape = input.byte();
  if ((shape & 0xc0) == 0xc0) {  // raw bytes
    std::string file(input.bytes(600));
    if ((shape & 1) != 0) file.resize(kLogHeaderBytes);
    if ((shape & 2) != 0) format::testing::mend_log_segment(file);
    return file;
  }
  const uint64_t salt = (shape & 0x38) == 0x38 ? 1 : name;
  const uint64_t number = (shape & 7) == 7 ? input.below(6) : name;
  std::string file = format::encode_segment_identity({.uuid = kUuid, .number = number, .salt = salt});
  const uint8_t parts = input.byte();
  if ((parts & 3) != 3) {
    const uint64_t before = (parts & 0xc) != 0 ? name - 1 : input.below(6);
    format::store_segment_placement(file.data(), salt,
                                    {.base_lsn = draw_lsn(input),
                                     .predecessor_number = before,
                                     .predecessor_salt = before,
                                     .synced_through = (parts & 0x10) != 0 ? 0 : draw_lsn(input)});
  }
  if ((parts & 0x60) == 0x60) format::store_segment_mark(file.data(), salt, draw_lsn(input));
  for (uint64_t records = input.below(12); records > 0; records--) put_record(file, salt, input);
  file.append(8 * input.below(64), '\0');
  return file;
}

struct Answer {
  bool ok = false;
  RecoveryReport report;
  std::vector<RecoveredRecord> records;  // without payloads
};

Answer recover(Directory& directory, const LogBegin& from) {
  Answer answer;
  uint64_t end_lsn = from.floor.lsn;
  LogDamage damage;
  uint64_t sum = 0;
  uint64_t next_sequence = 0;
  const auto report = recover_log(
      directory, kUuid, from,
      [&](const RecoveredRecord& record) -> Result<void> {
        NACRE_CHECK(record.lsn >= end_lsn && record.end_lsn > record.lsn);
        NACRE_CHECK(record.first_sequence >= next_sequence);  // no commit is before an earlier one
        end_lsn = record.end_lsn;
        next_sequence = record.first_sequence + record.count;
        for (const char c : record.payload) sum += static_cast<uint8_t>(c);  // every byte can be read
        answer.records.push_back(record);
        answer.records.back().payload = {};
        return {};
      },
      &damage);
  answer.ok = report.has_value();
  if (!report) {
    NACRE_CHECK(report.error().kind == ErrorKind::kCorruption || report.error().kind == ErrorKind::kUnsupported);
    NACRE_CHECK(damage.begin_lsn == 0 || damage.synced_through > damage.begin_lsn);
    return answer;
  }
  NACRE_CHECK(damage.begin_lsn == 0 && report->records == answer.records.size());
  NACRE_CHECK(report->next_lsn >= report->end_lsn && report->next_lsn <= format::kMaxLsn);
  if (!answer.records.empty()) NACRE_CHECK(report->end_lsn == end_lsn);
  answer.report = *report;
  return answer;
}

// A new log behind the old one, as an open begins it; then the old files go, and the next open reads what was written.
void go_on(Directory& directory, const Answer& answer) {
  constexpr uint64_t kRecords = 6;
  constexpr uint64_t kRecordBytes = 3000;  // so that it goes on in a second segment
  base::MemoryAccount account(uint64_t{1} << 30);
  uint64_t number = 1000;
  {
    auto log = Wal::create(
                   directory, [&number] { return number++; },
                   {.uuid = kUuid,
                    .salt_seed = 77,
                    .first_segment_bytes = 16384,
                    .max_segment_bytes = 16384,
                    .account = &account},
                   answer.report.next_lsn)
                   .value();
    for (uint64_t i = 0; i < kRecords; i++) {
      const auto claim = log->claim(kRecordBytes, 500 + i, 1).value();
      std::memset(Wal::payload(claim), 'x', kRecordBytes);
      log->seal(claim);
    }
    log->sync(log->end_lsn()).value();
    if (answer.records.size() % 2 != 0) log->close().value();
  }
  for (const LogFile& file : answer.report.files) static_cast<void>(directory.remove(format::log_name(file.number)));
  const Answer again = recover(directory, {.floor = {.lsn = answer.report.next_lsn, .segment = 1000}});
  NACRE_CHECK(again.ok && again.records.size() == kRecords && !again.report.torn);
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  LogBegin from;
  if (input.below(4) != 0) from.floor = {.lsn = draw_lsn(input), .segment = 1 + input.below(4)};
  if (input.below(8) == 0) from.synced_through = draw_lsn(input);
  MemoryFileSystem::Image image;
  for (uint64_t files = 1 + input.below(4); files > 0; files--)
    image[format::log_name(files)] = draw_segment(files, input);
  MemoryFileSystem files(image);
  const auto directory = files.open_directory("", false).value();
  const Answer answer = recover(*directory, from);
  const Answer again = recover(*directory, from);
  NACRE_CHECK(files.image() == image);  // nothing is written
  NACRE_CHECK(again.ok == answer.ok && again.records.size() == answer.records.size());
  NACRE_CHECK(again.report.next_lsn == answer.report.next_lsn);
  LogBegin to_go_on = from;
  to_go_on.room_bytes = kRoomOfNewLog;
  const Answer writable = recover(*directory, to_go_on);
  NACRE_CHECK(!writable.ok || (answer.ok && writable.records.size() == answer.records.size()));
  NACRE_CHECK(!writable.ok || writable.report.next_lsn <= format::kMaxSoundLsn - kRoomOfNewLog);
  if (writable.ok) go_on(*directory, writable);
}

// A segment of `draw_segment` with this predecessor, at the position that `draw_lsn` makes of `at`, without a record.
std::string empty_segment(char predecessor, char at) { return {0, 0x10, predecessor, at, 0, 0}; }

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(12, 300);
  // From segment 1 at position 1, without a word of a sync: two segments, drawn from the last one on, that follow each other in a circle.
  all.push_back(std::string{1, 1, 0, 1, 1} + empty_segment(1, 1) + empty_segment(2, 1));
  return all;
}

const fuzz::Registration kHere(
    {.name = "wal_recovery", .run = run, .seeds = seeds, .heap_budget_bytes = uint64_t{4} << 20});

}  // namespace
}  // namespace nacre::wal
