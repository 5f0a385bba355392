#include "salvage/damaged_table.h"

#include <algorithm>

#include "base/result.h"
#include "format/filter.h"
#include "salvage/block_search.h"
#include "salvage/patient_file.h"

namespace nacre::salvage {

using format::kFooterBytes;
using format::kStoredTrailerBytes;
using format::StoredKind;

namespace {

// Blocks are seldom longer, if nothing says how long they are.
constexpr uint64_t kUsualBytes = uint64_t{32} << 10;

}  // namespace

DamagedTable::DamagedTable(std::unique_ptr<ReadableFile> file, const format::TableIdentity& id)
    : file_(std::move(file)), id_(id), file_bytes_(file_->size_bytes()) {
  read_footer();
  if (footer_) {
    read_properties();
    read_tombstones();
    read_filter();
    if (read_index()) return;
  }
  search();
  if (!tombstones_ && properties_ && properties_->range_tombstones == 0) tombstones_.emplace();
}

void DamagedTable::fault(const char* part, uint64_t offset, uint64_t bytes, Error error) {
  error.file_kind = FileKind::kTable;
  error.file_number = id_.number;
  error.offset = offset;
  faults_.push_back({.part = part, .offset = offset, .bytes = bytes, .error = error});
}

Result<std::string> DamagedTable::load_part(uint64_t offset, uint64_t bytes, StoredKind kind) const {
  std::string stored(bytes, '\0');
  const bool readable = read_what_can_be(*file_, offset, stored);
  const auto block = format::open_stored(stored, kind, id_.checksum_seed(offset));
  if (!block) {
    Error error = block.error();
    if (!readable) error.reason = "the system cannot read it";
    return error;
  }
  if (block->compression == Compression::kNone) {
    stored.resize(block->payload.size());
    return stored;
  }
  std::string raw(block->raw_bytes, '\0');
  NACRE_TRY(format::unpack(*block, raw));
  return raw;
}

void DamagedTable::read_footer() {
  const uint64_t bytes = std::min<uint64_t>(file_bytes_, kFooterBytes);
  const uint64_t at = file_bytes_ - bytes;
  std::string tail(bytes, '\0');
  (void)read_what_can_be(*file_, at, tail);  // the checksum will tell
  const auto footer = format::decode_footer(tail, file_bytes_, id_);
  if (footer) {
    footer_ = *footer;
  } else {
    fault("footer", at, bytes, footer.error());
  }
}

void DamagedTable::read_properties() {
  const uint64_t at = footer_->properties_at;
  const uint64_t bytes = footer_->footer_at() - at;
  const auto raw = load_part(at, bytes, StoredKind::kProperties);
  const auto decoded = raw ? format::decode_properties(*raw) : Result<format::TableProperties>(raw.error());
  if (!decoded) return fault("properties", at, bytes, decoded.error());
  properties_ = *decoded;
}

void DamagedTable::read_tombstones() {
  const uint64_t at = footer_->tombstones_at;
  const uint64_t bytes = footer_->filter_at - at;
  if (bytes == 0) {
    tombstones_.emplace();
    return;
  }
  const auto raw = load_part(at, bytes, StoredKind::kTombstones);
  auto decoded = raw ? format::TombstoneSet::decode(*raw) : Result<format::TombstoneSet>(raw.error());
  if (!decoded) return fault("tombstones", at, bytes, decoded.error());
  tombstones_ = *std::move(decoded);
}

void DamagedTable::read_filter() {
  const uint64_t at = footer_->filter_at;
  const uint64_t bytes = footer_->index_at - at;
  if (bytes == 0) return;
  const auto raw = load_part(at, bytes, StoredKind::kFilter);
  const auto parsed = raw ? format::FilterView::parse(*raw) : Result<format::FilterView>(raw.error());
  if (!parsed) fault("filter", at, bytes, parsed.error());
}

bool DamagedTable::read_index() {
  const uint64_t at = footer_->index_at;
  const uint64_t bytes = footer_->properties_at - at;
  auto raw = load_part(at, bytes, StoredKind::kIndex);
  const auto parsed = raw ? format::IndexView::parse(*raw) : Result<format::IndexView>(raw.error());
  if (!parsed) {
    fault("index", at, bytes, parsed.error());
    return false;
  }
  index_image_ = *std::move(raw);
  index_ = format::IndexView(*index_image_);
  if (index_.begin() != 0 || index_.end() != footer_->tombstones_at) {
    index_image_.reset();
    fault("index", at, bytes, malformed("table index does not span the data blocks"));
    return false;
  }
  for (uint32_t i = 0; i < index_.blocks(); i++) {
    const auto extent = index_.extent(i);
    places_.push_back({.offset = extent.offset, .bytes = extent.bytes});
  }
  return true;
}

std::optional<std::string> DamagedTable::fence(size_t i) const {
  if (!index_image_ || i >= index_.blocks()) return std::nullopt;
  return std::string(index_.prefix()).append(index_.fence_rest(static_cast<uint32_t>(i)));
}

Result<DamagedTable::Block> DamagedTable::load(const Place& place) const {
  if (place.gap) return malformed("no whole block lies here");
  Block block;
  std::string stored(place.bytes, '\0');
  const bool readable = read_what_can_be(*file_, place.offset, stored);
  const auto opened = format::open_stored(stored, StoredKind::kData, id_.checksum_seed(place.offset));
  if (!opened) {
    Error error = opened.error();
    if (!readable) error.reason = "the system cannot read it";
    return error;
  }
  block.compression = opened->compression;
  if (opened->compression == Compression::kNone) {
    stored.resize(opened->payload.size());
    block.image = std::move(stored);
  } else {
    block.image.resize(opened->raw_bytes);
    NACRE_TRY(format::unpack(*opened, block.image));
  }
  NACRE_TRY_ASSIGN(block.view, format::BlockView::parse(block.image));
  return block;
}

// --- Looking for blocks ---

// A part behind the data: what the footer does not lead to.
void DamagedTable::found_part(const FoundBlock& block) {
  const auto raw = load_part(block.offset, block.bytes, block.kind);
  if (!raw) return;
  if (block.kind == StoredKind::kTombstones && !tombstones_) {
    if (auto decoded = format::TombstoneSet::decode(*raw)) tombstones_ = *std::move(decoded);
  }
  if (block.kind == StoredKind::kProperties && !properties_) {
    if (auto decoded = format::decode_properties(*raw)) properties_ = *std::move(decoded);
  }
}

void DamagedTable::search() {
  places_.clear();
  const uint64_t end = footer_ ? footer_->tombstones_at : file_bytes_;
  const uint64_t block_bytes = properties_ ? properties_->block_bytes : 0;
  BlockSearch blocks(*file_, id_, end, std::clamp(2 * block_bytes, kUsualBytes, 4 * kUsualBytes));
  uint64_t begin = 0;  // behind the last block
  bool data_ended = false;
  for (const FoundBlock& block : blocks.run()) {
    if (begin < block.offset && !data_ended)
      places_.push_back({.offset = begin, .bytes = block.offset - begin, .gap = true});
    begin = block.end();
    data_ended |= block.kind != StoredKind::kData;
    if (block.kind == StoredKind::kData) {
      places_.push_back({.offset = block.offset, .bytes = block.bytes});
    } else {
      found_part(block);
    }
  }
  if (data_ended) return;
  if (begin < end || !footer_) places_.push_back({.offset = begin, .bytes = end - begin, .gap = true});
}

}  // namespace nacre::salvage
