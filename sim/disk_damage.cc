// SimDisk's side door: reading and changing what is stored without a process, for damage at rest and for images.
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "sim/sim_disk.h"

namespace nacre::sim {

namespace {

std::pair<std::string, std::string> split(const std::string& path) {
  const size_t slash = path.rfind('/');
  NACRE_CHECK(slash != std::string::npos);
  return {path.substr(0, slash), path.substr(slash + 1)};
}

void replace_content(Inode& inode, Bytes content) {
  inode.visible->assign(content);
  inode.durable = *inode.visible;
  inode.durable_size = content.size();
  inode.pending.clear();
  inode.lost.clear();
  inode.fill_pending = false;
  inode.has_holes = false;
}

}  // namespace

std::shared_ptr<Inode> SimDisk::find(const std::string& path) const {
  const auto [directory, name] = split(path);
  const auto node = state_.directories.find(directory);
  if (node == state_.directories.end()) return nullptr;
  const auto entry = node->second->visible.find(name);
  return entry == node->second->visible.end() ? nullptr : entry->second;
}

std::vector<std::string> SimDisk::files() const {
  std::vector<std::string> paths;
  for (const auto& [directory, node] : state_.directories) {
    for (const auto& [name, inode] : node->visible) paths.push_back(directory + "/" + name);
  }
  return paths;
}

bool SimDisk::exists(const std::string& path) const { return find(path) != nullptr; }

std::string SimDisk::content(const std::string& path) const {
  const auto inode = find(path);
  NACRE_CHECK(inode != nullptr);
  return std::string(inode->visible->bytes());
}

void SimDisk::set_content(const std::string& path, Bytes content) {
  auto inode = find(path);
  if (inode == nullptr) {
    const auto [directory, name] = split(path);
    const auto node = state_.directories.find(directory);
    NACRE_CHECK(node != state_.directories.end());
    inode = new_inode();
    inode->links = 1;
    node->second->visible[name] = inode;
    node->second->durable[name] = inode;
  }
  replace_content(*inode, content);
  recount();
}

void SimDisk::erase(const std::string& path) {
  const auto [directory, name] = split(path);
  const auto inode = find(path);
  NACRE_CHECK(inode != nullptr);
  DirectoryNode& node = *state_.directories[directory];
  node.visible.erase(name);
  node.durable.erase(name);
  std::erase_if(node.pending, [&](const DirectoryOp& op) { return op.inode == inode; });
  unlinked(*inode);
}

void SimDisk::flip_bit(const std::string& path, uint64_t offset, uint32_t bit) {
  NACRE_CHECK(bit < 8);
  flip_bits(path, offset, static_cast<uint8_t>(1U << bit));
}

void SimDisk::flip_bits(const std::string& path, uint64_t offset, uint8_t mask) {
  const auto inode = find(path);
  NACRE_CHECK(inode != nullptr && offset < inode->size());
  (*inode->visible)[offset] ^= static_cast<char>(mask);
  if (offset < inode->durable.size()) inode->durable[offset] ^= static_cast<char>(mask);
}

void SimDisk::truncate(const std::string& path, uint64_t size) {
  const std::string all = content(path);
  NACRE_CHECK(size <= all.size());
  set_content(path, Bytes(all).substr(0, size));
}

void SimDisk::swap(const std::string& a, const std::string& b) {
  const std::string content_a = content(a);
  set_content(a, content(b));
  set_content(b, content_a);
}

DiskImage SimDisk::image() const {
  DiskImage image;
  for (const auto& [directory, node] : state_.directories) {
    image[directory + "/"];  // an empty directory is part of it
    for (const auto& [name, inode] : node->visible) {
      image[directory + "/" + name] = std::string(inode->visible->bytes());
    }
  }
  return image;
}

void SimDisk::restore(const DiskImage& image) {
  state_.directories.clear();
  for (const auto& [path, bytes] : image) {
    const auto [directory, name] = split(path);
    auto& node = state_.directories[directory];
    if (node == nullptr) node = std::make_shared<DirectoryNode>();
    node->path = directory;
    if (!name.empty()) set_content(path, bytes);
  }
  begin_boot();
}

void SimDisk::adopt(DiskState state) {
  state_ = std::move(state);
  begin_boot();
}

void SimDisk::begin_boot() {
  ++boot_;
  open_descriptors_ = 0;
  on_ = true;
  recount();
}

}  // namespace nacre::sim
