#include "salvage/block_search.h"

#include <algorithm>

#include "base/coding.h"
#include "salvage/patient_file.h"

namespace nacre::salvage {

using format::kMaxCompressedRawBytes;
using format::kStoredTrailerBytes;

namespace {

constexpr uint64_t kWindowBytes = uint64_t{1} << 19;
constexpr size_t kMostLooks = size_t{1} << 17;
// How many times the file each step may compute checksums of, and how many looks it may compare for each byte of it.
constexpr uint64_t kNearFactor = 64;
constexpr uint64_t kLongFactor = 16;
constexpr uint64_t kLooksFactor = 64;
constexpr uint64_t kLeastBytes = uint64_t{8} << 20;  // what a smaller file is taken for

}  // namespace

// Those of uncompressed blocks are apart, as the others have to be tried one by one.
struct BlockSearch::Near {
  Scanner scanner;
  uint64_t longest;
  std::deque<Look> all = {};
  std::deque<Look> packed = {};
  bool done = false;

  bool pull() {
    const auto look = done ? std::nullopt : scanner.next();
    done = !look;
    if (done) return false;
    all.push_back(*look);
    if (!look->plain()) packed.push_back(*look);
    return true;
  }
  // Afterwards they are those from `begin` on, up to the length of a block.
  void move_to(uint64_t begin) {
    while (!all.empty() && all.front().at <= begin) all.pop_front();
    while (!packed.empty() && packed.front().at <= begin) packed.pop_front();
    while ((all.empty() || all.back().at - begin <= longest) && pull()) {
      if (all.back().at <= begin) all.pop_back();
      if (!packed.empty() && packed.back().at <= begin) packed.pop_back();
    }
  }
  std::optional<Look> next() {
    if (all.empty() && !pull()) return std::nullopt;
    const Look look = all.front();
    move_to(look.at);
    return look;
  }
};

std::vector<FoundBlock> BlockSearch::run() {
  const uint64_t bytes = std::max(end_, kLeastBytes);
  Budget near{.bytes = kNearFactor * bytes, .looks = kLooksFactor * bytes, .ahead = kLongFactor * bytes};
  Budget plain{.bytes = kLongFactor * bytes, .looks = kLooksFactor * bytes};
  Budget packed = plain;
  search_near({.begin = 0, .end = end_}, near);
  for (const Range& range : rest()) search_long_plain(range, plain);
  for (const Range& range : rest()) search_long_packed(range, packed);
  std::vector<Range> gaps = rest();
  if (near.refused || near.spent()) {
    Budget again{.bytes = kLongFactor * bytes, .looks = kLooksFactor * bytes};
    std::sort(gaps.begin(), gaps.end(),
              [](const Range& a, const Range& b) { return a.end - a.begin < b.end - b.begin; });
    for (const Range& gap : gaps) search_near(gap, again);
    gaps = rest();
  }
  return std::move(found_);
}

// What lies between the blocks that are found.
std::vector<BlockSearch::Range> BlockSearch::rest() {
  std::sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::vector<Range> ranges;
  uint64_t begin = 0;
  for (const FoundBlock& block : found_) {
    if (begin < block.offset) ranges.push_back({.begin = begin, .end = block.offset});
    begin = block.end();
  }
  if (begin < end_) ranges.push_back({.begin = begin, .end = end_});
  return ranges;
}

std::optional<BlockSearch::Look> BlockSearch::look_at(const char* bytes, uint64_t at) {
  if (bytes[6] != 0 || bytes[7] != 0 || bytes[5] < 1 || bytes[5] > 5 || bytes[4] < 0 || bytes[4] > 2)
    return std::nullopt;
  return Look{.at = at,
              .raw_bytes = base::load<uint32_t>(bytes),
              .compression = static_cast<Compression>(bytes[4]),
              .kind = static_cast<format::StoredKind>(bytes[5])};
}

std::optional<BlockSearch::Look> BlockSearch::Scanner::next() {
  for (; at_ + kStoredTrailerBytes <= end_; at_++) {
    if (at_ < window_begin_ || at_ + kStoredTrailerBytes > window_begin_ + window_.size()) {
      window_begin_ = at_;
      window_.resize(std::min(kWindowBytes, end_ - at_));
      (void)read_what_can_be(file_, window_begin_, window_);
    }
    if (const auto look = look_at(window_.data() + (at_ - window_begin_), at_)) {
      at_++;
      return look;
    }
  }
  return std::nullopt;
}

bool BlockSearch::may_end(uint64_t begin, const Look& look) const {
  const uint64_t payload_bytes = look.at - begin;
  if (look.plain()) return look.raw_bytes == static_cast<uint32_t>(payload_bytes);
  return payload_bytes < look.raw_bytes && look.raw_bytes <= kMaxCompressedRawBytes;
}

bool BlockSearch::proves(uint64_t begin, const Look& look, Budget& budget) {
  const uint64_t bytes = look.end() - begin;
  budget.refused |= bytes > budget.bytes;
  if (bytes > budget.bytes) return false;
  budget.bytes -= bytes;
  stored_.resize(bytes);
  (void)read_what_can_be(file_, begin, stored_);
  return format::open_stored(stored_, look.kind, id_.checksum_seed(begin)).has_value();
}

// The look that proves to end the block which begins at `begin`; null if none does.
const BlockSearch::Look* BlockSearch::end_of(uint64_t begin, const std::deque<Look>& looks, uint64_t longest,
                                             Budget& budget) {
  for (const Look& look : looks) {
    if (look.at <= begin) continue;
    if (look.at - begin > longest || budget.looks == 0) return nullptr;
    budget.looks--;
    if (may_end(begin, look) && proves(begin, look, budget)) return &look;
  }
  return nullptr;
}

uint64_t BlockSearch::take(uint64_t begin, const Look& look) {
  found_.push_back({.offset = begin, .bytes = look.end() - begin, .kind = look.kind});
  return look.end();
}

// The same for a long block. Where there is damage it is looked for in vain, so each time but a part of the budget may go.
std::optional<BlockSearch::Look> BlockSearch::long_end_of(uint64_t begin, Budget& budget) {
  const uint64_t from = std::min(begin + usual_bytes_, end_);
  const uint64_t bytes = std::min({end_ - from, std::max(kLeastBytes, budget.ahead / 16), budget.ahead});
  budget.ahead -= bytes;
  Scanner scanner(file_, {.begin = from, .end = from + bytes});
  while (const auto look = scanner.next()) {
    if (may_end(begin, *look) && proves(begin, *look, budget)) return look;
  }
  return std::nullopt;
}

void BlockSearch::search_near(const Range& range, Budget& budget) {
  Near looks{.scanner = Scanner(file_, range), .longest = usual_bytes_};
  uint64_t begin = range.begin;  // where a block ended
  while (begin < range.end) {
    looks.move_to(begin);
    if (const Look* end = end_of(begin, looks.all, usual_bytes_, budget)) {
      begin = take(begin, *end);
      continue;
    }
    if (const auto end = long_end_of(begin, budget)) {
      begin = take(begin, *end);
      continue;
    }
    const uint64_t gap = begin;
    while (begin == gap) {
      const auto look = looks.next();
      if (!look || budget.spent()) return;
      const bool far = look->raw_bytes > usual_bytes_ || look->raw_bytes > look->at - gap;
      if (look->plain() && look->raw_bytes != 0 && !far && proves(look->at - look->raw_bytes, *look, budget)) {
        begin = take(look->at - look->raw_bytes, *look);
      } else if (const Look* end = end_of(look->end(), looks.packed, usual_bytes_, budget)) {
        begin = take(look->end(), *end);
      }
    }
  }
}

// Whether a block may begin there: behind what looks like the end of another.
bool BlockSearch::ended_before(uint64_t begin, uint64_t lower) const {
  if (begin == lower) return true;
  if (begin < lower + kStoredTrailerBytes) return false;
  char bytes[kStoredTrailerBytes];
  (void)read_what_can_be(file_, begin - sizeof bytes, bytes);
  return look_at(bytes, begin - sizeof bytes).has_value();
}

void BlockSearch::search_long_plain(const Range& range, Budget& budget) {
  if (range.end - range.begin <= usual_bytes_) return;
  Scanner scanner(file_, range);
  uint64_t lower = range.begin;
  while (const auto look = scanner.next()) {
    if (!look->plain()) continue;
    // A trailer has the low bits of the size only.
    for (uint64_t raw_bytes = look->raw_bytes; raw_bytes <= look->at - std::min(lower, look->at);
         raw_bytes += uint64_t{1} << 32) {
      if (raw_bytes <= usual_bytes_) continue;
      const uint64_t begin = look->at - raw_bytes;
      if (!ended_before(begin, lower) || !proves(begin, *look, budget)) continue;
      lower = take(begin, *look);
      break;
    }
  }
}

void BlockSearch::search_long_packed(const Range& range, Budget& budget) {
  if (range.end - range.begin <= usual_bytes_) return;
  Scanner beginnings(file_, range);
  Scanner ends(file_, range);
  std::deque<Look> packed;
  std::optional<Look> next = ends.next();
  uint64_t begin = range.begin;
  while (begin < range.end && !budget.spent()) {
    while (!packed.empty() && packed.front().at <= begin) packed.pop_front();
    for (; next && next->at < begin + kMaxCompressedRawBytes && packed.size() < kMostLooks; next = ends.next()) {
      if (!next->plain() && next->at > begin) packed.push_back(*next);
    }
    if (const Look* end = end_of(begin, packed, kMaxCompressedRawBytes, budget)) {
      begin = take(begin, *end);
      continue;
    }
    auto look = beginnings.next();
    while (look && look->end() <= begin) look = beginnings.next();
    begin = look ? look->end() : range.end;
  }
}

}  // namespace nacre::salvage
