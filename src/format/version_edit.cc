#include "format/version_edit.h"

#include "format/block.h"

namespace nacre::format {

namespace {

using base::append_fixed;
using base::append_sized;
using base::append_varint;
using base::Decoder;

enum Tag : uint64_t {
  kKeyspaceTag = 2,
  kCreatedTag = 4,
  kDroppedTag = 6,
  kFlushedThroughTag = 8,
  kAddedTag = 10,
  kRemovedTag = 12,
  kLogFloorTag = 14,
  kNextFileNumberTag = 16,
  kLastSequenceTag = 18,
  kNextRunIdTag = 20,
  kReservedFileNumberTag = 22,
  kNextKeyspaceIdTag = 24,
  kForeignNumbersTag = 26,
  kLogSyncedThroughTag = 28,
  kOptionsTag = 30,
};
constexpr bool is_mandatory(uint64_t tag) { return tag % 2 == 0; }
constexpr bool may_repeat(uint64_t tag) { return tag == kAddedTag || tag == kRemovedTag || tag == kForeignNumbersTag; }

constexpr uint8_t kLargestExclusiveFlag = 1;

Error newer_format(const char* reason) {
  return Error{.kind = ErrorKind::kUnsupported, .operation = Operation::kDecode, .reason = reason};
}

void append_varint_field(std::string& out, uint64_t tag, uint64_t value) {
  append_varint(out, tag);
  append_varint(out, base::varint64_bytes(value));
  append_varint(out, value);
}
void append_varint_field(std::string& out, uint64_t tag, const std::optional<uint64_t>& value) {
  if (value) append_varint_field(out, tag, *value);
}
void append_pair_field(std::string& out, uint64_t tag, uint64_t first, uint64_t second) {
  append_varint(out, tag);
  append_varint(out, base::varint64_bytes(first) + base::varint64_bytes(second));
  append_varint(out, first);
  append_varint(out, second);
}
void append_sized_field(std::string& out, uint64_t tag, Bytes value) {
  append_varint(out, tag);
  append_sized(out, value);
}

Result<uint64_t> whole_varint(Bytes value) {
  Decoder decoder(value);
  const uint64_t number = decoder.varint();
  if (!decoder.ok() || !decoder.at_end()) return malformed("a number in a manifest edit is malformed");
  return number;
}

// The fields behind the fixed part of a table or keyspace record: none is known yet.
Result<void> skip_optional_fields(Decoder& decoder) {
  while (decoder.ok() && !decoder.at_end()) {
    const uint64_t tag = decoder.varint();
    decoder.sized();
    if (decoder.ok() && is_mandatory(tag)) {
      return newer_format("a manifest record has a field that this release does not know: use a newer release");
    }
  }
  if (!decoder.ok()) return malformed("a record in a manifest edit is cut off");
  return {};
}

std::string encode_table(const PlacedTable& placed) {
  const TableRecord& table = placed.table;
  std::string out;
  for (const uint64_t number :
       {uint64_t{placed.level}, placed.run, table.number, table.file_bytes, table.data_bytes, table.entries,
        table.erases, table.range_tombstones, table.smallest_sequence, table.largest_sequence}) {
    append_varint(out, number);
  }
  append_fixed(out, table.entries_hash);
  append_fixed(out, static_cast<uint8_t>(table.compression));
  append_fixed(out, table.largest_exclusive ? kLargestExclusiveFlag : uint8_t{0});
  append_sized(out, table.smallest_key);
  append_sized(out, table.largest_key);
  return out;
}

Result<Compression> decode_compression(uint8_t stored) {
  if (stored > static_cast<uint8_t>(Compression::kZstd)) {
    return newer_format("a manifest record names a compression that this release does not know: use a newer release");
  }
  return static_cast<Compression>(stored);
}

Result<PlacedTable> decode_table(Bytes value) {
  Decoder decoder(value);
  PlacedTable placed;
  TableRecord& table = placed.table;
  const uint64_t level = decoder.varint();
  placed.run = decoder.varint();
  table.number = decoder.varint();
  table.file_bytes = decoder.varint();
  table.data_bytes = decoder.varint();
  table.entries = decoder.varint();
  table.erases = decoder.varint();
  table.range_tombstones = decoder.varint();
  table.smallest_sequence = decoder.varint();
  table.largest_sequence = decoder.varint();
  table.entries_hash = decoder.fixed<uint64_t>();
  const auto compression = decoder.fixed<uint8_t>();
  const auto flags = decoder.fixed<uint8_t>();
  const Bytes smallest = decoder.sized();
  const Bytes largest = decoder.sized();
  if (!decoder.ok()) return malformed("a table record in a manifest edit is cut off");
  NACRE_TRY_ASSIGN(table.compression, decode_compression(compression));
  if ((flags & ~kLargestExclusiveFlag) != 0) {
    return newer_format("a table record has a flag that this release does not know: use a newer release");
  }
  table.largest_exclusive = (flags & kLargestExclusiveFlag) != 0;
  NACRE_TRY(skip_optional_fields(decoder));
  if (table.number == 0 || table.number > kMaxCounter || placed.run > kMaxCounter || level >= kMaxLevels ||
      table.largest_sequence > kMaxSequence || table.smallest_sequence > table.largest_sequence ||
      table.erases > table.entries) {
    return malformed("a table record in a manifest edit has impossible numbers");
  }
  placed.level = static_cast<uint32_t>(level);
  const int order = smallest.compare(largest);
  if (smallest.size() > kMaxKeyBytes || largest.size() > kMaxKeyBytes || order > 0 ||
      (order == 0 && table.largest_exclusive)) {
    return malformed("a table record in a manifest edit has impossible keys");
  }
  table.smallest_key = smallest;
  table.largest_key = largest;
  return placed;
}

std::string encode_options(const KeyspaceOptions& options) {
  std::string out;
  append_fixed(out, static_cast<uint8_t>(options.compression));
  append_fixed(out, static_cast<uint8_t>(options.bottom_compression));
  append_fixed(out, static_cast<uint8_t>(options.shape));
  append_varint(out, options.filter_bits_per_key);
  append_varint(out, options.block_bytes);
  return out;
}

// Up to the end of the record.
Result<KeyspaceOptions> decode_options(Decoder& decoder) {
  KeyspaceOptions options;
  const auto compression = decoder.fixed<uint8_t>();
  const auto bottom_compression = decoder.fixed<uint8_t>();
  const auto shape = decoder.fixed<uint8_t>();
  options.filter_bits_per_key = static_cast<uint32_t>(decoder.varint_at_most(UINT32_MAX));
  options.block_bytes = static_cast<uint32_t>(decoder.varint_at_most(UINT32_MAX));
  if (!decoder.ok()) return malformed("a record of options in a manifest edit is cut off");
  if (options.block_bytes < kMinBlockBytes || options.block_bytes > kMaxBlockBytes) {
    return malformed("a keyspace record has an impossible block size");
  }
  if (options.filter_bits_per_key > kMaxFilterBitsPerKey) {
    return malformed("a keyspace record has impossible filter bits");
  }
  NACRE_TRY_ASSIGN(options.compression, decode_compression(compression));
  NACRE_TRY_ASSIGN(options.bottom_compression, decode_compression(bottom_compression));
  if (shape > static_cast<uint8_t>(CompactionShape::kTiered)) {
    return newer_format("a keyspace has a compaction shape that this release does not know: use a newer release");
  }
  options.shape = static_cast<CompactionShape>(shape);
  NACRE_TRY(skip_optional_fields(decoder));
  return options;
}

std::string encode_keyspace(const KeyspaceRecord& keyspace) {
  std::string out;
  append_varint(out, keyspace.id);
  append_sized(out, keyspace.name);
  append_fixed(out, static_cast<uint8_t>(keyspace.order));
  return out + encode_options(keyspace.options);
}

Result<KeyspaceRecord> decode_keyspace(Bytes value) {
  Decoder decoder(value);
  KeyspaceRecord keyspace;
  keyspace.id = static_cast<uint32_t>(decoder.varint_at_most(UINT32_MAX));
  const Bytes name = decoder.sized();
  const auto order = decoder.fixed<uint8_t>();
  if (!decoder.ok()) return malformed("a keyspace record in a manifest edit is cut off");
  if (name.empty() || name.size() > kMaxKeyspaceNameBytes) return malformed("a keyspace record has an impossible name");
  keyspace.name = name;
  if (order != static_cast<uint8_t>(KeyOrder::kBytewise)) {
    return newer_format("a keyspace has a key order that this release does not know: use a newer release");
  }
  NACRE_TRY_ASSIGN(keyspace.options, decode_options(decoder));
  return keyspace;
}

std::string encode_edit(const VersionEdit& edit) {
  std::string out;
  if (edit.keyspace != kDefaultKeyspace) append_varint_field(out, kKeyspaceTag, edit.keyspace);
  if (edit.created) append_sized_field(out, kCreatedTag, encode_keyspace(*edit.created));
  if (edit.dropped) append_sized_field(out, kDroppedTag, {});
  append_varint_field(out, kFlushedThroughTag, edit.flushed_through);
  for (const PlacedTable& table : edit.added) append_sized_field(out, kAddedTag, encode_table(table));
  for (const uint64_t number : edit.removed) append_varint_field(out, kRemovedTag, number);
  if (edit.log_floor) append_pair_field(out, kLogFloorTag, edit.log_floor->lsn, edit.log_floor->segment);
  append_varint_field(out, kNextFileNumberTag, edit.next_file_number);
  append_varint_field(out, kLastSequenceTag, edit.last_sequence);
  append_varint_field(out, kNextRunIdTag, edit.next_run_id);
  append_varint_field(out, kReservedFileNumberTag, edit.reserved_file_number);
  append_varint_field(out, kNextKeyspaceIdTag, edit.next_keyspace_id);
  for (const NumberRange& range : edit.foreign_numbers) {
    append_pair_field(out, kForeignNumbersTag, range.first, range.end);
  }
  append_varint_field(out, kLogSyncedThroughTag, edit.log_synced_through);
  if (edit.options) append_sized_field(out, kOptionsTag, encode_options(*edit.options));
  return out;
}

Result<std::pair<uint64_t, uint64_t>> decode_pair(Bytes value) {
  Decoder decoder(value);
  const uint64_t first = decoder.varint_at_most(kMaxCounter);
  const uint64_t second = decoder.varint_at_most(kMaxCounter);
  if (!decoder.ok() || !decoder.at_end()) return malformed("two numbers in a manifest edit are malformed");
  return std::pair(first, second);
}

// Puts a field whose value is a number into the edit: that of any known tag but those that put_field() sees to.
Result<void> put_number(VersionEdit& edit, uint64_t tag, uint64_t value) {
  const bool is_sequence = tag == kFlushedThroughTag || tag == kLastSequenceTag;
  const bool is_id = tag == kKeyspaceTag;
  if (value > kMaxCounter || (is_sequence && value > kMaxSequence) || (is_id && value > UINT32_MAX)) {
    return malformed("a number in a manifest edit is out of range");
  }
  switch (tag) {
    case kKeyspaceTag: edit.keyspace = static_cast<uint32_t>(value); break;
    case kFlushedThroughTag: edit.flushed_through = value; break;
    case kRemovedTag: edit.removed.push_back(value); break;
    case kNextFileNumberTag: edit.next_file_number = value; break;
    case kLastSequenceTag: edit.last_sequence = value; break;
    case kNextRunIdTag: edit.next_run_id = value; break;
    case kReservedFileNumberTag: edit.reserved_file_number = value; break;
    case kNextKeyspaceIdTag: edit.next_keyspace_id = value; break;
    default: edit.log_synced_through = value; break;  // kLogSyncedThroughTag: the caller has the other tags
  }
  return {};
}

Result<void> put_field(VersionEdit& edit, uint64_t tag, Bytes value) {
  if (!is_mandatory(tag)) return {};
  switch (tag) {
    case kCreatedTag: {
      NACRE_TRY_ASSIGN(edit.created, decode_keyspace(value));
      if (edit.created->id != edit.keyspace)
        return malformed("a manifest edit creates another keyspace than it is about");
      return {};
    }
    case kDroppedTag: {
      if (!value.empty()) return malformed("a manifest edit has a value where none belongs");
      edit.dropped = true;
      return {};
    }
    case kAddedTag: {
      NACRE_TRY_ASSIGN(auto table, decode_table(value));
      edit.added.push_back(std::move(table));
      return {};
    }
    case kForeignNumbersTag: {
      NACRE_TRY_ASSIGN(const auto range, decode_pair(value));
      if (range.first >= range.second) return malformed("a range of numbers in a manifest edit is empty");
      edit.foreign_numbers.push_back({.first = range.first, .end = range.second});
      return {};
    }
    case kLogFloorTag: {
      NACRE_TRY_ASSIGN(const auto floor, decode_pair(value));
      edit.log_floor = {.lsn = floor.first, .segment = floor.second};
      return {};
    }
    case kOptionsTag: {
      Decoder decoder(value);
      NACRE_TRY_ASSIGN(edit.options, decode_options(decoder));
      return {};
    }
    default: {
      if (tag > kOptionsTag) {
        return newer_format("a manifest edit has a field that this release does not know: use a newer release");
      }
      NACRE_TRY_ASSIGN(const uint64_t number, whole_varint(value));
      return put_number(edit, tag, number);
    }
  }
}

Result<VersionEdit> decode_edit(Bytes input) {
  Decoder decoder(input);
  VersionEdit edit;
  uint64_t last_tag = 0;
  while (!decoder.at_end()) {
    const uint64_t tag = decoder.varint();
    const Bytes value = decoder.sized();
    if (!decoder.ok()) return malformed("a manifest edit is cut off");
    if (tag < last_tag || (tag == last_tag && !may_repeat(tag))) return malformed("a manifest edit has a field twice");
    last_tag = tag;
    NACRE_TRY(put_field(edit, tag, value));
  }
  return edit;
}

}  // namespace

std::string encode_edits(std::span<const VersionEdit> edits) {
  std::string payload;
  for (const VersionEdit& edit : edits) append_sized(payload, encode_edit(edit));
  return payload;
}

Result<bool> EditReader::next(VersionEdit* edit) {
  if (decoder_.at_end()) return false;
  const Bytes input = decoder_.sized();
  if (!decoder_.ok()) return malformed("a manifest record is cut off inside");
  NACRE_TRY_ASSIGN(*edit, decode_edit(input));
  return true;
}

}  // namespace nacre::format
