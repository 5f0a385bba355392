#include "merge/merge_cursor.h"

#include <utility>

#include "base/assert.h"

namespace nacre::merge {

MergeCursor::MergeCursor(std::vector<Source> sources) : sources_(std::move(sources)) {
  if (sources_.size() > 1) losers_.resize(sources_.size());
}

bool MergeCursor::wins(size_t a, size_t b) const {
  const Source& x = sources_[a];
  const Source& y = sources_[b];
  if (!x.valid() || !y.valid()) return x.valid() != y.valid() ? x.valid() : a < b;
  if (x.head() != y.head()) return (x.head() < y.head()) != backward_;
  const int order = format::compare_internal(x.key(), x.trailer(), y.key(), y.trailer());
  if (order == 0) return a < b;
  return (order < 0) != backward_;
}

void MergeCursor::build() {
  const size_t n = sources_.size();
  if (n == 0) return;
  failed_ = false;
  for (const Source& source : sources_) note_end(source);
  if (n == 1) return settle();
  std::vector<uint32_t> winners(2 * n);
  for (size_t s = 0; s < n; s++) winners[n + s] = static_cast<uint32_t>(s);
  for (size_t node = n - 1; node >= 1; node--) {
    const uint32_t a = winners[2 * node];
    const uint32_t b = winners[2 * node + 1];
    const bool a_wins = wins(a, b);
    winners[node] = a_wins ? a : b;
    losers_[node] = a_wins ? b : a;
  }
  winner_ = winners[1];
  settle();
}

void MergeCursor::replay(size_t source) {
  const size_t n = sources_.size();
  for (size_t node = (n + source) / 2; node >= 1; node /= 2) {
    if (wins(losers_[node], source)) {
      const size_t loser = source;
      source = losers_[node];
      losers_[node] = static_cast<uint32_t>(loser);
    }
  }
  winner_ = source;
  settle();
}

// A source ends either because it has no more entries or because it failed; the second must end the whole merge.
void MergeCursor::note_end(const Source& source) {
  if (!source.valid() && !source.status()) failed_ = true;
}

void MergeCursor::settle() { valid_ = !failed_ && sources_[winner_].valid(); }

Result<void> MergeCursor::status() const {
  for (const Source& source : sources_) NACRE_TRY(source.status());
  return {};
}

void MergeCursor::seek_first() {
  backward_ = false;
  for (Source& source : sources_) source.seek_first();
  build();
}

void MergeCursor::seek_last() {
  backward_ = true;
  for (Source& source : sources_) source.seek_last();
  build();
}

void MergeCursor::seek(Bytes key, uint64_t trailer) {
  backward_ = false;
  for (Source& source : sources_) source.seek(key, trailer);
  build();
}

void MergeCursor::seek_before(Bytes key, uint64_t trailer) {
  backward_ = true;
  for (Source& source : sources_) source.seek_before(key, trailer);
  build();
}

void MergeCursor::next() {
  NACRE_DCHECK(valid_ && !backward_);
  Source& source = sources_[winner_];
  source.next();
  note_end(source);
  if (sources_.size() == 1) {
    settle();
  } else {
    replay(winner_);
  }
}

void MergeCursor::prev() {
  NACRE_DCHECK(valid_ && backward_);
  Source& source = sources_[winner_];
  source.prev();
  note_end(source);
  if (sources_.size() == 1) {
    settle();
  } else {
    replay(winner_);
  }
}

}  // namespace nacre::merge
