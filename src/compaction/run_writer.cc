#include "compaction/run_writer.h"

#include <algorithm>

#include "format/file_names.h"
#include "format/tombstones.h"

namespace nacre::compaction {

RunWriter::RunWriter(RunWriterOptions options) : options_(std::move(options)), table_begin_(options_.begin) {}

RunWriter::~RunWriter() {
  if (done_) return;
  builder_.reset();
  file_.reset();
  // A failed removal leaves a file that the next open finds unreferenced and removes.
  if (number_ != 0) (void)options_.directory->remove(format::table_name(number_)).has_value();
  for (const auto& record : finished_) (void)options_.directory->remove(format::table_name(record.number)).has_value();
}

Result<void> RunWriter::begin_table() {
  NACRE_TRY_ASSIGN(const uint64_t number, options_.next_table_number());
  number_ = number;
  NACRE_TRY_ASSIGN(file_, options_.directory->create(format::table_name(number_)));
  if (options_.warming != nullptr) warm_.emplace_back(*options_.warming, number_);
  builder_ = std::make_unique<table::TableBuilder>(
      *file_, table::TableBuilderOptions{.id = {.uuid = options_.uuid, .number = number_},
                                         .keyspace = options_.keyspace,
                                         .compression = options_.compression,
                                         .block_bytes = options_.block_bytes,
                                         .filter_bits_per_key = options_.filter_bits_per_key,
                                         .account = options_.account,
                                         .warm = options_.warming != nullptr ? &warm_.back() : nullptr});
  any_in_table_ = false;
  return {};
}

// Whether a table must end before `key`, which differs from the last one.
bool RunWriter::cut_before(Bytes key) {
  bool at_border = false;
  while (next_cut_ < options_.cut_keys.size() && Bytes(options_.cut_keys[next_cut_]) <= key) {
    at_border = true;
    next_cut_++;
  }
  if (at_border) return true;
  // The estimate takes the open block for one that does not compress; what is stored of it must not be small after all.
  return builder_->estimated_bytes() >= options_.table_bytes &&
         builder_->stored_bytes() >= small_table_bytes(options_.table_bytes);
}

// Cuts the table where it must end before `key`, and begins one where there is none.
Result<void> RunWriter::prepare_for(Bytes key) {
  if (builder_ != nullptr && key != Bytes(last_key_)) {
    if (cut_before(key)) NACRE_TRY(end_table(key));
  }
  if (builder_ == nullptr) {
    NACRE_TRY(begin_table());
    (void)cut_before(key);  // borders that lie before the table
  }
  any_in_table_ = true;
  last_key_.assign(key);
  return {};
}

Result<void> RunWriter::add(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value) {
  NACRE_TRY(prepare_for(key));
  return builder_->add(key, key_hash, trailer, value);
}

// A small entry that happened to be alone in its block belongs with others.
bool RunWriter::can_copy(const table::TableCursor& lone) const {
  return lone.codec() == options_.compression && lone.stored_block().raw_bytes > options_.block_bytes;
}

Result<void> RunWriter::add_lone(const table::TableCursor& lone) {
  NACRE_TRY(prepare_for(lone.key()));
  return builder_->add_block(lone.stored_block(), lone.block());
}

Result<void> RunWriter::end_table(Bytes next_begin) {
  std::vector<format::RangeTombstone> tombstones;
  if (options_.tombstones) tombstones = options_.tombstones(table_begin_, next_begin);
  if (builder_ == nullptr) {
    if (tombstones.empty()) return {};
    NACRE_TRY(begin_table());
  }
  const format::TombstoneSet set = format::TombstoneSet::build(tombstones);
  builder_->set_tombstones(set);
  NACRE_TRY_ASSIGN(const table::TableProperties properties, builder_->finish());
  NACRE_TRY(file_->sync());

  format::TableRecord record{.number = number_,
                             .file_bytes = properties.file_bytes,
                             .data_bytes = properties.key_bytes + properties.value_bytes,
                             .entries = properties.entries,
                             .erases = properties.erases,
                             .range_tombstones = properties.range_tombstones,
                             .smallest_sequence = properties.smallest_sequence,
                             .largest_sequence = properties.largest_sequence,
                             .entries_hash = properties.entries_hash,
                             .compression = options_.compression,
                             .smallest_key = properties.smallest_key,
                             .largest_key = properties.largest_key};
  if (!set.empty()) {
    const Bytes first = set.fragment(0).begin;
    const Bytes last = set.fragment(set.size() - 1).end;
    if (!any_in_table_ || first < Bytes(record.smallest_key)) record.smallest_key = first;
    if (!any_in_table_ || last > Bytes(last_key_)) {
      record.largest_key = last;
      record.largest_exclusive = true;
    }
  }
  bytes_written_ += record.file_bytes;
  finished_.push_back(std::move(record));
  builder_.reset();
  file_.reset();
  number_ = 0;
  any_in_table_ = false;
  table_begin_.assign(next_begin);
  return {};
}

Result<std::vector<format::TableRecord>> RunWriter::finish(uint64_t entries_hash) {
  NACRE_TRY(end_table(options_.end));
  for (const auto& record : finished_) entries_hash -= record.entries_hash;
  if (entries_hash != 0) {
    return corruption(Operation::kCompact, FileKind::kTable, finished_.empty() ? 0 : finished_.front().number, 0,
                      "the entries in the tables written are not those that were to be kept");
  }
  done_ = true;
  return std::move(finished_);
}

}  // namespace nacre::compaction
