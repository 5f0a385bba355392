// MergeCursor: many sorted sources read as one, in internal order, both ways.
//
// A loser tree (tournament tree; Knuth, TAOCP vol. 3, 5.4.1): each inner node holds the source that lost there, so after
// the winner moved only the nodes on its path to the root are played again: log2(n) comparisons, each of two words as a
// rule. With one source there is no tree and no comparison at all.
//
//            winner_
//              |
//            losers_[1]              losers_[0] unused; the parent of node i is i / 2,
//           /          \             source s enters at leaf n + s
//     losers_[2]    losers_[3]
//
// Invariants: winner_ is the source that stands first in the direction of reading (last when reading backward); sources
// that ended rank behind all others. Every source stands at or behind the current entry or ended; when `backward_`, every source stands before the current entry or ended.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "merge/source.h"

namespace nacre::merge {

class MergeCursor {
 public:
  // `sources` newest first: among equal entries the newer source wins.
  explicit MergeCursor(std::vector<Source> sources);

  bool valid() const { return valid_; }
  uint64_t head() const { return sources_[winner_].head(); }
  Bytes key() const { return sources_[winner_].key(); }
  uint64_t trailer() const { return sources_[winner_].trailer(); }
  Bytes value() const { return sources_[winner_].value(); }
  const table::TableCursor* lone() const { return sources_[winner_].lone(); }
  size_t source() const { return winner_; }  // which of the sources the entry is from; 0: the newest
  // The first error of any source; the cursor is then invalid, for a merge that lacks a source could show older data.
  Result<void> status() const;

  void seek_first();
  void seek_last();
  void seek(Bytes key, uint64_t trailer);         // the first entry at or after
  void seek_before(Bytes key, uint64_t trailer);  // the last entry strictly before
  void next();                                    // needs valid(), and that the last seek was seek_first() or seek()
  void
  prev();  // the same, of seek_last() or seek_before(): who turns round seeks anew, and knows where to better than the merge

 private:
  bool wins(size_t a, size_t b) const;
  void build();
  void replay(size_t source);
  void note_end(const Source& source);
  void settle();

  std::vector<Source> sources_;
  std::vector<uint32_t> losers_;
  size_t winner_ = 0;
  bool valid_ = false;
  bool backward_ = false;
  bool failed_ = false;
};

}  // namespace nacre::merge
