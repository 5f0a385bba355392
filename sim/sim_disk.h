// SimDisk: one simulated machine's disk and page cache, and the power switch.
//
// Processes come and go on it. A *boot* is the life of one process: from construction or restart() to power_cut() or
// kill_process(). Everything opened in a boot is dead after it: each call on it fails with an Io error and changes
// nothing, so the engine of the ended boot is closed in the ordinary way, against a dead disk, while what the next
// boot finds was fixed at the instant of the cut. Between the cut and restart() nothing can be opened. Close the old
// engine before restart().
//
//     disk->power_cut(CrashProfile::kPosixMin);   // or a planned fault did it: !disk->is_on()
//     db.reset();                                 // sees only errors
//     disk->restart();
//     db = open(...);                             // recovers from what survived
//
// Every I/O is a site (faults.h), a point of the scheduler, takes virtual time, and goes into the trace hash.
//
// Thread safety: none, one OS thread. Ownership: open files share the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "nacre/runtime.h"
#include "os/file_ref.h"
#include "sim/disk_model.h"
#include "sim/faults.h"
#include "sim/power_cut.h"

namespace nacre::sim {

struct DiskOptions {
  uint64_t seed = 1;
  uint64_t capacity_bytes = uint64_t{1} << 30;
  uint64_t latency_ns_min = 5'000;
  uint64_t latency_ns_max = 200'000;
  uint32_t stall_one_in = 0;  // I/Os that take stall_ns instead; 0 never
  uint64_t stall_ns = 2'000'000'000;
  uint64_t write_buffer_bytes = 65536;  // what a WritableFile holds back in the process; 0: nothing
  uint32_t writeback_one_in =
      0;  // sites at which a random dirty page of a mapped file reaches the platter unasked, which
          // makes intermediate states reachable; 0 never (a must for a strict kPrefix)

  static DiskOptions from_seed(uint64_t seed);
};

// The files of a disk without anything pending: "directory/name" to content.
using DiskImage = std::map<std::string, std::string>;

class SimDisk : public std::enable_shared_from_this<SimDisk> {
 public:
  static std::shared_ptr<SimDisk> create(const DiskOptions& options);
  ~SimDisk();
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  std::shared_ptr<FileSystem> file_system();

  // --- the power switch
  CutReport power_cut(CrashProfile profile, std::optional<uint64_t> subset = {});
  void kill_process();
  void restart();
  bool is_on() const { return on_; }
  uint64_t cuts() const { return cuts_; }  // power cuts so far
  uint64_t kills() const { return kills_; }

  // --- faults and limits
  Faults& faults() { return faults_; }
  // What does not fit fails with ENOSPC, or with EDQUOT as beyond a quota.
  void set_capacity(uint64_t bytes, int32_t full_errno = ENOSPC) {
    options_.capacity_bytes = bytes;
    full_errno_ = full_errno;
  }
  uint64_t used_bytes() const { return used_bytes_; }
  uint64_t free_bytes() const;
  // Changes fail with EROFS, and so does the sync of what had not reached the disk; stores to mappings stay in the page cache.
  // It outlives reboots.
  void set_read_only(bool read_only) { read_only_ = read_only; }
  // Files, directories and locks that a process may have open; one more fails with EMFILE.
  void set_descriptor_limit(uint64_t limit) { descriptor_limit_ = limit; }
  uint64_t open_descriptors() const { return open_descriptors_; }

  // --- damage at rest, and sight of it; paths are "directory/name". Visible and durable content change together.
  std::vector<std::string> files() const;
  bool exists(const std::string& path) const;
  std::string content(const std::string& path) const;
  void set_content(const std::string& path, Bytes content);  // creates the file if need be, not the directory
  void erase(const std::string& path);
  void flip_bit(const std::string& path, uint64_t offset, uint32_t bit);
  void flip_bits(const std::string& path, uint64_t offset, uint8_t mask);
  void truncate(const std::string& path, uint64_t size);
  void swap(const std::string& a, const std::string& b);
  // What the page cache shows, as if all had been synced; and the way back, as a new disk that is on.
  DiskImage image() const;
  void restore(const DiskImage& image);
  // The same with a copy of another disk's state, what is pending in it included.
  void adopt(DiskState state);
  // Called before each I/O takes effect, and after, before anybody learns of it; not for I/Os that fail. Must not reach a point.
  void watch(std::function<void(bool after)> watcher) { watcher_ = std::move(watcher); }
  const DiskState& state() const { return state_; }
  uint64_t pending_operations() const { return sim::pending_operations(state_); }
  uint64_t durable_hash() const { return state_.durable_hash(); }

  // --- for the objects of sim_files.h and sim_file_system.h
  struct Site {
    IoKind kind = IoKind::kRead;
    os::FileRef file;
    uint64_t offset = 0;
    Fate fate;
  };
  uint64_t boot() const { return boot_; }
  bool alive(uint64_t boot) const { return on_ && boot == boot_; }
  // Begins an I/O: waits its time, decides its fate. An error ends the operation: the fate was kError (not for a store
  // or a sync, which fail in their own way), or the machine is off.
  Result<Site> begin(uint64_t boot, IoKind kind, os::FileRef file, uint64_t offset, uint64_t bytes);
  // Ends an I/O that took effect; fails if the power went right after it.
  Result<void> end(uint64_t boot, const Site& site);
  static Operation operation_of(IoKind kind);
  Error error(const Site& site, int32_t system_errno) const;
  Error dead(IoKind kind, os::FileRef file) const;
  DiskState& state() { return state_; }
  base::Prng& prng() { return prng_; }
  const DiskOptions& options() const { return options_; }
  bool read_only() const { return read_only_; }
  int32_t full_errno() const { return full_errno_; }
  bool out_of_descriptors() const { return open_descriptors_ >= descriptor_limit_; }
  void descriptor_opened() { ++open_descriptors_; }
  void descriptor_closed(uint64_t boot) { open_descriptors_ -= boot == boot_ ? 1 : 0; }
  uint64_t take_order() { return state_.next_order++; }
  std::shared_ptr<Inode> new_inode();
  // Takes up to `bytes` of the free space for the inode and returns how much it got.
  uint64_t charge(Inode& inode, uint64_t bytes);
  void unlinked(Inode& inode);
  void closed(uint64_t boot, Inode& inode);
  void misdirect(const std::shared_ptr<Inode>& inode, PendingWrite& write);

 private:
  explicit SimDisk(const DiskOptions& options);
  void note(const Site& site, uint64_t bytes) const;
  void begin_boot();
  void end_boot();
  void cut_by(const Fate& fate);
  void recount();
  void write_back_something();
  void rot_something();
  void release_if_gone(Inode& inode);
  std::shared_ptr<Inode> find(const std::string& path) const;

  DiskOptions options_;
  base::Prng prng_;
  Faults faults_;
  std::function<void(bool after)> watcher_;
  DiskState state_;
  uint64_t boot_ = 1;
  uint64_t used_bytes_ = 0;
  uint64_t cuts_ = 0;
  uint64_t kills_ = 0;
  bool on_ = true;
  bool read_only_ = false;
  int32_t full_errno_ = ENOSPC;
  uint64_t descriptor_limit_ = UINT64_MAX;
  uint64_t open_descriptors_ = 0;  // of this boot
};

}  // namespace nacre::sim
