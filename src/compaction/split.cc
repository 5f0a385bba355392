#include "compaction/split.h"

#include <algorithm>

namespace nacre::compaction {

namespace {

constexpr uint64_t kBordersOfAPart = 64;  // parts differ by a few percent then

struct Border {
  std::string key;
  uint64_t bytes;  // of the table, from the border before to this one
};

// Of up to `most` places in the table, at equal numbers of blocks, the last one its end.
Result<void> append_borders(const table::Table& table, uint64_t most, sync::EpochDomain& epochs,
                            std::vector<Border>* borders) {
  const uint64_t blocks = table.blocks();
  const uint64_t pieces = std::min(blocks, most);
  if (pieces == 0) return {};
  uint64_t from = 0;
  if (pieces > 1) {
    const sync::EpochDomain::Guard guard(epochs);
    NACRE_TRY_ASSIGN(const format::IndexView index, table.index());
    for (uint64_t i = 1; i < pieces; i++) {
      const auto block = static_cast<uint32_t>(i * blocks / pieces - 1);
      const auto extent = index.extent(block);
      std::string key(index.prefix());
      key += index.fence_rest(block);
      borders->push_back({.key = std::move(key), .bytes = extent.offset + extent.bytes - from});
      from = extent.offset + extent.bytes;
    }
  }
  borders->push_back({.key = table.properties().largest_key, .bytes = table.footer().tombstones_at - from});
  return {};
}

}  // namespace

Result<std::vector<MergePart>> split_merge(std::span<const table::RunTables* const> runs, uint64_t parts,
                                           sync::EpochDomain& epochs, base::MemoryAccount* account,
                                           const std::function<Result<void>()>& poll) {
  std::vector<MergePart> result(1);
  uint64_t tables = 0;
  for (const table::RunTables* run : runs) tables += run->bounds().size();
  if (parts <= 1 || tables == 0) return result;

  std::vector<Border> borders;
  for (const table::RunTables* run : runs) {
    for (size_t t = 0; t < run->bounds().size(); t++) {
      if (poll) NACRE_TRY(poll());
      NACRE_TRY_ASSIGN(const table::Table* table, run->open(t));
      NACRE_TRY(append_borders(*table, parts * kBordersOfAPart / tables + 1, epochs, &borders));
    }
  }
  std::sort(borders.begin(), borders.end(), [](const Border& a, const Border& b) { return a.key < b.key; });
  uint64_t all = 0;
  uint64_t held = 0;
  for (const Border& border : borders) {
    all += border.bytes;
    held += sizeof border + border.key.size();
  }
  const base::MemoryCharge charge(account, base::MemoryPart::kCompaction, held);

  uint64_t before = 0;
  for (const Border& border : borders) {
    before += border.bytes;
    if (border.key == borders.back().key || result.size() == parts) break;  // what begins there is one key
    if (before < all / parts * result.size() || border.key <= result.back().begin) continue;
    result.back().end = border.key;
    result.push_back({.begin = border.key, .end = {}});
  }
  return result;
}

}  // namespace nacre::compaction
