#include "compaction/split.h"

#include <algorithm>

namespace nacre::compaction {

namespace {

constexpr uint64_t kBordersOfAPart = 64;  // parts differ by a few percent then

struct Border {
  std::string key;
  uint64_t bytes;  // of the table, from the border before to this one
};

// Of up to `most` places in the table, at equal numbers of blocks.
Result<void> append_borders(const table::Table& table, uint64_t most, sync::EpochDomain& epochs,
                            std::vector<Border>* borders) {
  const sync::EpochDomain::Guard guard(epochs);
  NACRE_TRY_ASSIGN(const format::IndexView index, table.index());
  const uint64_t blocks = index.blocks();
  const uint64_t pieces = std::min(blocks, most);
  uint64_t from = index.begin();
  for (uint64_t i = 1; i <= pieces; i++) {
    const auto block = static_cast<uint32_t>(i * blocks / pieces - 1);
    const auto extent = index.extent(block);
    std::string key(index.prefix());
    key += index.fence_rest(block);
    borders->push_back({.key = std::move(key), .bytes = extent.offset + extent.bytes - from});
    from = extent.offset + extent.bytes;
  }
  return {};
}

}  // namespace

Result<std::vector<MergePart>> split_merge(std::span<const table::RunTables* const> runs, uint64_t parts,
                                           sync::EpochDomain& epochs) {
  std::vector<MergePart> result(1);
  uint64_t tables = 0;
  for (const table::RunTables* run : runs) tables += run->bounds().size();
  if (parts <= 1 || tables == 0) return result;

  std::vector<Border> borders;
  for (const table::RunTables* run : runs) {
    for (size_t t = 0; t < run->bounds().size(); t++) {
      NACRE_TRY_ASSIGN(const table::Table* table, run->open(t));
      NACRE_TRY(append_borders(*table, parts * kBordersOfAPart / tables + 1, epochs, &borders));
    }
  }
  std::sort(borders.begin(), borders.end(), [](const Border& a, const Border& b) { return a.key < b.key; });
  uint64_t all = 0;
  for (const Border& border : borders) all += border.bytes;

  uint64_t before = 0;
  for (const Border& border : borders) {
    before += border.bytes;
    if (before < all / parts * result.size() || border.key <= result.back().begin) continue;
    if (result.size() == parts) break;
    result.back().end = border.key;
    result.push_back({.begin = border.key, .end = {}});
  }
  return result;
}

}  // namespace nacre::compaction
