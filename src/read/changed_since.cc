#include "read/changed_since.h"

#include "format/tombstones.h"
#include "merge/merge_cursor.h"
#include "read/range_cursor.h"

namespace nacre::read {

Result<bool> changed_since(const tree::ReadView& view, Bytes from, Bytes to, format::Sequence since) {
  NACRE_TRY_ASSIGN(const format::TombstoneSet tombstones, collect_tombstones(view, format::kMaxSequence));
  for (size_t i = tombstones.first_ending_after(from); i < tombstones.size() && tombstones.fragment(i).begin < to;
       i++) {
    if (tombstones.fragment(i).sequences.front() > since) return true;
  }
  merge::MergeCursor cursor(sources_of(view, {.from = std::string(from), .to = std::string(to)}, nullptr));
  for (cursor.seek(from, ~uint64_t{0}); cursor.valid() && cursor.key() < to; cursor.next()) {
    if (format::sequence_of(cursor.trailer()) > since) return true;
  }
  NACRE_TRY(cursor.status());
  return false;
}

}  // namespace nacre::read
