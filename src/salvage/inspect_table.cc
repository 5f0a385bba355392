// Tables: footer, properties, parts, blocks, entries.

#include "format/block_cursor.h"
#include "salvage/damaged_table.h"
#include "salvage/items.h"

namespace nacre::salvage {

const char* codec_word(Compression codec) {
  switch (codec) {
    case Compression::kNone: return "none";
    case Compression::kLz4: return "lz4";
    case Compression::kZstd: return "zstd";
  }
  return "unknown";
}

namespace {

using format::Footer;
using format::TableProperties;

const char* kind_word(format::EntryKind kind) {
  switch (kind) {
    case format::EntryKind::kErase: return "erase";
    case format::EntryKind::kPut: return "put";
    case format::EntryKind::kRangeErase: return "erase range";
    default: return "unknown";
  }
}

class TableInspection {
 public:
  TableInspection(const DamagedTable& table, const InspectOptions& options, Items& items)
      : table_(table), options_(options), items_(items) {}

  void run() {
    for (const Fault& fault : table_.faults()) {
      items_.damage(fault.offset, fault.bytes,
                    std::string(fault.part) + ": " + (fault.error.reason != nullptr ? fault.error.reason : "damaged"));
    }
    if (!options_.block) show_parts();
    if (options_.block && *options_.block >= table_.places().size()) {
      return items_.add(
          {.what = "end", .fields = {number("blocks", table_.places().size()), word("why", "there is no such block")}});
    }
    const size_t first = options_.block.value_or(0);
    const size_t end = options_.block ? first + 1 : table_.places().size();
    for (size_t i = first; i < end && !items_.stopped(); i++) show_block(i);
    if (!options_.block) {
      items_.add({.what = "end",
                  .offset = table_.file_bytes(),
                  .fields = {number("blocks", table_.places().size()), number("damaged_blocks", damaged_),
                             number("entries", entries_)}});
    }
  }

 private:
  void show_parts();
  void show_properties(const TableProperties& p);
  void show_tombstones();
  void show_block(size_t index);
  void show_entries(const format::BlockView& view, uint64_t offset);

  const DamagedTable& table_;
  const InspectOptions& options_;
  Items& items_;
  uint64_t entries_ = 0;
  uint64_t damaged_ = 0;
  std::string last_key_;
};

void TableInspection::show_parts() {
  if (const auto& footer = table_.footer()) {
    items_.add({.what = "footer",
                .offset = footer->footer_at(),
                .bytes = format::kFooterBytes,
                .fields = {number("table", footer->identity.number),
                           word("database", footer->identity.uuid.to_string()), number("keyspace", footer->keyspace),
                           number("file_bytes", footer->file_bytes), number("features", footer->features)}});
  }
  if (table_.properties()) show_properties(*table_.properties());
  if (const auto& footer = table_.footer()) {
    const auto part = [&](const char* what, uint64_t begin, uint64_t end) {
      if (begin != end) items_.add({.what = what, .offset = begin, .bytes = end - begin});
    };
    part("data", 0, footer->tombstones_at);
    part("tombstones", footer->tombstones_at, footer->filter_at);
    part("filter", footer->filter_at, footer->index_at);
    part("index", footer->index_at, footer->properties_at);
  }
  show_tombstones();
}

void TableInspection::show_properties(const TableProperties& p) {
  const auto& footer = table_.footer();
  items_.add(
      {.what = "properties",
       .offset = footer ? footer->properties_at : 0,
       .bytes = footer ? footer->footer_at() - footer->properties_at : 0,
       .fields = {number("entries", p.entries), number("erases", p.erases),
                  number("range_tombstones", p.range_tombstones), number("key_bytes", p.key_bytes),
                  number("value_bytes", p.value_bytes), number("raw_bytes", p.raw_bytes),
                  number("blocks", p.data_blocks), number("block_bytes", p.block_bytes),
                  word("compression", codec_word(p.compression)), number("smallest_sequence", p.smallest_sequence),
                  number("largest_sequence", p.largest_sequence), bytes("smallest_key", p.smallest_key),
                  bytes("largest_key", p.largest_key)}});
}

void TableInspection::show_tombstones() {
  if (!table_.tombstones() || !options_.entries) return;
  for (size_t i = 0; i < table_.tombstones()->size(); i++) {
    const auto fragment = table_.tombstones()->fragment(i);
    for (const format::Sequence sequence : fragment.sequences) {
      items_.add({.what = "entry",
                  .depth = 1,
                  .fields = {word("kind", "erase range"), bytes("key", fragment.begin), bytes("end", fragment.end),
                             number("sequence", sequence)}});
    }
  }
}

void TableInspection::show_block(size_t index) {
  const DamagedTable::Place& place = table_.places()[index];
  const auto block = table_.load(place);
  InspectItem item{.what = place.gap ? "gap" : "block",
                   .offset = place.offset,
                   .bytes = place.bytes,
                   .fields = {number("block", index)}};
  if (!block) {
    damaged_++;
    item.damaged = true;
    item.fields.push_back(word("why", block.error().reason != nullptr ? block.error().reason : "damaged"));
    const auto after = index == 0 ? std::nullopt : table_.fence(index - 1);
    if (after || index != 0) item.fields.push_back(bytes("keys_from", after ? *after : last_key_));
    if (const auto until = table_.fence(index)) item.fields.push_back(bytes("keys_to", *until));
    return items_.add(item);
  }
  const format::BlockView view(block->image);
  format::BlockCursor cursor;
  cursor.reset(view);
  cursor.move_to(0);
  std::string first_key(cursor.key());
  cursor.move_to(view.entries() - 1);
  last_key_ = cursor.key();
  entries_ += view.entries();
  item.fields.push_back(word("checksum", "right"));
  item.fields.push_back(word("codec", codec_word(block->compression)));
  item.fields.push_back(number("raw_bytes", block->image.size()));
  item.fields.push_back(number("entries", view.entries()));
  item.fields.push_back(bytes("first_key", first_key));
  item.fields.push_back(bytes("last_key", last_key_));
  items_.add(item);
  if (options_.entries || options_.block) show_entries(view, place.offset);
}

void TableInspection::show_entries(const format::BlockView& view, uint64_t offset) {
  format::BlockCursor cursor;
  cursor.reset(view);
  for (cursor.move_to(0); cursor.valid() && !items_.stopped(); cursor.next()) {
    InspectItem item{.what = "entry",
                     .depth = 1,
                     .offset = offset,
                     .fields = {word("kind", kind_word(format::kind_of(cursor.trailer()))), bytes("key", cursor.key()),
                                number("sequence", format::sequence_of(cursor.trailer())),
                                number("value_bytes", cursor.value().size())}};
    if (options_.values) item.fields.push_back(bytes("value", cursor.value()));
    items_.add(item);
  }
}

}  // namespace

void inspect_table(std::unique_ptr<ReadableFile> file, const format::TableIdentity& id, const InspectOptions& options,
                   Items& items) {
  TableInspection(DamagedTable(std::move(file), id), options, items).run();
}

}  // namespace nacre::salvage
