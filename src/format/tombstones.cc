#include "format/tombstones.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/bits.h"
#include "base/coding.h"
#include "base/result.h"

namespace nacre::format {
namespace {

using Pool = std::vector<Sequence>;

// A key at which the cover changes.
struct Edge {
  Bytes key;
  size_t rank;  // of the tombstone's sequence among the distinct ones, newest first
  bool opens;
};

// The tombstones that cover the place where the sweep stands, as ranks; a rank counts several of one sequence.
class Cover {
 public:
  void apply(const Edge& edge) {
    if (edge.opens) {
      ranks_[edge.rank]++;
    } else if (const auto it = ranks_.find(edge.rank); --it->second == 0) {
      ranks_.erase(it);
    }
  }
  bool empty() const { return ranks_.empty(); }

  // Where in the pool the cover's sequences lie, put there if they are no neighbours.
  std::pair<size_t, size_t> place(Pool& pool) const {
    const size_t first = ranks_.begin()->first;
    if (ranks_.rbegin()->first - first + 1 == ranks_.size()) return {first, ranks_.size()};
    const size_t start = pool.size();
    for (const auto& [rank, count] : ranks_) pool.push_back(pool[rank]);
    return {start, ranks_.size()};
  }

 private:
  std::map<size_t, size_t> ranks_;
};

struct Piece {   // a fragment before the pool and the keys have their final addresses
  size_t begin;  // boundary number
  size_t first;
  size_t count;
};

std::vector<Edge> edges_of(std::span<const RangeTombstone> tombstones, Pool& pool) {
  for (const RangeTombstone& t : tombstones) {
    if (t.begin < t.end) pool.push_back(t.sequence);
  }
  std::sort(pool.begin(), pool.end(), std::greater<>());
  pool.erase(std::unique(pool.begin(), pool.end()), pool.end());

  std::vector<Edge> edges;
  edges.reserve(2 * tombstones.size());
  for (const RangeTombstone& t : tombstones) {
    if (t.begin >= t.end) continue;
    const auto at = std::lower_bound(pool.begin(), pool.end(), t.sequence, std::greater<>());
    const auto rank = static_cast<size_t>(at - pool.begin());
    edges.push_back({t.begin, rank, true});
    edges.push_back({t.end, rank, false});
  }
  // Openings first, so that a cover never counts below zero where tombstones of one sequence touch.
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.opens > b.opens;
  });
  return edges;
}

}  // namespace

void TombstoneSet::add_fragment(Fragment fragment) {
  if (!fragments_.empty()) {
    Fragment& last = fragments_.back();
    if (last.end == fragment.begin && std::ranges::equal(last.sequences, fragment.sequences)) {
      last.end = fragment.end;
      end_heads_.back() = base::head_of(fragment.end);
      return;
    }
  }
  fragments_.push_back(fragment);
  end_heads_.push_back(base::head_of(fragment.end));
}

TombstoneSet TombstoneSet::build(std::span<const RangeTombstone> tombstones) {
  TombstoneSet set;
  const std::vector<Edge> edges = edges_of(tombstones, set.sequences_);
  if (edges.empty()) return set;

  std::vector<Bytes> boundaries;
  std::vector<Piece> pieces;
  Cover cover;
  size_t key_bytes = 0;
  for (size_t i = 0; i < edges.size();) {
    const Bytes key = edges[i].key;
    for (; i < edges.size() && edges[i].key == key; i++) cover.apply(edges[i]);
    if (!cover.empty()) {
      const auto [first, count] = cover.place(set.sequences_);
      pieces.push_back({boundaries.size(), first, count});
    }
    boundaries.push_back(key);
    key_bytes += key.size();
  }

  set.keys_.reserve(key_bytes);  // never grows below, so views into it stay
  for (Bytes& key : boundaries) {
    const size_t at = set.keys_.size();
    set.keys_.insert(set.keys_.end(), key.begin(), key.end());
    key = Bytes(set.keys_.data() + at, key.size());
  }
  set.sequences_.shrink_to_fit();
  const std::span<const Sequence> pool(set.sequences_);
  set.fragments_.reserve(pieces.size());
  set.end_heads_.reserve(pieces.size());
  for (const Piece& piece : pieces) {
    set.add_fragment({boundaries[piece.begin], boundaries[piece.begin + 1], pool.subspan(piece.first, piece.count)});
  }
  return set;
}

size_t TombstoneSet::first_ending_after(Bytes key) const {
  const uint64_t head = base::head_of(key);
  const auto [low, high] = std::equal_range(end_heads_.begin(), end_heads_.end(), head);
  const auto first = fragments_.begin() + (low - end_heads_.begin());
  const auto last = fragments_.begin() + (high - end_heads_.begin());  // ends have the key's head in [first, last)
  const auto found = std::partition_point(first, last, [key](const Fragment& f) { return f.end <= key; });
  return static_cast<size_t>(found - fragments_.begin());
}

Sequence TombstoneSet::covering(Bytes key, Sequence at) const {
  const size_t i = first_ending_after(key);
  if (i == size() || fragments_[i].begin > key) return 0;
  const std::span<const Sequence> sequences = fragments_[i].sequences;
  const auto found = std::lower_bound(sequences.begin(), sequences.end(), at, std::greater<>());
  return found != sequences.end() ? *found : 0;
}

void TombstoneSet::append_tombstones(std::vector<RangeTombstone>* out) const {
  // Walks the sequences of each fragment and of its left neighbour side by side: what only the right one has begins
  // there, what only the left one has ends there.
  std::unordered_map<Sequence, Bytes> begins;  // of tombstones that reach the current fragment
  const auto finish = [&](Sequence sequence, Bytes end) {
    const auto it = begins.find(sequence);
    out->push_back({it->second, end, sequence});
    begins.erase(it);
  };
  const Fragment nothing;
  for (size_t i = 0; i <= fragments_.size(); i++) {
    const Fragment& left = i > 0 ? fragments_[i - 1] : nothing;
    const Fragment& right = i < fragments_.size() ? fragments_[i] : nothing;
    const bool touch = i > 0 && i < fragments_.size() && left.end == right.begin;
    auto a = left.sequences.begin();
    auto b = right.sequences.begin();
    while (a != left.sequences.end() || b != right.sequences.end()) {
      const bool take_left = b == right.sequences.end() || (a != left.sequences.end() && *a >= *b);
      const bool take_right = a == left.sequences.end() || (b != right.sequences.end() && *b >= *a);
      if (take_left && (!take_right || !touch)) finish(*a, left.end);
      if (take_right && (!take_left || !touch)) begins.emplace(*b, right.begin);
      if (take_left) ++a;
      if (take_right) ++b;
    }
  }
}

void TombstoneSet::encode(std::string& out) const {
  base::append_varint(out, sequences_.size());
  for (const Sequence sequence : sequences_) base::append_varint(out, sequence);
  base::append_varint(out, fragments_.size());
  for (size_t i = 0; i < fragments_.size(); i++) {
    const Fragment& f = fragments_[i];
    const bool touches = i > 0 && fragments_[i - 1].end == f.begin;
    const auto first = static_cast<uint64_t>(f.sequences.data() - sequences_.data());
    base::append_varint(out, first << 1 | (touches ? 1 : 0));
    base::append_varint(out, f.sequences.size());
    if (!touches) base::append_sized(out, f.begin);
    base::append_sized(out, f.end);
  }
}

Result<TombstoneSet> TombstoneSet::decode(Bytes bytes) {
  TombstoneSet set;
  set.keys_.assign(bytes.begin(), bytes.end());  // keys are used where they lie
  const Bytes input(set.keys_.data(), set.keys_.size());
  base::Decoder decoder(input);

  const uint64_t sequence_count = decoder.varint_at_most(decoder.remaining());  // each takes a byte at least
  set.sequences_.reserve(sequence_count);
  for (uint64_t i = 0; i < sequence_count && decoder.ok(); i++) {
    set.sequences_.push_back(decoder.varint_at_most(kMaxSequence));
  }
  if (!decoder.ok()) return malformed("range tombstones: bad sequences");
  // descends_to[i]: how far the pool descends strictly from i on; checks a fragment's list in one step however many
  // fragments share it.
  std::vector<size_t> descends_to(sequence_count);
  for (size_t i = sequence_count; i-- > 0;) {
    const bool goes_on = i + 1 < sequence_count && set.sequences_[i] > set.sequences_[i + 1];
    descends_to[i] = goes_on ? descends_to[i + 1] : i + 1;
  }

  const uint64_t fragment_count = decoder.varint_at_most(decoder.remaining() / 3);  // each takes three bytes at least
  const std::span<const Sequence> pool(set.sequences_);
  set.fragments_.reserve(fragment_count);
  set.end_heads_.reserve(fragment_count);
  Fragment before;
  for (uint64_t i = 0; i < fragment_count; i++) {
    const uint64_t first_and_touches = decoder.varint();
    const uint64_t first = first_and_touches >> 1;
    const bool touches = (first_and_touches & 1) != 0;
    const uint64_t count = decoder.varint();
    const Bytes begin = touches ? before.end : decoder.sized();
    const Bytes end = decoder.sized();
    if (!decoder.ok()) return malformed("range tombstones: a fragment is cut off");
    if (count == 0 || first >= pool.size() || count > descends_to[first] - first) {
      return malformed("range tombstones: bad sequences of a fragment");
    }
    const bool in_order = i == 0 ? !touches : (touches || begin > before.end);
    if (!in_order || begin >= end) return malformed("range tombstones: fragments out of order");
    const std::span<const Sequence> sequences = pool.subspan(first, count);
    if (touches && sequences.data() == before.sequences.data() && count == before.sequences.size()) {
      return malformed("range tombstones: fragments that should be one");
    }
    before = {begin, end, sequences};
    set.fragments_.push_back(before);
    set.end_heads_.push_back(base::head_of(end));
  }
  if (!decoder.ok() || !decoder.at_end()) return malformed("range tombstones: bad length");
  return set;
}

uint64_t TombstoneSet::memory_bytes() const {
  return sizeof *this + keys_.capacity() + sequences_.capacity() * sizeof(Sequence) +
         fragments_.capacity() * sizeof(Fragment) + end_heads_.capacity() * sizeof(uint64_t);
}

}  // namespace nacre::format
