#include "sim/disk_model.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/checksum.h"

namespace nacre::sim {

namespace {

uint64_t hash_of_sector(const Buffer& buffer, uint64_t sector) {
  const uint64_t begin = sector * kSectorBytes;
  const uint64_t end = std::min<uint64_t>(begin + kSectorBytes, buffer.size());
  return begin < end ? base::checksum64(Bytes(buffer.data() + begin, end - begin), sector) : 0;
}

// Drops the stores that lie wholly inside [begin, end).
void forget_covered(std::vector<PendingWrite>& pending, uint64_t begin, uint64_t end) {
  std::erase_if(pending, [&](const PendingWrite& w) { return w.offset >= begin && w.offset + w.bytes <= end; });
}

}  // namespace

void Inode::append(Bytes data, uint64_t order) {
  pending.push_back({.order = order, .offset = size(), .bytes = data.size(), .lands_in = nullptr});
  visible->append(data);
}

void Inode::become_mapped() {
  if (mapped) return;
  mapped = true;
  fill_pending = durable_size < size();
  if (durable.size() < size()) durable.resize(size());
}

bool Inode::sector_dirty(uint64_t sector) const {
  const uint64_t begin = sector * kSectorBytes;
  const uint64_t end = std::min<uint64_t>(begin + kSectorBytes, size());
  if (begin >= end || detached.contains(sector)) return false;
  if (std::memcmp(visible->data() + begin, durable.data() + begin, end - begin) == 0) return false;
  const auto found = lost.find(sector);
  return found == lost.end() || found->second != hash_of_sector(*visible, sector);
}

std::vector<uint64_t> Inode::dirty_sectors() const {
  std::vector<uint64_t> sectors;
  if (mapped) {
    for (uint64_t page = 0; page < size(); page += kPageBytes) {  // most pages are clean: one compare for each
      const uint64_t end = std::min<uint64_t>(page + kPageBytes, size());
      if (std::memcmp(visible->data() + page, durable.data() + page, end - page) == 0) continue;
      for (uint64_t sector = page / kSectorBytes; sector * kSectorBytes < end; ++sector) {
        if (sector_dirty(sector)) sectors.push_back(sector);
      }
    }
    return sectors;
  }
  for (const PendingWrite& write : pending) {
    if (write.lands_in != nullptr || write.bytes == 0) continue;
    for (uint64_t sector = write.offset / kSectorBytes; sector * kSectorBytes < write.offset + write.bytes; ++sector) {
      if (sectors.empty() || sectors.back() != sector) sectors.push_back(sector);
    }
  }
  return sectors;
}

bool Inode::dirty_within(uint64_t begin, uint64_t end) const {
  if (fill_pending) return true;
  for (uint64_t sector = begin / kSectorBytes; sector * kSectorBytes < std::min<uint64_t>(end, size()); ++sector) {
    if (sector_dirty(sector)) return true;
  }
  return false;
}

void Inode::persist_bytes(uint64_t begin, uint64_t end) {
  end = std::min<uint64_t>(end, size());
  if (begin >= end) return;
  if (durable.size() < end) durable.resize(end);
  std::memcpy(durable.data() + begin, visible->data() + begin, end - begin);
}

void Inode::persist_sector(uint64_t sector) {
  persist_bytes(sector * kSectorBytes, (sector + 1) * kSectorBytes);
  lost.erase(sector);
}

void Inode::grow_durable(uint64_t new_size) {
  durable_size = std::max(durable_size, new_size);
  if (durable.size() < durable_size) durable.resize(durable_size);
}

void Inode::persist(const PendingWrite& write) {
  if (write.lands_in != nullptr) {
    Inode& hit = *write.lands_in;
    const uint64_t room = hit.durable_size > write.lands_at ? hit.durable_size - write.lands_at : 0;
    const uint64_t bytes = std::min(write.bytes, room);
    std::memmove(hit.durable.data() + write.lands_at, visible->data() + write.offset, bytes);
    std::memmove(hit.visible->data() + write.lands_at, visible->data() + write.offset, bytes);  // as if read again
    grow_durable(write.offset + write.bytes);
    std::memcpy(visible->data() + write.offset, durable.data() + write.offset, write.bytes);
    return;
  }
  if (detached.empty() && lost.empty()) {
    persist_bytes(write.offset, write.offset + write.bytes);
  } else {
    for (uint64_t sector = write.offset / kSectorBytes; sector * kSectorBytes < write.offset + write.bytes; ++sector) {
      if (mapped && !sector_dirty(sector)) continue;  // lost, or cut off from the file
      persist_bytes(std::max(write.offset, sector * kSectorBytes),
                    std::min(write.offset + write.bytes, (sector + 1) * kSectorBytes));
    }
  }
  if (!mapped) grow_durable(write.offset + write.bytes);
}

void Inode::finish_fill() {
  if (!fill_pending) return;
  fill_pending = false;
  grow_durable(size());
}

void Inode::sync_all() {
  for (const PendingWrite& write : pending) persist(write);
  pending.clear();
  finish_fill();
}

void Inode::sync_range(uint64_t begin, uint64_t end) {
  finish_fill();
  if (lost.empty() && detached.empty()) {
    persist_bytes(begin, end);
  } else {
    for (uint64_t sector = begin / kSectorBytes; sector * kSectorBytes < end; ++sector) {
      if (!sector_dirty(sector)) continue;
      persist_bytes(std::max(begin, sector * kSectorBytes), std::min(end, (sector + 1) * kSectorBytes));
      lost.erase(sector);
    }
  }
  forget_covered(pending, begin, end);
}

void Inode::fail_sync_all(base::Prng& prng) {
  for (const PendingWrite& write : pending) {
    if (prng.one_in(2)) persist(write);
  }
  pending.clear();
}

void Inode::fail_sync_range(uint64_t begin, uint64_t end, base::Prng& prng) {
  if (prng.one_in(2)) finish_fill();
  for (uint64_t sector = begin / kSectorBytes; sector * kSectorBytes < std::min<uint64_t>(end, size()); ++sector) {
    if (!sector_dirty(sector)) continue;
    if (prng.one_in(2)) {
      persist_sector(sector);
    } else {
      lost[sector] = hash_of_sector(*visible, sector);
    }
  }
  forget_covered(pending, begin, end);
}

void Inode::settle() {
  durable.resize(durable_size);
  visible = std::make_shared<Buffer>(durable);
  pending.clear();
  lost.clear();
  detached.clear();
  fill_pending = false;
  mapped = false;
  handles = 0;
}

void Inode::detach_mappings() {
  handles = 0;
  if (mapped) {
    visible = std::make_shared<Buffer>(*visible);
    for (const uint64_t sector : detached) {
      const uint64_t begin = sector * kSectorBytes;
      std::memcpy(visible->data() + begin, durable.data() + begin, std::min<uint64_t>(kSectorBytes, size() - begin));
    }
  }
  detached.clear();
}

void DirectoryNode::persist(const DirectoryOp& op) {
  switch (op.kind) {
    case DirectoryOp::Kind::kLink: durable[op.name] = op.inode; break;
    case DirectoryOp::Kind::kUnlink: {
      const auto found = durable.find(op.name);
      if (found != durable.end() && found->second == op.inode) durable.erase(found);
      break;
    }
    case DirectoryOp::Kind::kRename:  // a file has one name, even if an earlier rename of it was lost
      std::erase_if(durable, [&](const auto& entry) { return entry.second == op.inode; });
      durable[op.target] = op.inode;
      break;
  }
}

void DirectoryNode::sync() {
  for (const DirectoryOp& op : pending) persist(op);
  pending.clear();
}

void DirectoryNode::fail_sync(base::Prng& prng) {
  for (const DirectoryOp& op : pending) {
    if (prng.one_in(2)) persist(op);
  }
  pending.clear();
}

std::map<uint64_t, std::shared_ptr<Inode>> DiskState::inodes() const {
  std::map<uint64_t, std::shared_ptr<Inode>> all;
  for (const auto& [path, node] : directories) {
    for (const auto& [name, inode] : node->visible) all.emplace(inode->number, inode);
    for (const auto& [name, inode] : node->durable) all.emplace(inode->number, inode);
    for (const DirectoryOp& op : node->pending) all.emplace(op.inode->number, op.inode);
  }
  return all;
}

uint64_t DiskState::durable_hash() const {
  uint64_t hash = 0;
  for (const auto& [path, node] : directories) {
    hash = base::checksum64(path, hash);
    for (const auto& [name, inode] : node->durable) {
      hash = base::checksum64(name, hash);
      hash = base::checksum64(Bytes(inode->durable.data(), inode->durable_size), hash + inode->durable_size);
    }
  }
  return hash;
}

uint64_t DiskState::visible_hash() const {
  uint64_t hash = 0;
  for (const auto& [path, node] : directories) {
    hash = base::checksum64(path, hash);
    for (const auto& [name, inode] : node->visible) {
      hash = base::checksum64(name, hash);
      hash = base::checksum64(inode->visible->bytes(), hash + inode->size());
    }
  }
  return hash;
}

void DiskState::end_process() {
  for (auto& [number, inode] : inodes()) inode->detach_mappings();
  for (auto& [path, node] : directories) node->locks.clear();
}

DiskState DiskState::copy_with(bool own_cache) const {
  std::map<const Inode*, std::shared_ptr<Inode>> twins;
  const auto twin_of = [&](const std::shared_ptr<Inode>& inode) {
    std::shared_ptr<Inode>& twin = twins[inode.get()];
    if (twin == nullptr) {
      twin = std::make_shared<Inode>(*inode);
      if (own_cache) twin->visible = std::make_shared<Buffer>(*inode->visible);
      twin->handles = 0;
    }
    return twin;
  };
  DiskState copied;
  copied.next_order = next_order;
  copied.next_inode = next_inode;
  for (const auto& [path, node] : directories) {
    auto& into = copied.directories[path];
    into = std::make_shared<DirectoryNode>(*node);
    into->locks.clear();
    for (auto& [name, inode] : into->visible) inode = twin_of(inode);
    for (auto& [name, inode] : into->durable) inode = twin_of(inode);
    for (DirectoryOp& op : into->pending) op.inode = twin_of(op.inode);
  }
  for (const auto& [original, twin] : twins) {
    for (PendingWrite& write : twin->pending) {
      const auto hit = twins.find(write.lands_in.get());
      if (hit != twins.end()) write.lands_in = hit->second;
    }
  }
  return copied;
}

}  // namespace nacre::sim
