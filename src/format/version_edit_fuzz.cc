// Manifest edits: what decodes is encoded again to equal edits, and every number of it is in its range.

#include "base/fuzzing.h"
#include "format/test_bytes.h"
#include "format/version_edit.h"

namespace nacre::format {
namespace {

std::vector<VersionEdit> decode(Bytes payload, bool* whole) {
  std::vector<VersionEdit> edits;
  EditReader reader(payload);
  VersionEdit edit;
  while (true) {
    const auto more = reader.next(&edit);
    *whole = more.has_value();
    if (!more) NACRE_CHECK(more.error().kind == ErrorKind::kCorruption || more.error().kind == ErrorKind::kUnsupported);
    if (!more || !*more) return edits;
    edits.push_back(edit);
  }
}

void check_ranges(const VersionEdit& edit) {
  NACRE_CHECK(edit.flushed_through.value_or(0) <= kMaxSequence && edit.last_sequence.value_or(0) <= kMaxSequence);
  for (const auto& counter :
       {edit.next_file_number, edit.next_run_id, edit.reserved_file_number, edit.next_keyspace_id}) {
    NACRE_CHECK(counter.value_or(0) <= kMaxCounter);
  }
  for (const PlacedTable& placed : edit.added) {
    NACRE_CHECK(placed.level < kMaxLevels && placed.run <= kMaxCounter && placed.table.number <= kMaxCounter);
    NACRE_CHECK(placed.table.smallest_sequence <= placed.table.largest_sequence);
    NACRE_CHECK(placed.table.largest_sequence <= kMaxSequence && placed.table.erases <= placed.table.entries);
    NACRE_CHECK(placed.table.smallest_key <= placed.table.largest_key &&
                placed.table.largest_key.size() <= kMaxKeyBytes);
  }
  for (const NumberRange& range : edit.foreign_numbers)
    NACRE_CHECK(range.first < range.end && range.end <= kMaxCounter);
  if (!edit.created) return;
  NACRE_CHECK(!edit.created->name.empty() && edit.created->name.size() <= kMaxKeyspaceNameBytes);
  NACRE_CHECK(edit.created->options.compression <= Compression::kZstd);
}

void run(Bytes bytes) {
  const testing::ExactBytes exact(bytes);
  bool whole = false;
  const std::vector<VersionEdit> edits = decode(exact.view(), &whole);
  for (const VersionEdit& edit : edits) check_ranges(edit);
  const std::string again = encode_edits(edits);
  if (whole) NACRE_CHECK(again.size() <= bytes.size() || bytes.empty());
  NACRE_CHECK(decode(again, &whole) == edits && whole);
}

std::vector<std::string> seeds() {
  VersionEdit create{.keyspace = 3};
  create.created = KeyspaceRecord{.id = 3, .name = "orders", .options = {.bottom_compression = Compression::kZstd}};
  VersionEdit flush{.keyspace = 3, .flushed_through = 900, .removed = {4, 5}};
  flush.added.push_back({.level = 7,
                         .run = 12,
                         .table = {.number = 8,
                                   .file_bytes = 5000,
                                   .data_bytes = 9000,
                                   .entries = 100,
                                   .erases = 5,
                                   .range_tombstones = 1,
                                   .smallest_sequence = 7,
                                   .largest_sequence = 800,
                                   .entries_hash = 0x1234567890abcdef,
                                   .compression = Compression::kLz4,
                                   .largest_exclusive = true,
                                   .smallest_key = "aa",
                                   .largest_key = "zz"}});
  const VersionEdit counters{.next_file_number = 20,
                             .last_sequence = 901,
                             .next_run_id = 30,
                             .reserved_file_number = 1044,
                             .next_keyspace_id = 4,
                             .foreign_numbers = {{.first = 5, .end = 9}}};
  const VersionEdit drop{.keyspace = 3, .dropped = true};
  return {encode_edits(std::vector{create, flush}), encode_edits(std::vector{counters, drop})};
}

const fuzz::Registration kHere({.name = "version_edit", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
