// The disk model: what the page cache shows, what the platter holds, and the operations in between.
//
// A file (Inode) has two contents. `visible` is what every process of this boot reads: the page cache. `durable` is
// what would be there after a power cut if nothing pending got through. Between them stand, in the order they were
// issued, pending writes; a sync moves them across, a power cut (power_cut.h) lets a subset through that its profile
// allows.
//
//   append file    pending: one entry a write; the bytes are those of `visible`, which an append file never changes
//   mapped file    pending: one entry a stored() call; what is really dirty is found by comparing sectors, so a
//                  forgotten stored() loses nothing that a sync covered. Its size and zeros are an operation of their
//                  own: the fill.
//   directory      pending: link, rename, unlink; each survives whole or not at all, none implies another, and none is
//                  implied by a sync of the file it names
//
// A failed sync leaves lost sectors: the kernel believes them clean, `visible` shows them until the power goes, and no
// later sync writes them unless they are stored to again.
//
// Thread safety: none; all of it runs between two points of the scheduler. Ownership: directories and pending
// operations share inodes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "nacre/bytes.h"
#include "sim/buffer.h"

namespace nacre::sim {

inline constexpr uint64_t kSectorBytes =
    512;  // what a device writes whole or not at all (the torn profile: not even that)

struct Inode;

struct PendingWrite {
  uint64_t order = 0;  // of issue, over the whole disk
  uint64_t offset = 0;
  uint64_t bytes = 0;
  std::shared_ptr<Inode> lands_in;  // a misdirected write: the file that is hit instead
  uint64_t lands_at = 0;
};

struct Inode {
  uint64_t number = 0;
  std::shared_ptr<Buffer> visible =
      std::make_shared<Buffer>();  // shared with mappings, which outlive the process in sim
  Buffer durable;                  // zeros where nothing was made durable
  uint64_t durable_size = 0;       // <= durable.size()
  std::vector<PendingWrite> pending;
  bool mapped = false;
  bool fill_pending = false;  // mapped: size and zeros are not durable yet
  uint64_t fill_order = 0;
  bool has_holes = false;             // a cut took the zeros of a mapped file but left its size
  std::map<uint64_t, uint64_t> lost;  // sector -> hash of what was lost in it
  std::set<uint64_t> detached;        // sectors whose stores no longer reach the file
  uint32_t links = 0;                 // names in visible directories
  uint32_t handles = 0;               // open files of this boot
  uint64_t charged_bytes = 0;         // against the capacity of the disk

  uint64_t size() const { return visible->size(); }
  void append(Bytes data, uint64_t order);
  // Makes room in `durable` so that sectors can be compared.
  void become_mapped();
  bool sector_dirty(uint64_t sector) const;
  // The sectors that a power cut could still write: compared for a mapped file, from `pending` otherwise.
  std::vector<uint64_t> dirty_sectors() const;
  bool dirty_within(uint64_t begin, uint64_t end) const;  // of a mapped file; its fill counts

  // Copies [begin, end) from visible to durable. Does not touch the size.
  void persist_bytes(uint64_t begin, uint64_t end);
  void persist_sector(uint64_t sector);
  void persist(const PendingWrite& write);  // its bytes, wherever they land, and the size they need
  void grow_durable(uint64_t size);
  void finish_fill();

  // What a sync does when it works, and when it fails: each write gets through or is lost.
  void sync_all();
  void sync_range(uint64_t begin, uint64_t end);
  void fail_sync_all(base::Prng& prng);
  void fail_sync_range(uint64_t begin, uint64_t end, base::Prng& prng);

  // The power is back: the cache holds what the platter holds.
  void settle();
  // The process was killed: the cache keeps its content, mappings of the dead process are cut off from it.
  void detach_mappings();
};

struct DirectoryOp {
  enum class Kind : uint8_t { kLink, kRename, kUnlink };
  uint64_t order = 0;
  Kind kind = Kind::kLink;
  std::string name;
  std::string target;            // of a rename
  std::shared_ptr<Inode> inode;  // what is linked or renamed
};

struct DirectoryNode {
  std::string path;
  std::map<std::string, std::shared_ptr<Inode>> visible;
  std::map<std::string, std::shared_ptr<Inode>> durable;
  std::vector<DirectoryOp> pending;
  static constexpr uint32_t kWriter = UINT32_MAX;
  std::map<std::string, uint32_t> locks;  // by name: kWriter, or so many readers

  void persist(const DirectoryOp& op);
  void sync();
  void fail_sync(base::Prng& prng);
};

struct DiskState {
  std::map<std::string, std::shared_ptr<DirectoryNode>> directories;
  uint64_t next_order = 1;
  uint64_t next_inode = 1;

  // Every inode that a name, a durable name or a pending operation can reach, by number.
  std::map<uint64_t, std::shared_ptr<Inode>> inodes() const;
  // A hash of all names and contents that are durable; meaningful after a power cut.
  uint64_t durable_hash() const;
  // The same of all that is visible: what a process started after a kill finds.
  uint64_t visible_hash() const;
  // The process was killed: its mappings are cut off, its locks are gone.
  void end_process();
  // A copy that shares nothing with this one. Locks and open handles are not in it.
  DiskState copy() const { return copy_with(true); }
  // The same for a power cut that follows at once: until then it shares what the page cache holds, so nothing of it may be misdirected.
  DiskState copy_to_cut() const { return copy_with(false); }

 private:
  DiskState copy_with(bool own_cache) const;
};

}  // namespace nacre::sim
