// Options that may change while a database is open, for readers that take no lock: the options of a keyspace in one atomic word, so that
// whoever reads them gets those of one moment; and those of a database that can change at all.
//
// Thread safety: any thread. Those who store do it one after the other (Core::create_mutex_).
#pragma once

#include <atomic>
#include <bit>

#include "base/assert.h"
#include "nacre/options.h"
#include "sync/sync.h"

namespace nacre::engine {

class LiveKeyspaceOptions {
 public:
  explicit LiveKeyspaceOptions(const KeyspaceOptions& options) : word_(pack(options)) {}

  KeyspaceOptions load() const {
    const auto packed = std::bit_cast<Packed>(word_.load(std::memory_order_acquire));
    return {.compression = packed.compression,
            .bottom_compression = packed.bottom_compression,
            .shape = packed.shape,
            .filter_bits_per_key = packed.filter_bits_per_key,
            .block_bytes = packed.block_bytes};
  }
  // Of sound options only.
  void store(const KeyspaceOptions& options) {
    sync::yield_point();
    word_.store(pack(options), std::memory_order_release);
  }

 private:
  struct Packed {
    Compression compression;
    Compression bottom_compression;
    CompactionShape shape;
    uint8_t filter_bits_per_key;
    uint32_t block_bytes;
  };
  static uint64_t pack(const KeyspaceOptions& options) {
    NACRE_DCHECK(options.filter_bits_per_key <= UINT8_MAX);
    return std::bit_cast<uint64_t>(Packed{.compression = options.compression,
                                          .bottom_compression = options.bottom_compression,
                                          .shape = options.shape,
                                          .filter_bits_per_key = static_cast<uint8_t>(options.filter_bits_per_key),
                                          .block_bytes = options.block_bytes});
  }

  std::atomic<uint64_t> word_;
};

// Each member by itself is of one moment.
struct LiveOptions {
  explicit LiveOptions(const Options& options)
      : durability(options.durability), memtable(options.memtable), new_keyspaces(options.keyspace) {}

  std::atomic<Durability> durability;
  std::atomic<MemtableKind> memtable;  // of memtables that are begun from now on
  LiveKeyspaceOptions new_keyspaces;
};

}  // namespace nacre::engine
