// Options: what an application may choose. Everything has a default that serves most; goals, not knobs.
//
// All are plain values. Those of a keyspace are recorded when it is created and found again at each open; they, and some of the others,
// can be changed meanwhile (Keyspace::set_options, Db::set_options). A file of them is read by
// nacre/config.h.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "nacre/bytes.h"

namespace nacre {

// What a finished write has survived.
enum class Durability : uint8_t {
  kMemory,  // nothing yet: lost with the process; a clean close keeps it
  kOs,      // the death of the process; a power cut may take a tail of such writes
  kDisk,    // a power cut, if the device honours flushes
};

enum class OpenMode : uint8_t {
  kCreateIfMissing,
  kMustExist,  // kNotFound if there is none
  kCreateNew,  // kInvalidArgument if there is one
  kReadOnly,   // changes no file; sees what the last writer left, its log included; not beside a writer
};

enum class Compression : uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };

// The shape that compaction keeps a keyspace in: space and reads against write work.
enum class CompactionShape : uint8_t {
  kLazyLeveled,  // several runs above, one at the bottom: least writing for near-leveled reads (default)
  kLeveled,      // one run a level: most writing, fewest runs
  kTiered,       // several runs on every level: least writing, most runs and space
};

enum class MemtableKind : uint8_t { kBTree, kSkipList };

struct KeyspaceOptions {
  Compression compression = Compression::kLz4;         // of all levels but the bottom one
  Compression bottom_compression = Compression::kLz4;  // of the bottom level
  CompactionShape shape = CompactionShape::kLazyLeveled;
  uint32_t filter_bits_per_key = 10;  // 0 (none) to 24, averaged over the tree: upper levels get more, the bottom fewer
  uint32_t block_bytes = 8192;  // 1,024 to 65,536: what one read from a table brings at most, but for large values

  friend bool operator==(const KeyspaceOptions&, const KeyspaceOptions&) = default;
};

struct Options {
  OpenMode mode = OpenMode::kCreateIfMissing;
  Durability durability = Durability::kOs;      // of writes that do not name their own
  uint64_t memory_bytes = uint64_t{512} << 20;  // ceiling for everything the database holds; at least 16 MiB
  MemtableKind memtable = MemtableKind::kBTree;
  uint32_t row_cache_percent = 0;  // 0 to 50: share of memory for a cache of single hot entries
  KeyspaceOptions keyspace = {};   // of keyspaces created by this handle, the default one included

  friend bool operator==(const Options&, const Options&) = default;
};

struct WriteOptions {
  std::optional<Durability> durability = {};  // none: Options::durability counts
  bool fail_if_delayed = false;               // true: kBusy instead of waiting when background work is behind
};

// For calls that take a durability alone in place of WriteOptions. Not for {}, which stays WriteOptions.
template <class T>
concept DurabilityAlone = std::same_as<T, Durability>;

inline constexpr uint64_t kMaxKeyBytes = uint64_t{64} << 10;
inline constexpr uint64_t kMaxValueBytes = (uint64_t{4} << 30) - 1;
inline constexpr uint64_t kMinMemoryBytes = uint64_t{16} << 20;
inline constexpr uint32_t kMaxRowCachePercent = 50;

}  // namespace nacre
