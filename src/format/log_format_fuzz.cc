// A log segment's header area and one record, raw and mended: what is read is written again to the same bytes. Drawn: any identity,
// placement, mark and record header with right checksums are read exactly as they were written, or refused exactly if impossible.

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

// One whole copy of the placement suffices; the mark stands in the first page only.
void check_drawn_area(fuzz::Input& input) {
  const SegmentIdentity identity{.uuid = Uuid::from_random(1, 2), .number = input.number(), .salt = input.number()};
  const SegmentPlacement placement{.base_lsn = input.mostly(8192),
                                   .predecessor_number = input.mostly(2),
                                   .predecessor_salt = input.mostly(4),
                                   .synced_through = input.mostly(4096)};
  const uint64_t mark = input.mostly(9000);
  std::string area = encode_segment_identity(identity);
  store_segment_placement(area.data(), identity.salt, placement);
  store_segment_mark(area.data(), identity.salt, mark);
  const uint64_t damage = input.below(6);  // of the identity or the placement in one of the pages, or of neither
  const uint64_t at = (damage % 2) * kLogHeaderPageBytes + (damage / 2 == 0 ? 40 : kLogPlacementOffset + 8);
  if (damage < 4) area[at] = static_cast<char>(area[at] ^ 1);
  const auto read = decode_segment_header(testing::ExactBytes(area).view());
  const bool possible = placement.base_lsn <= kMaxLsn && placement.base_lsn % kLogAlignment == 0 &&
                        placement.synced_through <= placement.base_lsn;
  NACRE_CHECK(read && read->identity == identity);
  NACRE_CHECK(read->placement == (possible ? std::optional(placement) : std::nullopt));
  NACRE_CHECK(read->mark == (mark <= kMaxLsn ? mark : 0));
}

void check_drawn_header(fuzz::Input& input) {
  const uint32_t tag = log_tag(input.number());
  const auto stored_tag = static_cast<uint32_t>(input.mostly(tag));
  const auto units = static_cast<uint32_t>(input.number());
  const uint64_t padding = input.below(16);
  const uint64_t kind = input.below(16);
  const Sequence sequence = input.number() & kMaxSequence;
  const auto count = static_cast<uint32_t>(input.number());
  const auto distance = static_cast<uint32_t>(input.number());
  std::string bytes(8, '\0');
  base::append_fixed(bytes, stored_tag);
  base::append_fixed(bytes, units);
  base::append_fixed(bytes, sequence << 8 | kind << 4 | padding);
  base::append_fixed(bytes, count);
  base::append_fixed(bytes, distance);
  const auto header = parse_log_record(testing::ExactBytes(bytes).data(), tag);
  const uint64_t room = kLogAlignment * units;
  NACRE_CHECK(header.has_value() == (stored_tag == tag && padding < kLogAlignment && padding <= room && kind <= 1));
  if (!header) return;
  NACRE_CHECK(header->payload_bytes == room - padding && header->record_bytes() == kLogRecordHeaderBytes + room);
  NACRE_CHECK(header->first_sequence == sequence && header->count == count && header->synced_distance == distance);
  const uint64_t lsn = input.number() & (kMaxLsn - 1);
  const uint64_t back = kLogAlignment * distance;
  NACRE_CHECK(header->synced_through(lsn) == (distance == UINT32_MAX || back > lsn ? 0 : lsn - back));
}

// The header area is mostly zeros: the input has only what is not - of one page, which stands in both, or of each - and the record.
void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint8_t how = input.byte();
  if ((how & 0xc) == 0xc) return (how & 1) != 0 ? check_drawn_area(input) : check_drawn_header(input);
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
  std::vector<std::string> all = fuzz::random_seeds(6, 40);
  for (size_t i = 0; i < all.size(); i++) all[i][0] = static_cast<char>(0xc + i % 2);
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
