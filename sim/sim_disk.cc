#include "sim/sim_disk.h"

#include <algorithm>

#include "base/assert.h"
#include "base/checksum.h"
#include "sim/sim_file_system.h"
#include "sim/tally.h"
#include "sync/simulated_scheduler.h"

namespace nacre::sim {

using sync::Point;
using sync::Scheduler;

DiskOptions DiskOptions::from_seed(uint64_t seed) {
  base::Prng prng(seed ^ 0xd15cULL);
  DiskOptions options;
  options.seed = seed;
  static constexpr uint64_t kLatencies[][2] = {{0, 0}, {1'000, 5'000}, {5'000, 200'000}, {100'000, 20'000'000}};
  const auto& latency = kLatencies[prng.below(4)];
  options.latency_ns_min = latency[0];
  options.latency_ns_max = latency[1];
  options.stall_one_in = prng.one_in(4) ? 1000 : 0;
  static constexpr uint64_t kBuffers[] = {0, 4096, 65536, 262144};
  options.write_buffer_bytes = kBuffers[prng.below(4)];
  options.writeback_one_in = prng.one_in(2) ? 16 : 0;
  return options;
}

SimDisk::SimDisk(const DiskOptions& options) : options_(options), prng_(options.seed), faults_(options.seed + 1) {}

SimDisk::~SimDisk() {  // a misdirected write makes its file own itself
  for (auto& [number, inode] : state_.inodes()) inode->pending.clear();
}

std::shared_ptr<SimDisk> SimDisk::create(const DiskOptions& options) {
  return std::shared_ptr<SimDisk>(new SimDisk(options));
}

std::shared_ptr<FileSystem> SimDisk::file_system() { return std::make_shared<SimFileSystem>(shared_from_this()); }

// --- the power switch
// -------------------------------------------------------------------------------------------------

CutReport SimDisk::power_cut(CrashProfile profile, std::optional<uint64_t> subset) {
  NACRE_CHECK(on_);
  const CutReport report = sim::cut_power(state_, profile, prng_, subset);
  if (Scheduler::instance().observed()) {
    Scheduler::instance().note(std::string("power cut, ") + to_string(profile) + ": " + std::to_string(report.kept) +
                               " of " + std::to_string(report.pending) + " pending operations survive whole");
  }
  ++cuts_;
  tally().count("power cuts");
  end_boot();
  return report;
}

void SimDisk::kill_process() {
  NACRE_CHECK(on_);
  state_.end_process();
  if (Scheduler::instance().observed()) Scheduler::instance().note("the process is killed");
  ++kills_;
  tally().count("kills");
  end_boot();
}

void SimDisk::end_boot() {
  on_ = false;
  ++boot_;
  open_descriptors_ = 0;
  recount();
  Scheduler::instance().trace(base::mix64(boot_, used_bytes_));
}

void SimDisk::restart() {
  NACRE_CHECK(!on_);
  on_ = true;
  // After a power cut both hashes are of the same bytes; after a kill they may differ.
  tally().crash_state(base::mix64(state_.durable_hash(), state_.visible_hash()));
}

void SimDisk::cut_by(const Fate& fate) {
  if (fate.effect == FaultEffect::kKill || fate.effect == FaultEffect::kKillAfter) {
    kill_process();
  } else {
    power_cut(fate.profile, fate.subset);
  }
}

// --- an I/O
// -----------------------------------------------------------------------------------------------------------

Operation SimDisk::operation_of(IoKind kind) {
  switch (kind) {
    case IoKind::kOpenDirectory:
    case IoKind::kOpenRead:
    case IoKind::kCreate: return Operation::kOpen;
    case IoKind::kCreateMapped:
    case IoKind::kOpenMapped: return Operation::kMap;
    case IoKind::kRename: return Operation::kRename;
    case IoKind::kRemove: return Operation::kRemove;
    case IoKind::kList: return Operation::kList;
    case IoKind::kLock: return Operation::kLock;
    case IoKind::kRead: return Operation::kRead;
    case IoKind::kWrite:
    case IoKind::kStore: return Operation::kWrite;
    case IoKind::kSyncDirectory:
    case IoKind::kSyncFile:
    case IoKind::kSyncMapped: return Operation::kSync;
    case IoKind::kCount: break;
  }
  return Operation::kNone;
}

Error SimDisk::error(const Site& site, int32_t system_errno) const {
  Scheduler::instance().trace(static_cast<uint64_t>(system_errno));
  return os::system_error(operation_of(site.kind), site.file, system_errno, site.offset);
}

Error SimDisk::dead(IoKind kind, os::FileRef file) const {
  Error error = os::system_error(operation_of(kind), file, EIO);
  error.reason = "the simulated process is dead";
  return error;
}

void SimDisk::note(const Site& site, uint64_t bytes) const {
  std::string text = "site " + std::to_string(faults_.sites()) + ": " + to_string(site.kind);
  if (site.file.number != 0) text += " of file " + std::to_string(site.file.number);
  if (bytes != 0) text += ", " + std::to_string(bytes) + " bytes at " + std::to_string(site.offset);
  if (site.fate.effect != FaultEffect::kNone) text += std::string(" - FAULT: ") + to_string(site.fate.effect);
  Scheduler::instance().note(text);
}

Result<SimDisk::Site> SimDisk::begin(uint64_t boot, IoKind kind, os::FileRef file, uint64_t offset, uint64_t bytes) {
  Scheduler& scheduler = Scheduler::instance();
  scheduler.yield(Point::kIo);
  if (!alive(boot)) return dead(kind, file);
  Site site{kind, file, offset, faults_.next(kind)};
  scheduler.trace(
      base::mix64(offset << 8 | static_cast<uint64_t>(kind), bytes << 8 | static_cast<uint64_t>(site.fate.effect)));
  if (scheduler.observed()) note(site, bytes);
  if (kind != IoKind::kStore) {
    uint64_t latency = options_.latency_ns_min;
    if (options_.latency_ns_max > latency) latency += prng_.below(options_.latency_ns_max - latency);
    if (options_.stall_one_in != 0 && prng_.one_in(options_.stall_one_in)) latency = options_.stall_ns;
    if (site.fate.effect == FaultEffect::kStall) latency = options_.stall_ns;
    if (latency != 0) scheduler.sleep_ns(latency, Point::kIo);
    if (!alive(boot)) return dead(kind, file);
  }
  if (options_.writeback_one_in != 0 && prng_.one_in(options_.writeback_one_in)) write_back_something();
  if (site.fate.effect == FaultEffect::kPowerCut || site.fate.effect == FaultEffect::kKill) {
    cut_by(site.fate);
    return dead(kind, file);
  }
  if (site.fate.effect == FaultEffect::kReadOnly) read_only_ = true;
  if (site.fate.effect == FaultEffect::kRot) rot_something();
  if (watcher_) watcher_(false);
  const bool fails_in_its_own_way = (only(kind) & (kSyncs | only(IoKind::kStore))) != 0;
  if (site.fate.effect == FaultEffect::kError && !fails_in_its_own_way) return error(site, site.fate.error_number);
  return site;
}

Result<void> SimDisk::end(uint64_t boot, const Site& site) {
  if (watcher_) watcher_(true);
  if (site.fate.effect == FaultEffect::kPowerCutAfter || site.fate.effect == FaultEffect::kKillAfter) {
    cut_by(site.fate);
    return dead(site.kind, site.file);
  }
  Scheduler::instance().yield(Point::kIo);
  if (!alive(boot)) return dead(site.kind, site.file);
  return {};
}

// --- inodes and space
// -------------------------------------------------------------------------------------------------

std::shared_ptr<Inode> SimDisk::new_inode() {
  auto inode = std::make_shared<Inode>();
  inode->number = state_.next_inode++;
  return inode;
}

uint64_t SimDisk::free_bytes() const {
  return options_.capacity_bytes > used_bytes_ ? options_.capacity_bytes - used_bytes_ : 0;
}

uint64_t SimDisk::charge(Inode& inode, uint64_t bytes) {
  const uint64_t granted = std::min(bytes, free_bytes());
  inode.charged_bytes += granted;
  used_bytes_ += granted;
  return granted;
}

void SimDisk::release_if_gone(Inode& inode) {
  if (inode.links != 0 || inode.handles != 0) return;
  used_bytes_ -= inode.charged_bytes;
  inode.charged_bytes = 0;
}

void SimDisk::unlinked(Inode& inode) {
  --inode.links;
  release_if_gone(inode);
}

void SimDisk::closed(uint64_t boot, Inode& inode) {
  if (boot != boot_) return;
  descriptor_closed(boot);
  --inode.handles;
  release_if_gone(inode);
}

void SimDisk::recount() {
  const auto inodes = state_.inodes();  // first: a sweep lets allocations fail, this one too
  used_bytes_ = 0;
  for (const auto& [number, inode] : inodes) {
    inode->charged_bytes = inode->links != 0 ? inode->size() : 0;
    used_bytes_ += inode->charged_bytes;
  }
}

// Another place for a write: somewhere in a durable part of this file or of another one that nobody is writing.
void SimDisk::misdirect(const std::shared_ptr<Inode>& inode, PendingWrite& write) {
  std::vector<std::shared_ptr<Inode>> targets;
  for (auto& [number, other] : state_.inodes()) {
    const bool quiet = other == inode || (other->pending.empty() && !other->mapped);
    if (quiet && other->durable_size != 0 && !inode->mapped) targets.push_back(other);
  }
  if (targets.empty()) return;
  write.lands_in = targets[prng_.below(targets.size())];
  write.lands_at = prng_.below((write.lands_in->durable_size + kSectorBytes - 1) / kSectorBytes) * kSectorBytes;
}

// Of a file that no process writes and that has nothing pending: what is read of it may be read from the platter again.
void SimDisk::rot_something() {
  std::vector<Inode*> quiet;
  for (auto& [number, inode] : state_.inodes()) {
    const bool at_rest = inode->pending.empty() && !inode->mapped && inode->durable_size != 0;
    if (at_rest && inode->durable_size == inode->size()) quiet.push_back(inode.get());
  }
  if (quiet.empty()) return;
  Inode& inode = *quiet[prng_.below(quiet.size())];
  const uint64_t offset = prng_.below(inode.durable_size);
  const char mask = static_cast<char>(1U << prng_.below(8));
  (*inode.visible)[offset] ^= mask;
  inode.durable[offset] ^= mask;
}

void SimDisk::write_back_something() {
  std::vector<Inode*> mapped;
  for (auto& [number, inode] : state_.inodes()) {
    if (inode->mapped && !inode->pending.empty()) mapped.push_back(inode.get());
  }
  if (mapped.empty()) return;
  Inode& inode = *mapped[prng_.below(mapped.size())];
  const uint64_t page = inode.pending[prng_.below(inode.pending.size())].offset / kPageBytes;
  for (uint64_t i = 0; i < kPageBytes / kSectorBytes; ++i) {
    const uint64_t sector = page * (kPageBytes / kSectorBytes) + i;
    if (inode.sector_dirty(sector)) inode.persist_sector(sector);
  }
}

}  // namespace nacre::sim
