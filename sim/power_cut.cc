#include "sim/power_cut.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/assert.h"

namespace nacre::sim {

namespace {

// One pending operation: of a file (a write, or the fill of a mapped file) or of a directory.
struct Unit {
  uint64_t order = 0;
  Inode* inode = nullptr;
  const PendingWrite* write = nullptr;  // null for a fill
  DirectoryNode* directory = nullptr;
  const DirectoryOp* op = nullptr;
};

std::vector<Unit> collect(const DiskState& state, const std::map<uint64_t, std::shared_ptr<Inode>>& inodes) {
  std::vector<Unit> units;
  for (const auto& [number, inode] : inodes) {
    if (inode->fill_pending) units.push_back({.order = inode->fill_order, .inode = inode.get()});
    for (const PendingWrite& write : inode->pending) {
      units.push_back({.order = write.order, .inode = inode.get(), .write = &write});
    }
  }
  for (const auto& [path, node] : state.directories) {
    for (const DirectoryOp& op : node->pending) {
      units.push_back({.order = op.order, .directory = node.get(), .op = &op});
    }
  }
  std::sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) { return a.order < b.order; });
  return units;
}

void keep(const Unit& unit) {
  if (unit.directory != nullptr) {
    unit.directory->persist(*unit.op);
  } else if (unit.write != nullptr) {
    unit.inode->persist(*unit.write);
  } else {
    unit.inode->finish_fill();
  }
}

// Part of a fill got through: any size, and perhaps blocks that were allocated but never written.
void keep_part_of_fill(Inode& inode, base::Prng& prng) {
  const uint64_t pages = (inode.size() + kPageBytes - 1) / kPageBytes;
  inode.fill_pending = false;
  inode.grow_durable(std::min<uint64_t>(inode.size(), prng.below(pages + 1) * kPageBytes));
  inode.has_holes = inode.durable_size != 0 && prng.one_in(2);
}

// Any 8-byte words of [begin, end), or all of them, or none.
void tear_sector(Inode& inode, uint64_t begin, uint64_t end, base::Prng& prng) {
  const uint64_t way = prng.below(4);
  if (way == 0) return;
  if (way <= 2) return inode.persist_bytes(begin, end);
  for (uint64_t at = begin; at < end; at = (at + 8) & ~uint64_t{7}) {
    if (prng.one_in(2)) inode.persist_bytes(at, std::min(end, (at + 8) & ~uint64_t{7}));
  }
}

void tear(const Unit& unit, base::Prng& prng) {
  if (unit.directory != nullptr) return;  // directory operations are atomic: this one is lost
  Inode& inode = *unit.inode;
  if (unit.write == nullptr) return keep_part_of_fill(inode, prng);
  if (unit.write->lands_in != nullptr) return;
  const uint64_t begin = unit.write->offset;
  const uint64_t end = begin + unit.write->bytes;
  for (uint64_t sector = begin / kSectorBytes; sector * kSectorBytes < end; ++sector) {
    if (inode.mapped && !inode.sector_dirty(sector)) continue;
    tear_sector(inode, std::max(begin, sector * kSectorBytes), std::min(end, (sector + 1) * kSectorBytes), prng);
  }
  // The size: of all of it, or of some of it.
  if (!inode.mapped) inode.grow_durable(prng.one_in(2) ? end : begin + prng.below(unit.write->bytes + 1));
}

// Dirty sectors that no stored() call has reported.
void tear_unreported(const std::map<uint64_t, std::shared_ptr<Inode>>& inodes, base::Prng& prng) {
  for (const auto& [number, inode] : inodes) {
    if (!inode->mapped) continue;
    for (const uint64_t sector : inode->dirty_sectors()) {
      const uint64_t begin = sector * kSectorBytes;
      const uint64_t end = std::min<uint64_t>(begin + kSectorBytes, inode->size());
      const bool reported = std::any_of(inode->pending.begin(), inode->pending.end(), [&](const PendingWrite& w) {
        return w.offset < end && begin < w.offset + w.bytes;
      });
      if (!reported) tear_sector(*inode, begin, end, prng);
    }
  }
}

uint64_t cut_at(const std::vector<Unit>& units, bool torn, base::Prng& prng) {
  const uint64_t cut = prng.below(units.size() + 1);
  for (uint64_t i = 0; i < cut; ++i) keep(units[i]);
  if (torn && cut < units.size()) tear(units[cut], prng);
  return cut;
}

// Chance of an operation to survive, in eighths: the extremes find other bugs than the middle.
bool survives(uint64_t eighths, base::Prng& prng) { return prng.below(8) < eighths; }

uint64_t draw_density(base::Prng& prng) {
  static constexpr uint64_t kEighths[] = {0, 1, 4, 7, 8};
  return kEighths[prng.below(5)];
}

void posix_min_file(Inode& inode, uint64_t density, base::Prng& prng) {
  std::vector<uint64_t> sizes = {inode.durable_size};  // ascending
  for (const PendingWrite& write : inode.pending) {
    if (!inode.mapped) sizes.push_back(write.offset + write.bytes);
    if (write.lands_in != nullptr && survives(density, prng)) inode.persist(write);
  }
  for (const uint64_t sector : inode.dirty_sectors()) {
    if (survives(density, prng)) inode.persist_sector(sector);
  }
  if (inode.fill_pending) {
    if (survives(density, prng)) {
      inode.finish_fill();
    } else {
      keep_part_of_fill(inode, prng);
    }
  } else if (sizes.size() > 1) {
    inode.durable_size = survives(density, prng) ? sizes.back() : sizes[prng.below(sizes.size())];
    if (inode.durable.size() < inode.durable_size) inode.durable.resize(inode.durable_size);
  }
}

uint64_t posix_min(const std::map<uint64_t, std::shared_ptr<Inode>>& inodes, const std::vector<Unit>& units,
                   base::Prng& prng) {
  const uint64_t data_density = draw_density(prng);
  const uint64_t name_density = draw_density(prng);
  for (const auto& [number, inode] : inodes) posix_min_file(*inode, data_density, prng);
  std::vector<const Unit*> names;
  for (const Unit& unit : units) {
    if (unit.directory != nullptr) names.push_back(&unit);
  }
  // Each by chance; or all but one, or one alone: what a step cannot bear that trusts an earlier one.
  enum class Way : uint64_t { kOneAlone, kAllButOne, kByChance };
  const auto way = static_cast<Way>(prng.below(4));
  const uint64_t chosen = names.empty() ? 0 : prng.below(names.size());
  uint64_t kept = 0;
  for (uint64_t i = 0; i < names.size(); ++i) {
    const bool stays = way == Way::kOneAlone    ? i == chosen
                       : way == Way::kAllButOne ? i != chosen
                                                : survives(name_density, prng);
    if (!stays) continue;
    keep(*names[i]);
    ++kept;
  }
  return kept;
}

}  // namespace

const char* to_string(CrashProfile profile) {
  static constexpr const char* kNames[] = {"nothing", "prefix", "torn", "posix-min", "everything"};
  return kNames[static_cast<size_t>(profile)];
}

uint64_t pending_operations(const DiskState& state) { return collect(state, state.inodes()).size(); }

CutReport cut_power(DiskState& state, CrashProfile profile, base::Prng& prng, std::optional<uint64_t> subset) {
  const auto inodes = state.inodes();
  const std::vector<Unit> units = collect(state, inodes);
  CutReport report{.pending = units.size()};
  if (subset) {
    for (size_t i = 0; i < units.size() && i < 64; ++i) {
      if ((*subset >> i & 1) == 0) continue;
      keep(units[i]);
      ++report.kept;
    }
  } else {
    switch (profile) {
      case CrashProfile::kNothing: break;
      case CrashProfile::kPrefix: report.kept = cut_at(units, false, prng); break;
      case CrashProfile::kTorn:
        report.kept = cut_at(units, true, prng);
        tear_unreported(inodes, prng);
        break;
      case CrashProfile::kPosixMin: report.kept = posix_min(inodes, units, prng); break;
      case CrashProfile::kEverything:
        for (const Unit& unit : units) keep(unit);
        for (const auto& [number, inode] : inodes) {
          for (const uint64_t sector : inode->dirty_sectors()) inode->persist_sector(sector);
        }
        report.kept = units.size();
        break;
    }
  }
  for (const auto& [number, inode] : inodes) {
    inode->settle();
    inode->links = 0;
  }
  for (auto& [path, node] : state.directories) {
    node->visible = node->durable;
    node->pending.clear();
    node->locks.clear();
    for (const auto& [name, inode] : node->visible) ++inode->links;
  }
  return report;
}

}  // namespace nacre::sim
