#include "salvage/damaged_table.h"

#include <algorithm>

#include "base/result.h"
#include "format/filter.h"

namespace nacre::salvage {

using format::kFooterBytes;
using format::kStoredTrailerBytes;
using format::StoredKind;

namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kPassBytes = uint64_t{1} << 20;
// A search may compute checksums over this many times the file, and look at so many trailers for each byte of it.
constexpr uint64_t kSearchFactor = 16;

}  // namespace

bool read_what_can_be(ReadableFile& file, uint64_t offset, std::span<char> out) {
  if (const auto got = file.read(offset, out); got && *got == out.size()) return true;
  for (size_t at = 0; at < out.size();) {
    const std::span<char> page =
        out.subspan(at, std::min<size_t>(kPageBytes - (offset + at) % kPageBytes, out.size() - at));
    const auto got = file.read(offset + at, page);
    std::fill(page.begin() + static_cast<ptrdiff_t>(got ? *got : 0), page.end(), '\0');
    at += page.size();
  }
  return false;
}

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

// All places that look like the trailer of a stored block.
std::vector<DamagedTable::Trailer> DamagedTable::trailers() const {
  std::vector<Trailer> all;
  std::string window;
  for (uint64_t begin = 0; begin + kStoredTrailerBytes <= file_bytes_; begin += kPassBytes) {
    window.resize(std::min(kPassBytes + kStoredTrailerBytes - 1, file_bytes_ - begin));
    (void)read_what_can_be(*file_, begin, window);
    for (size_t at = 0; at + kStoredTrailerBytes <= window.size(); at++) {
      const char* bytes = window.data() + at;
      if (bytes[6] != 0 || bytes[7] != 0 || bytes[5] < 1 || bytes[5] > 5 || bytes[4] < 0 || bytes[4] > 2) continue;
      all.push_back({.at = begin + at,
                     .raw_bytes = base::load<uint32_t>(bytes),
                     .compression = static_cast<Compression>(bytes[4]),
                     .kind = static_cast<StoredKind>(bytes[5])});
    }
  }
  return all;
}

// The trailer that ends the block which begins at `begin`; null if none proves to.
const DamagedTable::Trailer* DamagedTable::block_from(uint64_t begin, const std::vector<Trailer>& all,
                                                      uint64_t* budget) const {
  auto trailer =
      std::upper_bound(all.begin(), all.end(), begin, [](uint64_t at, const Trailer& t) { return at < t.at; });
  std::string stored;
  for (; trailer != all.end() && *budget != 0; ++trailer, --*budget) {
    const uint64_t payload_bytes = trailer->at - begin;
    const bool may_be =
        trailer->compression == Compression::kNone
            ? trailer->raw_bytes == static_cast<uint32_t>(payload_bytes)
            : payload_bytes < trailer->raw_bytes && trailer->raw_bytes <= format::kMaxCompressedRawBytes;
    if (!may_be) continue;
    if (payload_bytes >= *budget) return nullptr;
    *budget -= payload_bytes;
    stored.resize(payload_bytes + kStoredTrailerBytes);
    (void)read_what_can_be(*file_, begin, stored);
    if (format::open_stored(stored, trailer->kind, id_.checksum_seed(begin))) return &*trailer;
  }
  return nullptr;
}

void DamagedTable::found(uint64_t begin, const Trailer& trailer) {
  const uint64_t bytes = trailer.at + kStoredTrailerBytes - begin;
  if (trailer.kind == StoredKind::kData) {
    places_.push_back({.offset = begin, .bytes = bytes});
    return;
  }
  data_ended_ = true;
  const auto raw = load_part(begin, bytes, trailer.kind);
  if (!raw) return;
  if (trailer.kind == StoredKind::kTombstones && !tombstones_) {
    if (auto decoded = format::TombstoneSet::decode(*raw)) tombstones_ = *std::move(decoded);
  }
  if (trailer.kind == StoredKind::kProperties && !properties_) {
    if (auto decoded = format::decode_properties(*raw)) properties_ = *std::move(decoded);
  }
}

void DamagedTable::search() {
  places_.clear();
  const std::vector<Trailer> all = trailers();
  const uint64_t end = footer_ ? footer_->tombstones_at : file_bytes_;
  uint64_t budget = kSearchFactor * std::max(file_bytes_, kPassBytes);
  bool in_gap = false;
  uint64_t gap_begin = 0;
  uint64_t begin = 0;
  while (begin < end) {
    const Trailer* trailer = block_from(begin, all, &budget);
    if (trailer != nullptr) {
      if (in_gap && !data_ended_) places_.push_back({.offset = gap_begin, .bytes = begin - gap_begin, .gap = true});
      in_gap = false;
      found(begin, *trailer);
      begin = trailer->at + kStoredTrailerBytes;
      continue;
    }
    if (!in_gap) gap_begin = begin;
    in_gap = true;
    const auto next = std::upper_bound(all.begin(), all.end(), begin,
                                       [](uint64_t at, const Trailer& t) { return at < t.at + kStoredTrailerBytes; });
    begin = next != all.end() && budget != 0 ? next->at + kStoredTrailerBytes : end;
  }
  if (data_ended_) return;
  const uint64_t from = in_gap ? gap_begin : end;
  if (in_gap || !footer_) places_.push_back({.offset = from, .bytes = end - from, .gap = true});
}

}  // namespace nacre::salvage
