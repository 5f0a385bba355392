#include "table/table_builder.h"

#include <algorithm>

#include "base/assert.h"
#include "base/result.h"
#include "format/entry_hash.h"

namespace nacre::table {

using format::StoredKind;

TableBuilder::TableBuilder(WritableFile& file, const TableBuilderOptions& options)
    : file_(file),
      options_(options),
      block_(options.block_bytes),
      compressor_(options.compression, options.zstd_level),
      filter_(std::clamp(options.filter_bits_per_key, 0.0F, format::FilterBuilder::kMaxFilterBitsPerKey)),
      index_(0),
      charge_(options.account, base::MemoryPart::kCompaction, 0) {
  NACRE_CHECK(file.size_bytes() == 0);
  properties_.block_bytes = options.block_bytes;
  properties_.compression = options.compression;
  properties_.filter_bits_per_key = options.filter_bits_per_key;
  properties_.smallest_sequence = format::kMaxSequence;
  out_.reserve(kAppendBytes + (kAppendBytes / 4));
  recharge();
}

Result<void> TableBuilder::check_order(Bytes key, uint64_t trailer) const {
  if (properties_.entries == 0) return {};
  const Bytes last = block_.empty() ? Bytes(last_key_) : block_.last_key();
  const uint64_t last_trailer = block_.empty() ? last_trailer_ : block_.last_trailer();
  if (format::compare_internal(last, last_trailer, key, trailer) < 0) [[likely]]
    return {};
  return corruption(Operation::kWrite, FileKind::kTable, options_.id.number, offset(),
                    "entries for a table are out of order");
}

void TableBuilder::count_entry(Bytes key, uint64_t key_hash, uint64_t trailer) {
  if (properties_.entries++ == 0) properties_.smallest_key = key;
  properties_.key_bytes += key.size();
  properties_.erases += format::kind_of(trailer) == format::EntryKind::kErase ? 1 : 0;
  const format::Sequence sequence = format::sequence_of(trailer);
  properties_.smallest_sequence = std::min(properties_.smallest_sequence, sequence);
  properties_.largest_sequence = std::max(properties_.largest_sequence, sequence);
  if (last_hash_ != key_hash) filter_.add(key_hash);
  last_hash_ = key_hash;
}

Result<void> TableBuilder::add(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value) {
  if (key.size() > kMaxKeyBytes || value.size() > kMaxValueBytes) {
    return invalid_argument(Operation::kWrite, "key or value is larger than the format can hold");
  }
  if (format::kind_of(trailer) > format::EntryKind::kPut) {
    return invalid_argument(Operation::kWrite, "entry is of a kind that no data block holds");
  }
  NACRE_TRY(check_order(key, trailer));
  properties_.value_bytes += value.size();
  count_entry(key, key_hash, trailer);
  if (!block_.empty()) {
    if (block_.add(key, key_hash, trailer, value)) [[likely]]
      return {};
    NACRE_TRY(flush_block());
  }
  close_fence(key);
  if (block_.add(key, key_hash, trailer, value)) return {};
  return append_lone_block(key, key_hash, trailer, value);
}

Result<void> TableBuilder::add_block(const format::StoredBlock& stored, const format::BlockView& view) {
  NACRE_TRY(flush_block());
  copied_.reset(view);
  copied_.move_to(0);
  NACRE_TRY(check_order(copied_.key(), copied_.trailer()));
  close_fence(copied_.key());
  for (uint32_t i = 0; i < view.entries(); i++) {
    copied_.move_to(i);
    count_entry(copied_.key(), base::hash_key(copied_.key()), copied_.trailer());
  }
  properties_.value_bytes += view.value_bytes();
  properties_.entries_hash += view.entries_hash();
  properties_.raw_bytes += stored.raw_bytes;
  if (view.entries() > 1) {
    properties_.block_bytes = std::max(properties_.block_bytes, static_cast<uint32_t>(stored.raw_bytes));
  }
  NACRE_TRY(append_as_stored(stored));
  note_codec(stored.compression);
  return end_block(copied_.key(), copied_.trailer());
}

void TableBuilder::set_tombstones(const format::TombstoneSet& tombstones) {
  NACRE_CHECK(tombstones_.empty());
  if (tombstones.empty()) return;
  tombstones.encode(tombstones_);
  properties_.range_tombstones = tombstones.size();
  features_ |= format::kFeatureRangeTombstones;
  for (size_t i = 0; i < tombstones.size(); i++) {
    const auto sequences = tombstones.fragment(i).sequences;
    properties_.smallest_sequence = std::min(properties_.smallest_sequence, sequences.back());
    properties_.largest_sequence = std::max(properties_.largest_sequence, sequences.front());
  }
  tombstone_begin_ = tombstones.fragment(0).begin;
  tombstone_end_ = tombstones.fragment(tombstones.size() - 1).end;
}

uint64_t TableBuilder::estimated_bytes() const {
  constexpr uint64_t kFixed = 1024;  // footer, properties, trailers
  return offset() + block_.image_bytes() + filter_.image_bytes() + index_.estimated_bytes() + tombstones_.size() +
         kFixed;
}

void TableBuilder::close_fence(Bytes next_key) {
  if (!fence_open_) return;
  index_.add(format::shortest_fence(last_key_, next_key), block_end_);
  fence_open_ = false;
}

Result<void> TableBuilder::flush_block() {
  if (block_.empty()) return {};
  const std::string last_key(block_.last_key());
  const uint64_t last_trailer = block_.last_trailer();
  block_.finish(&image_);
  properties_.entries_hash += format::BlockView(image_).entries_hash();
  properties_.raw_bytes += image_.size();
  if (options_.warm != nullptr) options_.warm->add(static_cast<uint32_t>(properties_.data_blocks), image_);
  NACRE_TRY(append_part(image_, StoredKind::kData, compressor_));
  return end_block(last_key, last_trailer);
}

Result<void> TableBuilder::append_lone_block(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value) {
  format::BlockBuilder::make_lone(key, key_hash, trailer, value, &image_);
  if (image_.size() > kAppendBytes) recharge();
  properties_.entries_hash += format::BlockView(image_).entries_hash();
  properties_.raw_bytes += image_.size();
  if (image_.size() > format::kMaxCompressedRawBytes) {
    NACRE_TRY(append_as_stored({.payload = image_, .compression = Compression::kNone, .raw_bytes = image_.size()}));
  } else {
    NACRE_TRY(append_part(image_, StoredKind::kData, compressor_));
  }
  if (image_.capacity() > kAppendBytes) {
    os::LargeString().swap(image_);
    recharge();
  }
  return end_block(key, trailer);
}

Result<void> TableBuilder::end_block(Bytes last_key, uint64_t last_trailer) {
  last_key_ = last_key;
  last_trailer_ = last_trailer;
  fence_open_ = true;
  block_end_ = offset();
  properties_.data_blocks++;
  return write_out(kAppendBytes);
}

Result<void> TableBuilder::append_part(Bytes raw, StoredKind kind, format::Compressor& compressor) {
  const uint64_t at = offset();
  const size_t payload_at = out_.size();
  const Compression codec = compressor.append(raw, &out_);
  format::append_stored_trailer(&out_, payload_at, kind, codec, raw.size(), options_.id.checksum_seed(at));
  note_codec(codec);
  return write_out(kAppendBytes);
}

// A data block. A large one does not pass through our own memory.
Result<void> TableBuilder::append_as_stored(const format::StoredBlock& block) {
  const uint64_t seed = options_.id.checksum_seed(offset());
  if (block.payload.size() > kAppendBytes) {
    NACRE_TRY(write_out(0));
    NACRE_TRY(file_.append(block.payload));
    written_bytes_ += block.payload.size();
  } else {
    out_.append(block.payload);
  }
  const format::StoredTrailer trailer = format::stored_trailer(block, StoredKind::kData, seed);
  out_.append(trailer.data(), trailer.size());
  return {};
}

Result<void> TableBuilder::write_out(size_t at_least) {
  if (out_.empty() || out_.size() < at_least) return {};
  NACRE_TRY(file_.append(out_));
  file_.start_writeback();
  written_bytes_ += out_.size();
  out_.clear();
  if (out_.capacity() > 4 * kAppendBytes) os::LargeString().swap(out_);
  recharge();
  return {};
}

void TableBuilder::note_codec(Compression codec) {
  if (codec == Compression::kLz4) features_ |= format::kFeatureLz4;
  if (codec == Compression::kZstd) features_ |= format::kFeatureZstd;
}

void TableBuilder::recharge() {
  const uint64_t held = out_.capacity() + image_.capacity() + 4 * uint64_t{options_.block_bytes} + tombstones_.size() +
                        filter_.memory_bytes() + index_.memory_bytes();
  charge_.resize(held);
}

Result<TableProperties> TableBuilder::finish() {
  NACRE_TRY(flush_block());
  if (fence_open_) index_.add(last_key_, block_end_);
  if (!index_.fits()) return invalid_argument(Operation::kWrite, "table has grown past the limits of its format");
  properties_.largest_key = last_key_;
  if (!tombstones_.empty()) {
    const bool no_entries = properties_.entries == 0;
    if (no_entries || tombstone_begin_ < properties_.smallest_key) properties_.smallest_key = tombstone_begin_;
    if (no_entries || tombstone_end_ > properties_.largest_key) properties_.largest_key = tombstone_end_;
  } else if (properties_.entries == 0) {
    properties_.smallest_sequence = 0;
  }

  format::Compressor plain(Compression::kNone, 0);
  format::Footer footer;
  footer.identity = options_.id;
  footer.keyspace = options_.keyspace;
  footer.tombstones_at = offset();
  if (!tombstones_.empty()) NACRE_TRY(append_part(tombstones_, StoredKind::kTombstones, compressor_));
  footer.filter_at = offset();
  if (const os::LargeString filter = filter_.finish(); !filter.empty()) {
    NACRE_TRY(append_part(filter, StoredKind::kFilter, plain));
  }
  footer.index_at = offset();
  NACRE_TRY(append_part(index_.finish(), StoredKind::kIndex, compressor_));
  footer.properties_at = offset();
  NACRE_TRY(append_part(format::encode_properties(properties_), StoredKind::kProperties, plain));
  footer.file_bytes = offset() + format::kFooterBytes;
  footer.features = features_;
  out_.append(format::encode_footer(footer));
  NACRE_TRY(write_out(0));
  properties_.file_bytes = footer.file_bytes;
  return properties_;
}

}  // namespace nacre::table
