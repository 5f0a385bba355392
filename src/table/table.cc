#include "table/table.h"

#include <algorithm>
#include <optional>

#include "base/prefetch.h"
#include "base/result.h"
#include "table/table_cursor.h"

namespace nacre::table {

using cache::Cache;
using cache::Frame;
using cache::PinnedFrame;
using format::BlockView;
using format::StoredKind;

namespace {

constexpr uint64_t kTailBytes = 4096;  // mostly holds footer and properties
constexpr uint64_t kMaxPropertiesBytes = 2 * kMaxKeyBytes + 512;

// Footer and properties, with one read if they are of usual size.
Result<std::pair<format::Footer, TableProperties>> read_ends(const TableFile& file, const TableIdentity& id) {
  const uint64_t file_bytes = file.file().size_bytes();
  const uint64_t tail_bytes = std::min(file_bytes, kTailBytes);
  const uint64_t tail_at = file_bytes - tail_bytes;
  std::string tail(tail_bytes, '\0');
  NACRE_TRY(file.read(tail_at, tail));
  const uint64_t footer_in_tail = tail_bytes - std::min<uint64_t>(tail_bytes, format::kFooterBytes);
  const auto footer = format::decode_footer(Bytes(tail).substr(footer_in_tail), file_bytes, id);
  if (!footer) return file.located(footer.error(), tail_at + footer_in_tail);

  const uint64_t at = footer->properties_at;
  const uint64_t bytes = footer->footer_at() - at;
  if (bytes > kMaxPropertiesBytes) return file.corrupt(at, "table properties are of no possible size");
  std::string stored;
  if (at >= tail_at) {
    stored = tail.substr(at - tail_at, bytes);
  } else {
    stored.resize(bytes);
    NACRE_TRY(file.read(at, stored));
  }
  NACRE_TRY_ASSIGN(const format::StoredBlock block, file.check_stored(stored, StoredKind::kProperties, at));
  if (block.compression != Compression::kNone) return file.corrupt(at, "table properties are compressed");
  auto properties = format::decode_properties(block.payload);
  if (!properties) return file.located(properties.error(), at);
  properties->file_bytes = file_bytes;
  return std::pair(*footer, *std::move(properties));
}

Result<void> check_agreement(const TableFile& file, const format::Footer& footer, const TableProperties& properties) {
  const uint64_t blocks = properties.data_blocks;
  if ((blocks == 0) != (footer.tombstones_at == 0) || blocks > footer.tombstones_at / format::kStoredTrailerBytes ||
      blocks > format::kMaxBlocks) {
    return file.corrupt(footer.properties_at, "table has another number of blocks than its data have room for");
  }
  if ((properties.range_tombstones == 0) != (footer.tombstones_at == footer.filter_at)) {
    return file.corrupt(footer.properties_at, "table contradicts itself about range tombstones");
  }
  return {};
}

// Of a block of usual size: what a lookup reads first, header and tags. Longer ones are left to the processor.
uint32_t lines_of_tags(const TableProperties& properties) {
  constexpr uint64_t kLineBytes = 64;
  constexpr uint64_t kMostLines = 9;
  const uint64_t tags = properties.entries / std::max<uint64_t>(properties.data_blocks, 1);
  const uint64_t bytes = sizeof(Frame) + format::kBlockHeaderBytes + tags;
  return static_cast<uint32_t>(std::min((bytes + kLineBytes - 1) / kLineBytes + 1, kMostLines));
}

}  // namespace

Table::Table(TableFile file, const format::Footer& footer, TableProperties properties, Cache& cache)
    : cache_(cache),
      slots_(std::make_unique<cache::Slot[]>(properties.data_blocks)),
      blocks_(static_cast<uint32_t>(properties.data_blocks)),
      lines_of_tags_(lines_of_tags(properties)),
      footer_(footer),
      file_(std::move(file)),
      properties_(std::move(properties)) {}

Table::~Table() {
  for (uint32_t i = 0; i < blocks_; i++) cache_.drop(slots_[i]);
  cache_.drop(filter_slot_);
  cache_.drop(index_slot_);
}

Result<base::IntrusivePtr<Table>> Table::open(std::unique_ptr<ReadableFile> file, const TableIdentity& id, Cache& cache,
                                              base::MemoryAccount* account) {
  TableFile table_file(std::move(file), id);
  NACRE_TRY_ASSIGN(auto ends, read_ends(table_file, id));
  NACRE_TRY(check_agreement(table_file, ends.first, ends.second));
  base::IntrusivePtr<Table> table(new Table(std::move(table_file), ends.first, std::move(ends.second), cache));
  NACRE_TRY_ASSIGN(table->tombstones_, table->read_tombstones());
  const uint64_t held = sizeof(Table) + sizeof(cache::Slot) * table->blocks_ + table->tombstones_.memory_bytes() +
                        table->properties_.smallest_key.size() + table->properties_.largest_key.size();
  table->charge_ = base::MemoryCharge(account, base::MemoryPart::kTableMeta, held);
  return table;
}

Result<format::TombstoneSet> Table::read_tombstones() const {
  if (properties_.range_tombstones == 0) return format::TombstoneSet();
  const uint64_t at = footer_.tombstones_at;
  NACRE_TRY_ASSIGN(const std::string raw, file_.load({at, footer_.filter_at - at}, StoredKind::kTombstones));
  auto decoded = format::TombstoneSet::decode(raw);
  if (!decoded) return file_.located(decoded.error(), at);
  if (decoded->size() != properties_.range_tombstones)
    return file_.corrupt(at, "table has another number of range tombstones");
  return decoded;
}

Result<void> Table::check_ends() const {
  NACRE_TRY_ASSIGN(const auto ends, read_ends(file_, footer_.identity));
  const bool same = format::encode_footer(ends.first) == format::encode_footer(footer_) &&
                    format::encode_properties(ends.second) == format::encode_properties(properties_);
  if (!same) return file_.corrupt(footer_.properties_at, "table properties changed since the table was opened");
  if (const auto tombstones = read_tombstones(); !tombstones) return tombstones.error();
  return {};
}

// --- Loading what is not in the cache ---

Result<Cache::Draft> Table::load_aligned(Extent extent, StoredKind kind) const {
  std::optional<Cache::Draft> draft;
  NACRE_TRY(file_.load_to(extent, kind, [&](uint64_t raw_bytes) {
    draft.emplace(cache_.allocate(raw_bytes + kAlignmentRoom));
    return aligned_image(draft->bytes());
  }));
  return *std::move(draft);
}

Result<format::IndexView> Table::parse_index(Bytes image) const {
  auto view = format::IndexView::parse(image);
  if (!view) return file_.located(view.error(), footer_.index_at);
  if (view->blocks() != blocks_) return file_.corrupt(footer_.index_at, "table index has another number of blocks");
  if (view->begin() != 0 || view->end() != footer_.tombstones_at) {
    return file_.corrupt(footer_.index_at, "table index does not span the data blocks");
  }
  return view;
}

Result<format::FilterView> Table::parse_filter(Bytes image) const {
  auto view = format::FilterView::parse(image);
  if (!view) return file_.located(view.error(), footer_.filter_at);
  return view;
}

Result<const Frame*> Table::load_index() const {
  const Extent extent{footer_.index_at, footer_.properties_at - footer_.index_at};
  NACRE_TRY_ASSIGN(Cache::Draft draft, load_aligned(extent, StoredKind::kIndex));
  const auto image = aligned_image(draft.bytes());
  NACRE_TRY(parse_index({image.data(), image.size()}));
  return cache_.publish(std::move(draft), index_slot_).get();  // the guard keeps it readable without the pin
}

Result<const Frame*> Table::load_filter() const {
  const Extent extent{footer_.filter_at, footer_.index_at - footer_.filter_at};
  NACRE_TRY_ASSIGN(Cache::Draft draft, load_aligned(extent, StoredKind::kFilter));
  const auto image = aligned_image(draft.bytes());
  NACRE_TRY(parse_filter({image.data(), image.size()}));
  return cache_.publish(std::move(draft), filter_slot_).get();
}

Result<PinnedFrame> Table::load_block(uint32_t block, Extent extent) const {
  std::optional<Cache::Draft> draft;
  NACRE_TRY(file_.load_to(extent, StoredKind::kData, [&](uint64_t raw_bytes) {
    draft.emplace(cache_.allocate(raw_bytes));
    return draft->bytes();
  }));
  return publish_draft(block, extent, *std::move(draft));
}

Result<PinnedFrame> Table::publish_block(uint32_t block, Extent extent, Bytes stored) const {
  NACRE_TRY_ASSIGN(const format::StoredBlock opened, file_.check_stored(stored, StoredKind::kData, extent.offset));
  Cache::Draft draft = cache_.allocate(opened.raw_bytes);
  NACRE_TRY(file_.unpack(opened, draft.bytes(), extent.offset));
  return publish_draft(block, extent, std::move(draft));
}

Result<PinnedFrame> Table::publish_draft(uint32_t block, Extent extent, Cache::Draft draft) const {
  const auto image = draft.bytes();
  if (const auto view = BlockView::parse({image.data(), image.size()}); !view) {
    return file_.located(view.error(), extent.offset);
  }
  return cache_.publish(std::move(draft), slots_[block]);
}

const Frame* Table::cached_block(uint32_t block) const {
  const Frame* frame = cache_.find(slots_[block]);
  if (frame != nullptr) [[likely]] {
    // Header and tags are read one after the other: ask for both at once.
    for (uint32_t line = 1; line < lines_of_tags_; line++)
      base::prefetch(reinterpret_cast<const char*>(frame) + size_t{64} * line);
  }
  return frame;
}

Result<const Frame*> Table::block_frame(uint32_t block) const {
  if (const Frame* frame = cached_block(block); frame != nullptr) [[likely]]
    return frame;
  NACRE_TRY_ASSIGN(const format::IndexView view, index());
  NACRE_TRY_ASSIGN(const PinnedFrame pinned, load_block(block, view.extent(block)));
  return pinned.get();
}

Result<std::string> Table::first_key_of(uint32_t block) const {
  NACRE_TRY_ASSIGN(const Frame* frame, block_frame(block));
  const BlockView view(frame->bytes());
  std::string key(view.key_bytes(0) + BlockView::kKeySlack, '\0');
  key.resize(view.copy_key(0, key.data()));
  return key;
}

// --- Lookups ---

Result<Table::Found> Table::get(Bytes key, uint64_t key_hash, Sequence at, Guess guess) const {
  if (guess == Guess::kAbsent) {
    NACRE_TRY_ASSIGN(const bool passes, passes_filter(key_hash));
    if (!passes) return Found{};
  }
  NACRE_TRY_ASSIGN(const uint32_t block, block_for(key));
  if (block == blocks_) return Found{};
  const Frame* frame = cached_block(block);
  if (frame == nullptr) [[unlikely]] {
    if (guess == Guess::kPresent) {
      NACRE_TRY_ASSIGN(const bool passes, passes_filter(key_hash));
      if (!passes) return Found{};
    }
    NACRE_TRY_ASSIGN(frame, block_frame(block));
  }
  return search(frame, block, key, key_hash, at);
}

Result<Table::Found> Table::search(const Frame* frame, uint32_t block, Bytes key, uint64_t key_hash,
                                   Sequence at) const {
  const uint64_t newest = format::trailer_for_lookup(at);
  for (;;) {
    const BlockView view(frame->bytes());
    const BlockView::Found hit = view.find(key, key_hash, newest);
    if (hit.index != view.entries()) [[likely]] {
      return Found{.found = true, .trailer = view.trailer(hit.index), .value = view.value(hit.index), .frame = frame};
    }
    if (!hit.may_continue || ++block == blocks_) return Found{};
    NACRE_TRY_ASSIGN(frame, block_frame(block));
  }
}

bool Table::may_contain(uint64_t key_hash) const {
  if (!has_filter()) return true;
  const Frame* frame = cache_.find(filter_slot_);
  return frame == nullptr || format::FilterView(aligned_image(frame->bytes())).may_contain(key_hash);
}

double Table::cached_share() const {
  constexpr uint32_t kSample = 64;
  if (blocks_ == 0) return 1;
  const uint32_t asked = std::min(blocks_, kSample);
  uint32_t cached = 0;
  for (uint64_t i = 0; i < asked; i++) cached += cache_.holds(slots_[i * blocks_ / asked]) ? 1 : 0;
  return static_cast<double>(cached) / asked;
}

void Table::prefetch(uint64_t key_hash) const {
  if (!has_filter()) return;
  const Frame* frame = cache_.find(filter_slot_);
  if (frame != nullptr) format::FilterView(aligned_image(frame->bytes())).prefetch(key_hash);
}

TableCursor Table::cursor() const { return TableCursor(*this, {}); }
TableCursor Table::cursor(const CursorOptions& options) const { return TableCursor(*this, options); }

}  // namespace nacre::table
