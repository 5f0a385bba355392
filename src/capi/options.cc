#include "capi/options.h"

#include <limits>
#include <optional>

#include "base/result.h"
#include "capi/door.h"
#include "capi/handles.h"
#include "capi/sized.h"

namespace nacre::capi {

namespace {

Error wrong(const char* reason) { return invalid_argument(Operation::kConfigure, reason); }

Result<OpenMode> as_mode(uint32_t number) {
  switch (number) {
    case NACRE_OPEN_CREATE_IF_MISSING: return OpenMode::kCreateIfMissing;
    case NACRE_OPEN_MUST_EXIST: return OpenMode::kMustExist;
    case NACRE_OPEN_CREATE_NEW: return OpenMode::kCreateNew;
    case NACRE_OPEN_READ_ONLY: return OpenMode::kReadOnly;
    default: return wrong("mode is none of nacre_open_mode");
  }
}

Result<std::optional<Durability>> as_durability(uint32_t number) {
  switch (number) {
    case NACRE_DURABILITY_DEFAULT: return std::optional<Durability>();
    case NACRE_DURABILITY_MEMORY: return std::optional(Durability::kMemory);
    case NACRE_DURABILITY_OS: return std::optional(Durability::kOs);
    case NACRE_DURABILITY_DISK: return std::optional(Durability::kDisk);
    default: return wrong("durability is none of nacre_durability");
  }
}

Result<MemtableKind> as_memtable(uint32_t number) {
  switch (number) {
    case NACRE_MEMTABLE_BTREE: return MemtableKind::kBTree;
    case NACRE_MEMTABLE_SKIP_LIST: return MemtableKind::kSkipList;
    default: return wrong("memtable is none of nacre_memtable_kind");
  }
}

Result<Compression> as_compression(uint32_t number, Compression by_default) {
  switch (number) {
    case NACRE_COMPRESSION_DEFAULT: return by_default;
    case NACRE_COMPRESSION_NONE: return Compression::kNone;
    case NACRE_COMPRESSION_LZ4: return Compression::kLz4;
    case NACRE_COMPRESSION_ZSTD: return Compression::kZstd;
    default: return wrong("compression or bottom_compression is none of nacre_compression");
  }
}

Result<CompactionShape> as_shape(uint32_t number) {
  switch (number) {
    case NACRE_SHAPE_LAZY_LEVELED: return CompactionShape::kLazyLeveled;
    case NACRE_SHAPE_LEVELED: return CompactionShape::kLeveled;
    case NACRE_SHAPE_TIERED: return CompactionShape::kTiered;
    default: return wrong("shape is none of nacre_compaction_shape");
  }
}

// None, if the data is null.
Result<std::optional<std::string>> as_bound(nacre_bytes bytes) {
  NACRE_TRY_ASSIGN(const Bytes bound, as_bytes(bytes));
  if (bound.data() == nullptr) return std::optional<std::string>();
  return std::optional(std::string(bound));
}

}  // namespace

Result<Options> as_options(const nacre_options& given) {
  Options options;
  NACRE_TRY_ASSIGN(options.mode, as_mode(number_in(given.mode)));
  NACRE_TRY_ASSIGN(const std::optional<Durability> durability, as_durability(number_in(given.durability)));
  options.durability = durability.value_or(options.durability);
  if (given.memory_bytes != 0) options.memory_bytes = given.memory_bytes;
  NACRE_TRY_ASSIGN(options.memtable, as_memtable(number_in(given.memtable)));
  options.row_cache_percent = given.row_cache_percent;
  NACRE_TRY_ASSIGN(options.keyspace, as_keyspace_options(given.keyspace));
  return options;
}

Result<KeyspaceOptions> as_keyspace_options(const nacre_keyspace_options* sized) {
  NACRE_TRY_ASSIGN(const nacre_keyspace_options given, taken(sized));
  KeyspaceOptions options;
  NACRE_TRY_ASSIGN(options.compression, as_compression(number_in(given.compression), options.compression));
  NACRE_TRY_ASSIGN(options.bottom_compression,
                   as_compression(number_in(given.bottom_compression), options.bottom_compression));
  NACRE_TRY_ASSIGN(options.shape, as_shape(number_in(given.shape)));
  if (given.filter_bits_per_key == NACRE_NO_FILTER) {
    options.filter_bits_per_key = 0;
  } else if (given.filter_bits_per_key != 0) {
    options.filter_bits_per_key = given.filter_bits_per_key;
  }
  if (given.block_bytes > std::numeric_limits<uint32_t>::max()) return wrong("block_bytes must be 1,024 to 65,536");
  if (given.block_bytes != 0) options.block_bytes = static_cast<uint32_t>(given.block_bytes);
  return options;
}

Result<WriteOptions> as_write_options(const nacre_write_options* sized) {
  WriteOptions options;
  if (sized == nullptr) return options;
  NACRE_TRY_ASSIGN(const nacre_write_options given, taken(sized));
  NACRE_TRY_ASSIGN(options.durability, as_durability(number_in(given.durability)));
  options.fail_if_delayed = given.fail_if_delayed != 0;
  return options;
}

Result<ScanOptions> as_scan_options(const nacre_scan_options* sized) {
  NACRE_TRY_ASSIGN(const nacre_scan_options given, taken(sized));
  ScanOptions options;
  NACRE_TRY_ASSIGN(options.prefix, as_bound(given.prefix));
  NACRE_TRY_ASSIGN(options.from, as_bound(given.from));
  NACRE_TRY_ASSIGN(options.to, as_bound(given.to));
  if (given.snapshot != nullptr) options.snapshot = given.snapshot->snapshot;
  if (given.limit != 0) options.limit = given.limit;
  options.reverse = given.reverse != 0;
  if (given.reserved != 0) return wrong("reserved must be 0");
  return options;
}

}  // namespace nacre::capi
