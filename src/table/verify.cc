// Table::verify: reads all of a table and checks whatever can be checked.
#include <algorithm>
#include <optional>
#include <string>

#include "base/result.h"
#include "format/block_cursor.h"
#include "format/entry_hash.h"
#include "table/block_source.h"
#include "table/table.h"

namespace nacre::table {
namespace {

using format::BlockView;

// Goes through the blocks in order; each call is for the next one.
class Verifier {
 public:
  Verifier(const Table& table, const format::IndexView& index, std::optional<format::FilterView> filter)
      : table_(table), index_(index), filter_(filter) {}

  Result<void> block(uint32_t number, const BlockView& view, uint64_t offset) {
    uint64_t hash = 0;
    cursor_.reset(view);
    for (uint32_t i = 0; i < view.entries(); i++) {
      cursor_.move_to(i);
      if (view.head(i) != base::head_at(cursor_.key(), view.prefix().size())) {  // also behind the end of a short key
        return table_.file().corrupt(offset, "head is not that of its key");
      }
      NACRE_TRY(entry(number, view.tag(i), offset));
      hash += format::entry_hash(key_hash_, last_trailer_, cursor_.value());
    }
    if (hash != view.entries_hash()) return table_.file().corrupt(offset, "block's hash is not that of its entries");
    const std::string fence = std::string(index_.prefix()).append(index_.fence_rest(number));
    if (last_key_ > fence) return table_.file().corrupt(offset, "block has keys behind its fence");
    if (number + 1 == table_.blocks() && last_key_ != fence) {
      return table_.file().corrupt(offset, "last fence is not the last key");
    }
    fence_ = fence;
    seen_.entries_hash += hash;
    seen_.raw_bytes += view.image().size();
    if (view.entries() > 1 && view.image().size() > table_.properties().block_bytes) {
      return table_.file().corrupt(offset, "block is larger than the table says");
    }
    return {};
  }

  Result<void> totals() {
    const TableProperties& said = table_.properties();
    const format::TombstoneSet& tombstones = table_.tombstones();
    if (seen_.entries != 0) seen_.largest_key = last_key_;
    for (size_t i = 0; i < tombstones.size(); i++) {
      const auto fragment = tombstones.fragment(i);
      const bool first = seen_.entries == 0 && i == 0;
      if (first || fragment.begin < seen_.smallest_key) seen_.smallest_key = fragment.begin;
      if (first || fragment.end > seen_.largest_key) seen_.largest_key = fragment.end;
      note_sequence(fragment.sequences.back(), first);
      note_sequence(fragment.sequences.front(), false);
    }
    const bool same = said.entries == seen_.entries && said.erases == seen_.erases &&
                      said.key_bytes == seen_.key_bytes && said.value_bytes == seen_.value_bytes &&
                      said.raw_bytes == seen_.raw_bytes && said.smallest_sequence == seen_.smallest_sequence &&
                      said.largest_sequence == seen_.largest_sequence && said.smallest_key == seen_.smallest_key &&
                      said.largest_key == seen_.largest_key;
    const uint64_t at = table_.footer().properties_at;
    if (!same) return table_.file().corrupt(at, "table properties are not those of its entries");
    if (said.entries_hash != seen_.entries_hash)
      return table_.file().corrupt(at, "table's hash is not that of its entries");
    return {};
  }

 private:
  Result<void> entry(uint32_t number, uint8_t tag, uint64_t offset) {
    const Bytes key = cursor_.key();
    const uint64_t trailer = cursor_.trailer();
    const bool first_in_block = cursor_.index() == 0;
    if (seen_.entries != 0 && format::compare_internal(last_key_, last_trailer_, key, trailer) >= 0) {
      return table_.file().corrupt(offset, "entries are out of order");
    }
    if (first_in_block && number != 0 && (key < fence_ || (key == fence_ && key != last_key_))) {
      return table_.file().corrupt(offset, "block has keys before the fence of the one before it");
    }
    key_hash_ = base::hash_key(key);
    if (tag != format::tag_of(key_hash_)) return table_.file().corrupt(offset, "hash tag is not that of its key");
    if (filter_ && !filter_->may_contain(key_hash_)) {
      return table_.file().corrupt(offset, "filter does not know a key of the table");
    }
    note_sequence(format::sequence_of(trailer), seen_.entries == 0);
    if (seen_.entries++ == 0) seen_.smallest_key = key;
    seen_.erases += format::kind_of(trailer) == format::EntryKind::kErase ? 1 : 0;
    seen_.key_bytes += key.size();
    seen_.value_bytes += cursor_.value().size();
    last_key_ = key;
    last_trailer_ = trailer;
    return {};
  }

  void note_sequence(Sequence sequence, bool first) {
    seen_.smallest_sequence = first ? sequence : std::min(seen_.smallest_sequence, sequence);
    seen_.largest_sequence = first ? sequence : std::max(seen_.largest_sequence, sequence);
  }

  const Table& table_;
  const format::IndexView index_;
  const std::optional<format::FilterView> filter_;
  format::BlockCursor cursor_;
  TableProperties seen_;
  std::string last_key_;
  uint64_t last_trailer_ = 0;
  uint64_t key_hash_ = 0;
  std::string fence_;  // of the block before
};

}  // namespace

Result<void> Table::verify() const {
  // Everything is read from the file again: what was loaded long ago proves nothing about the file of today.
  NACRE_TRY(check_ends());
  const Extent index_extent{footer_.index_at, footer_.properties_at - footer_.index_at};
  NACRE_TRY_ASSIGN(const std::string index_image, file_.load(index_extent, format::StoredKind::kIndex));
  NACRE_TRY_ASSIGN(const format::IndexView index, parse_index(index_image));
  std::string filter_image;
  std::optional<format::FilterView> filter;
  if (has_filter()) {
    NACRE_TRY_ASSIGN(filter_image, file_.load({footer_.filter_at, footer_.index_at - footer_.filter_at},
                                              format::StoredKind::kFilter));
    NACRE_TRY_ASSIGN(filter, parse_filter(filter_image));
  }
  Verifier verifier(*this, index, filter);
  BlockSource source(CursorOptions{.streaming = true});
  source.attach(*this);
  for (uint32_t block = 0; block < blocks_; block++) {
    NACRE_TRY_ASSIGN(const BlockView view, source.load(block));
    const Extent extent = source.extent();
    if (extent.bytes != index.extent(block).bytes) {  // each begins where the one before it ends
      return file_.corrupt(footer_.index_at, "table index changed since it was loaded");
    }
    NACRE_TRY(verifier.block(block, view, extent.offset));
  }
  return verifier.totals();
}

}  // namespace nacre::table
