// A log segment's header area and one record, raw and mended: what is read is written again to the same bytes.

#include <utility>

#include "base/fuzzing.h"
#include "format/log_format.h"
#include "format/mend.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

void check_header(const std::string& area) {
  const auto header = decode_segment_header(testing::ExactBytes(area).view());
  if (!header) {
    NACRE_CHECK(header.error().kind == ErrorKind::kCorruption || header.error().kind == ErrorKind::kUnsupported);
    return;
  }
  NACRE_CHECK(header->mark <= kMaxLsn);
  if (!header->identity) return NACRE_CHECK(!header->placement && header->mark == 0);
  std::string again = encode_segment_identity(*header->identity);
  const uint64_t salt = header->identity->salt;
  if (header->placement) {
    NACRE_CHECK(header->placement->base_lsn <= kMaxLsn);
    NACRE_CHECK(header->placement->synced_through <= header->placement->base_lsn);
    store_segment_placement(again.data(), salt, *header->placement);
  }
  if (header->mark != 0) store_segment_mark(again.data(), salt, header->mark);
  const auto same = decode_segment_header(again);
  NACRE_CHECK(same && same->identity == header->identity && same->placement == header->placement);
  NACRE_CHECK(same->mark == header->mark);
  for (const uint64_t page : {uint64_t{0}, kLogHeaderPageBytes}) {  // one whole copy suffices
    std::string half = again;
    half[page + 50] = static_cast<char>(half[page + 50] ^ 1);
    const auto left = decode_segment_header(half);
    NACRE_CHECK(left && left->identity == header->identity && left->placement == header->placement);
  }
}

void check_record(const std::string& file, uint64_t salt) {
  const Bytes bytes = Bytes(file).substr(kLogHeaderBytes);
  if (bytes.size() < kLogRecordHeaderBytes) return;
  const auto header =
      parse_log_record(testing::ExactBytes(bytes.substr(0, kLogRecordHeaderBytes)).data(), log_tag(salt));
  if (!header || header->record_bytes() > bytes.size()) return;
  NACRE_CHECK(header->first_sequence <= kMaxSequence && header->record_bytes() % kLogAlignment == 0);
  for (const uint64_t lsn : {uint64_t{0}, kFirstLsn, kMaxLsn}) NACRE_CHECK(header->synced_through(lsn) <= lsn);
  const testing::ExactBytes record(bytes.substr(0, header->record_bytes()));
  if (!check_log_record(record.view(), salt, kLogHeaderBytes)) return;
  auto room = std::make_unique<uint64_t[]>(record.view().size() / 8);  // sealing stores whole words
  char* again = reinterpret_cast<char*>(room.get());
  record.view().copy(again, record.view().size());
  seal_log_record(again, *header, salt, kLogHeaderBytes);
  const auto same = parse_log_record(again, log_tag(salt));
  NACRE_CHECK(same && same->kind == header->kind && same->payload_bytes == header->payload_bytes &&
              same->first_sequence == header->first_sequence && same->count == header->count &&
              same->synced_distance == header->synced_distance);
  NACRE_CHECK(check_log_record({again, record.view().size()}, salt, kLogHeaderBytes));
  NACRE_CHECK(!check_log_record({again, record.view().size()}, salt, kLogHeaderBytes + 8));  // in another place
}

// The header area is mostly zeros: the input has only what is not - of one page, which stands in both, or of each - and the record.
void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint8_t how = input.byte();
  std::string file(kLogHeaderBytes, '\0');
  for (const uint64_t page : {uint64_t{0}, kLogHeaderPageBytes}) {
    if (page != 0 && (how & 2) == 0) {
      file.replace(page, kLogMarkOffset, file, 0, kLogMarkOffset);
      continue;
    }
    for (const auto& [offset, size] :
         {std::pair{uint64_t{0}, size_t{64}}, std::pair{kLogPlacementOffset, size_t{kLogPlacementBytes}},
          std::pair{kLogMarkOffset, size_t{kLogMarkBytes}}}) {
      const Bytes part = input.take(size);
      part.copy(file.data() + page + offset, part.size());
    }
  }
  file += input.rest();
  if ((how & 1) != 0) testing::mend_log_segment(file);
  check_header(file.substr(0, kLogHeaderBytes));
  check_header(file.substr(0, file.size() % (kLogHeaderBytes + 1)));
  check_record(file, base::load<uint64_t>(file.data() + 48));
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (const bool mended : {false, true}) {
    std::string area = encode_segment_identity({.uuid = Uuid::from_random(1, 2), .number = 3, .salt = 4});
    store_segment_placement(area.data(), 4, {.base_lsn = 8192, .predecessor_number = 2, .synced_through = 4096});
    store_segment_mark(area.data(), 4, 9000);
    alignas(8) char record[64] = {};
    seal_log_record(record, {.payload_bytes = 27, .first_sequence = 100, .count = 3, .synced_distance = 5}, 4,
                    kLogHeaderBytes);
    std::string& seed = all.emplace_back(1, static_cast<char>(mended));
    seed += area.substr(0, 64) + area.substr(kLogPlacementOffset, kLogPlacementBytes) +
            area.substr(kLogMarkOffset, kLogMarkBytes) + std::string(record, sizeof record);
  }
  return all;
}

const fuzz::Registration kHere({.name = "log_format", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
