// For the test and the fuzzer of VersionEdit: edits that hold every field, and all edits of a payload.
#pragma once

#include <string>
#include <vector>

#include "format/version_edit.h"

namespace nacre::format::testing {

inline PlacedTable sample_table() {
  return {.level = 2,
          .run = 300,
          .table = {.number = 13,
                    .file_bytes = 70000,
                    .data_bytes = 100000,
                    .entries = 1000,
                    .erases = 10,
                    .range_tombstones = 1,
                    .smallest_sequence = 5,
                    .largest_sequence = 2000,
                    .entries_hash = 0x1122334455667788,
                    .compression = Compression::kLz4,
                    .largest_exclusive = true,
                    .smallest_key = "apple",
                    .largest_key = std::string("zoo\0", 4)}};
}

// Each field at least once.
inline std::vector<VersionEdit> sample_edits() {
  VersionEdit first;
  first.keyspace = 7;
  first.created = KeyspaceRecord{.id = 7,
                                 .name = "users",
                                 .options = {.compression = Compression::kNone,
                                             .bottom_compression = Compression::kZstd,
                                             .shape = CompactionShape::kTiered,
                                             .filter_bits_per_key = 12,
                                             .block_bytes = 4096}};
  first.flushed_through = 2000;
  first.added = {sample_table(), sample_table()};
  first.added[1].table.number = 14;
  first.removed = {3, 200};
  VersionEdit second;
  second.log_floor = {.lsn = 1 << 20, .segment = 12};
  second.next_file_number = 15;
  second.last_sequence = 2001;
  second.next_run_id = 301;
  second.reserved_file_number = 1039;
  second.next_keyspace_id = 8;
  second.foreign_numbers = {{.first = 20, .end = 30}};
  second.log_synced_through = 1 << 21;
  VersionEdit third;
  third.keyspace = 7;
  third.dropped = true;
  VersionEdit fourth;
  fourth.keyspace = 8;
  fourth.options = {.compression = Compression::kZstd,
                    .bottom_compression = Compression::kNone,
                    .shape = CompactionShape::kLeveled,
                    .filter_bits_per_key = 0,
                    .block_bytes = 65536};
  return {first, second, third, fourth};
}

inline Result<std::vector<VersionEdit>> decode_edits(Bytes payload) {
  std::vector<VersionEdit> edits;
  EditReader reader(payload);
  for (;;) {
    VersionEdit edit;
    auto more = reader.next(&edit);
    if (!more) return more.error();
    if (!*more) return edits;
    edits.push_back(std::move(edit));
  }
}

}  // namespace nacre::format::testing
