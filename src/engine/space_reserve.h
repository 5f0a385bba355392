// SpaceReserve: a file that holds nothing but space, kept for the time when the device is full.
//
// On a full device it is given back, that is removed: erases, flushes and edits of the manifest then go on with that space,
// while puts are refused (Core). It is made anew when space has returned. What it gave back itself must not look like that:
// else it would be made of the room that erases need, and puts would eat it. So whoever makes it again asks for twice its
// size: the second file shows that there is room beside the first, and goes again. A figure of the file system comes
// first, since it costs nothing; it alone would not do, for quotas do not show in it.
//
// The content is noise, so that a file system that compresses cannot make the file smaller than what it gives back. The file's
// number was reserved in the manifest, as a table's is: what a crash leaves of it is known to be the database's own. It is
// synced so that the space is really taken; that its name is durable matters to nobody.
//
// Lifetime of the space: from the moment that make() returned true to give_back(). No call that needs space waits for the making:
// give_back() ends it.
//
// Thread safety: make() and tidy() by one thread at a time, the rest from any. Lifetime: the directory outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "format/uuid.h"
#include "nacre/runtime.h"
#include "sync/sync.h"
#include "tree/directory_audit.h"

namespace nacre::engine {

class SpaceReserve {
 public:
  struct Options {
    format::Uuid uuid;
    uint64_t bytes = 0;
    std::function<Result<uint64_t>()> next_number;  // reserved in the manifest
  };

  // `found`: the reserves that were there; a whole one of the right size is kept.
  SpaceReserve(Directory& directory, Options options, std::span<const tree::ReserveFile> found);
  // An earlier attempt to open has given it back.
  void begin_in_use() { in_use_.store(true, std::memory_order_release); }

  bool held() const { return held_.load(std::memory_order_acquire); }

  // Makes it if there is room for it, or for two of it if it is in use. `go_on` is asked between pieces. False if there is no room, or
  // not to go on: nothing is left. An error that is none of space is one of the device.
  Result<bool> make(const std::function<bool()>& go_on);

  // It was held, and is not any more.
  bool is_in_use() const { return in_use_.load(); }

  // Counts the times that space was given back. To be read before an attempt that may find none.
  uint64_t turn() const { return turn_.load(std::memory_order_acquire); }
  // After an attempt found no space: true if there is more now than at `turn`, so that it should be tried again.
  bool give_back(uint64_t turn);

  // Removes what was found and is of no use: a part, or of another size.
  void tidy();

 private:
  Result<uint64_t> write_file(const std::function<bool()>& go_on) NACRE_REQUIRES(mutex_);
  Result<void> make_locked(const std::function<bool()>& go_on) NACRE_REQUIRES(mutex_);
  Result<void> fill(WritableFile& file, uint64_t number, const std::function<bool()>& go_on);
  void remove(uint64_t number);

  Directory& directory_;
  const Options options_;
  std::atomic<bool> held_{false};
  std::atomic<bool> in_use_{false};
  std::atomic<bool> wanted_back_{false};  // a making gives up
  std::atomic<uint64_t> turn_{0};

  sync::Mutex mutex_;  // held while files are made and removed
  uint64_t number_ NACRE_GUARDED_BY(mutex_) = 0;
  std::vector<uint64_t> useless_ NACRE_GUARDED_BY(mutex_);
};

}  // namespace nacre::engine
