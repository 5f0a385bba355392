// A toy for the tests of the simulator: a list of numbers in a mapped log with checkpoints, and known ways to get it
// wrong.
//
// Files: CURRENT holds N; N.ckpt {count, hash, checksum}; N.wal, records {sequence, value, checksum}. An open always
// makes a new checkpoint. Each bug of `Bugs` is one that real engines have had; the simulator must find every one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::sim {

struct Bugs {
  bool acknowledge_before_sync = false;
  bool no_sync_before_rename = false;
  bool no_directory_sync = false;
  bool no_checksum = false;
  bool claim_without_lock = false;
  bool retry_failed_sync = false;
  bool locks_in_opposite_order = false;
};

class ToyStore {
 public:
  // `claimed` is told each value in commit order, as it gets its place.
  static Result<std::unique_ptr<ToyStore>> open(const Runtime& runtime, const Bugs& bugs,
                                                std::function<void(uint64_t)> claimed);
  ~ToyStore();

  // Returns the position of the value. Durable: only once it survives power loss.
  Result<uint64_t> append(uint64_t value, bool durable);
  uint64_t count() const { return count_; }
  uint64_t hash() const { return hash_; }

  static uint64_t extend_hash(uint64_t hash, uint64_t value);

 private:
  ToyStore(const Runtime& runtime, const Bugs& bugs, std::function<void(uint64_t)> claimed);
  Result<void> recover();
  Result<void> replay(uint64_t number);
  Result<void> checkpoint();
  Result<void> write_file(const std::string& name, const std::string& text, bool sync);
  Result<void> sync_log();
  Result<uint64_t> place(uint64_t value);
  void remove_later(uint64_t number);
  uint64_t checksum(uint64_t sequence, uint64_t value, uint64_t number) const;

  const Runtime runtime_;
  const Bugs bugs_;
  const std::function<void(uint64_t)> claimed_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<DirectoryLock> lock_;

  sync::Mutex mutex_;       // the log's end and what follows from it; taken before sync_mutex_
  sync::Mutex sync_mutex_;  // one sync at a time
  sync::CondVar jobs_done_;
  std::unique_ptr<MappedFile> log_;
  uint64_t number_ = 0;
  uint64_t end_ = 0;  // bytes of the log in use
  uint64_t count_ = 0;
  uint64_t hash_ = 0;
  uint64_t jobs_ = 0;
  bool broken_ = false;
};

}  // namespace nacre::sim
