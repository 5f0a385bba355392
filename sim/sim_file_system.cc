#include "sim/sim_file_system.h"

#include <cerrno>
#include <utility>

#include "base/result.h"
#include "sim/sim_files.h"
#include "sync/simulated_scheduler.h"

namespace nacre::sim {

namespace {

constexpr os::FileRef kDirectoryRef{FileKind::kDirectory, 0};

class SimDirectoryLock final : public DirectoryLock {
 public:
  SimDirectoryLock(std::shared_ptr<SimDisk> disk, std::shared_ptr<DirectoryNode> node, std::string name)
      : disk_(std::move(disk)), node_(std::move(node)), name_(std::move(name)), boot_(disk_->boot()) {
    disk_->descriptor_opened();
  }
  ~SimDirectoryLock() override {
    disk_->descriptor_closed(boot_);
    if (!disk_->alive(boot_)) return;
    uint32_t& holders = node_->locks[name_];
    holders = holders == DirectoryNode::kWriter ? 0 : holders - 1;
  }

 private:
  const std::shared_ptr<SimDisk> disk_;
  const std::shared_ptr<DirectoryNode> node_;
  const std::string name_;
  const uint64_t boot_;
};

template <class T>
void shuffle(T& items, base::Prng& prng) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[prng.below(i)]);
}

}  // namespace

Result<std::unique_ptr<Directory>> SimFileSystem::open_directory(const std::string& path, bool create) {
  const uint64_t boot = disk_->boot();
  NACRE_TRY_ASSIGN(const SimDisk::Site site, disk_->begin(boot, IoKind::kOpenDirectory, kDirectoryRef, 0, 0));
  if (disk_->out_of_descriptors()) return disk_->error(site, EMFILE);
  auto& directories = disk_->state().directories;
  auto found = directories.find(path);
  if (found == directories.end()) {
    const size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
    if (!create || path.empty() || (!parent.empty() && !directories.contains(parent)))
      return disk_->error(site, ENOENT);
    if (disk_->read_only()) return disk_->error(site, EROFS);
    auto node = std::make_shared<DirectoryNode>();
    node->path = path;
    found = directories.emplace(path, std::move(node)).first;
  }
  const auto node = found->second;
  NACRE_TRY(disk_->end(boot, site));
  return std::unique_ptr<Directory>(std::make_unique<SimDirectory>(disk_, node));
}

void SimFileSystem::read_batch(std::span<ReadRequest> requests) {
  std::vector<ReadRequest*> order;
  for (ReadRequest& request : requests) order.push_back(&request);
  shuffle(order, disk_->prng());
  for (ReadRequest* request : order) request->result = request->file->read(request->offset, request->out);
}

SimDirectory::SimDirectory(std::shared_ptr<SimDisk> disk, std::shared_ptr<DirectoryNode> node)
    : disk_(std::move(disk)), node_(std::move(node)), boot_(disk_->boot()) {
  disk_->descriptor_opened();
}

SimDirectory::~SimDirectory() { disk_->descriptor_closed(boot_); }

Result<void> SimDirectory::have_descriptor(const SimDisk::Site& site) const {
  if (disk_->out_of_descriptors()) return disk_->error(site, EMFILE);
  return {};
}

Result<SimDisk::Site> SimDirectory::begin_change(IoKind kind, const std::string& name) {
  NACRE_TRY_ASSIGN(SimDisk::Site site, disk_->begin(boot_, kind, os::file_ref(name), 0, 0));
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return os::file_error(ErrorKind::kInvalidArgument, SimDisk::operation_of(kind), {}, "not a plain file name");
  }
  if (disk_->read_only()) return disk_->error(site, EROFS);
  return site;
}

Result<std::shared_ptr<Inode>> SimDirectory::look_up(const SimDisk::Site& site, const std::string& name) {
  const auto found = node_->visible.find(name);
  if (found == node_->visible.end()) return disk_->error(site, ENOENT);
  return found->second;
}

Result<std::shared_ptr<Inode>> SimDirectory::link_new(const SimDisk::Site& site, const std::string& name) {
  if (node_->visible.contains(name)) return disk_->error(site, EEXIST);
  auto inode = disk_->new_inode();
  inode->links = 1;
  node_->visible[name] = inode;
  node_->pending.push_back(
      {.order = disk_->take_order(), .kind = DirectoryOp::Kind::kLink, .name = name, .target = {}, .inode = inode});
  return inode;
}

void SimDirectory::unlink(const std::string& name) {
  const auto found = node_->visible.find(name);
  const auto inode = found->second;
  node_->visible.erase(found);
  node_->pending.push_back(
      {.order = disk_->take_order(), .kind = DirectoryOp::Kind::kUnlink, .name = name, .target = {}, .inode = inode});
  disk_->unlinked(*inode);
}

Result<std::unique_ptr<ReadableFile>> SimDirectory::open_read(const std::string& name) {
  const os::FileRef ref = os::file_ref(name);
  NACRE_TRY_ASSIGN(const SimDisk::Site site, disk_->begin(boot_, IoKind::kOpenRead, ref, 0, 0));
  NACRE_TRY(have_descriptor(site));
  NACRE_TRY_ASSIGN(auto inode, look_up(site, name));
  auto file = std::make_unique<SimReadableFile>(disk_, std::move(inode), ref);
  NACRE_TRY(disk_->end(boot_, site));
  return std::unique_ptr<ReadableFile>(std::move(file));
}

Result<std::unique_ptr<WritableFile>> SimDirectory::create(const std::string& name) {
  NACRE_TRY_ASSIGN(const SimDisk::Site site, begin_change(IoKind::kCreate, name));
  NACRE_TRY(have_descriptor(site));
  NACRE_TRY_ASSIGN(auto inode, link_new(site, name));
  auto file = std::make_unique<SimWritableFile>(disk_, std::move(inode), os::file_ref(name));
  NACRE_TRY(disk_->end(boot_, site));
  return std::unique_ptr<WritableFile>(std::move(file));
}

Result<std::unique_ptr<MappedFile>> SimDirectory::create_mapped(const std::string& name, uint64_t size_bytes,
                                                                MappedSpace) {
  const os::FileRef ref = os::file_ref(name);
  NACRE_TRY_ASSIGN(const SimDisk::Site site, begin_change(IoKind::kCreateMapped, name));
  NACRE_TRY(have_descriptor(site));
  if (size_bytes == 0 || size_bytes % kPageBytes != 0) {
    return os::file_error(ErrorKind::kInvalidArgument, Operation::kMap, ref,
                          "the size must be a whole number of pages");
  }
  NACRE_TRY_ASSIGN(auto inode, link_new(site, name));
  if (disk_->free_bytes() < size_bytes) {
    unlink(name);
    return disk_->error(site, disk_->full_errno());
  }
  disk_->charge(*inode, size_bytes);
  inode->visible->resize(size_bytes);
  inode->become_mapped();
  inode->fill_order = disk_->take_order();
  auto file = std::make_unique<SimMappedFile>(disk_, std::move(inode), ref);
  NACRE_TRY(disk_->end(boot_, site));
  return std::unique_ptr<MappedFile>(std::move(file));
}

Result<std::unique_ptr<MappedFile>> SimDirectory::open_mapped(const std::string& name) {
  const os::FileRef ref = os::file_ref(name);
  NACRE_TRY_ASSIGN(const SimDisk::Site site, begin_change(IoKind::kOpenMapped, name));
  NACRE_TRY(have_descriptor(site));
  NACRE_TRY_ASSIGN(auto inode, look_up(site, name));
  if (inode->size() == 0 || inode->size() % kPageBytes != 0) {
    return os::file_error(ErrorKind::kCorruption, Operation::kMap, ref, "its size is not a whole number of pages",
                          inode->size());
  }
  if (inode->has_holes) return os::file_error(ErrorKind::kCorruption, Operation::kMap, ref, "it has a hole");
  inode->become_mapped();
  auto file = std::make_unique<SimMappedFile>(disk_, std::move(inode), ref);
  NACRE_TRY(disk_->end(boot_, site));
  return std::unique_ptr<MappedFile>(std::move(file));
}

Result<void> SimDirectory::rename(const std::string& from, const std::string& to) {
  NACRE_TRY_ASSIGN(const SimDisk::Site site, begin_change(IoKind::kRename, from));
  NACRE_TRY_ASSIGN(auto inode, look_up(site, from));
  if (from != to) {
    node_->visible.erase(from);
    const auto replaced = std::exchange(node_->visible[to], inode);
    node_->pending.push_back(
        {.order = disk_->take_order(), .kind = DirectoryOp::Kind::kRename, .name = from, .target = to, .inode = inode});
    if (replaced != nullptr) disk_->unlinked(*replaced);
  }
  return disk_->end(boot_, site);
}

Result<void> SimDirectory::remove(const std::string& name) {
  NACRE_TRY_ASSIGN(const SimDisk::Site site, begin_change(IoKind::kRemove, name));
  NACRE_TRY(look_up(site, name));
  unlink(name);
  return disk_->end(boot_, site);
}

Result<std::vector<DirectoryEntry>> SimDirectory::list() {
  NACRE_TRY_ASSIGN(const SimDisk::Site site, disk_->begin(boot_, IoKind::kList, kDirectoryRef, 0, 0));
  NACRE_TRY(have_descriptor(site));
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, inode] : node_->visible) entries.push_back({name, inode->size()});
  shuffle(entries, disk_->prng());
  NACRE_TRY(disk_->end(boot_, site));
  return entries;
}

Result<void> SimDirectory::sync() {
  sync::MutexLock lock(sync_mutex_);
  if (sync_failure_) return *sync_failure_;
  NACRE_TRY_ASSIGN(const SimDisk::Site site, disk_->begin(boot_, IoKind::kSyncDirectory, kDirectoryRef, 0, 0));
  if (site.fate.effect == FaultEffect::kError) {
    node_->fail_sync(disk_->prng());
    sync_failure_ = disk_->error(site, site.fate.error_number);
    return *sync_failure_;
  }
  if (disk_->read_only() && !node_->pending.empty()) {
    node_->fail_sync(disk_->prng());
    sync_failure_ = disk_->error(site, EROFS);
    return *sync_failure_;
  }
  if (site.fate.effect != FaultEffect::kLie) node_->sync();
  return disk_->end(boot_, site);
}

Result<std::unique_ptr<DirectoryLock>> SimDirectory::lock(const std::string& name, LockKind kind) {
  const bool writes = kind == LockKind::kWrite;
  const auto begun =
      writes ? begin_change(IoKind::kLock, name) : disk_->begin(boot_, IoKind::kLock, os::file_ref(name), 0, 0);
  NACRE_TRY(begun);
  const SimDisk::Site& site = *begun;
  NACRE_TRY(have_descriptor(site));
  if (!node_->visible.contains(name)) {
    if (!writes) return disk_->error(site, ENOENT);
    NACRE_TRY(link_new(site, name));
  }
  uint32_t& holders = node_->locks[name];
  if (holders != 0 && (writes || holders == DirectoryNode::kWriter)) {
    return os::file_error(ErrorKind::kBusy, Operation::kLock, site.file, "another handle holds the database");
  }
  holders = writes ? DirectoryNode::kWriter : holders + 1;
  auto lock = std::make_unique<SimDirectoryLock>(disk_, node_, name);
  NACRE_TRY(disk_->end(boot_, site));
  return std::unique_ptr<DirectoryLock>(std::move(lock));
}

Result<uint64_t> SimDirectory::free_bytes() {
  if (!disk_->alive(boot_)) return disk_->dead(IoKind::kList, kDirectoryRef);
  if (disk_->full_errno() == EDQUOT) return uint64_t{1} << 30;  // of the device: a quota does not show in it
  return disk_->free_bytes();
}

}  // namespace nacre::sim
