// Options of the C API: those of databases, keyspaces and writes. Part of nacre/c.h.
#pragma once

#include "nacre/c_base.h"
#include "nacre/c_events.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nacre_open_mode {
  NACRE_OPEN_CREATE_IF_MISSING = 0,
  NACRE_OPEN_MUST_EXIST = 1,
  NACRE_OPEN_CREATE_NEW = 2,
  NACRE_OPEN_READ_ONLY = 3  // changes no file; not beside a writer
} nacre_open_mode;

// What a finished write has survived.
typedef enum nacre_durability {
  NACRE_DURABILITY_DEFAULT = 0,  // of a write: the database's; of a database: NACRE_DURABILITY_OS
  NACRE_DURABILITY_MEMORY = 1,   // nothing yet: lost with the process; a clean close keeps it
  NACRE_DURABILITY_OS = 2,       // the death of the process; a power cut may take a tail of such writes
  NACRE_DURABILITY_DISK = 3      // a power cut, if the device honours flushes
} nacre_durability;

typedef enum nacre_memtable_kind { NACRE_MEMTABLE_BTREE = 0, NACRE_MEMTABLE_SKIP_LIST = 1 } nacre_memtable_kind;

typedef enum nacre_compression {
  NACRE_COMPRESSION_DEFAULT = 0,  // LZ4
  NACRE_COMPRESSION_NONE = 1,
  NACRE_COMPRESSION_LZ4 = 2,
  NACRE_COMPRESSION_ZSTD = 3
} nacre_compression;

typedef enum nacre_compaction_shape {
  NACRE_SHAPE_LAZY_LEVELED = 0,  // several runs above, one at the bottom: least writing for near-leveled reads
  NACRE_SHAPE_LEVELED = 1,       // one run a level: most writing, fewest runs
  NACRE_SHAPE_TIERED = 2         // several runs on every level: least writing, most runs and space
} nacre_compaction_shape;

#define NACRE_NO_FILTER UINT32_MAX

// Of a keyspace; recorded when it is created.
typedef struct nacre_keyspace_options {
  size_t struct_size;
  nacre_compression compression;         // of all levels but the bottom one
  nacre_compression bottom_compression;  // of the bottom level
  nacre_compaction_shape shape;
  uint32_t filter_bits_per_key;  // 1 to 24, 0: 10; or NACRE_NO_FILTER
  uint64_t block_bytes;          // 1,024 to 65,536, 0: 8,192
} nacre_keyspace_options;

typedef struct nacre_options {
  size_t struct_size;
  nacre_open_mode mode;
  nacre_durability durability;  // of writes that do not name their own
  uint64_t memory_bytes;        // ceiling for everything the database holds: at least 16 MiB, 0: 512 MiB
  nacre_memtable_kind memtable;
  uint32_t row_cache_percent;  // 0 to 50: share of memory for a cache of single hot entries
  // Of keyspaces that nacre_keyspace_open creates and the default one; NULL: defaults.
  const nacre_keyspace_options* keyspace;
  nacre_event_fn on_event;  // NULL: events are dropped
  void* event_context;      // what on_event is called with
} nacre_options;

typedef struct nacre_write_options {
  size_t struct_size;
  nacre_durability durability;
  uint32_t fail_if_delayed;  // not 0: NACRE_BUSY instead of waiting when background work is behind
} nacre_write_options;

#ifdef __cplusplus
}
#endif
