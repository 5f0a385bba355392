// Options of the C API: as structs, as TOML, and those in force. Part of nacre/c.h.
#pragma once

#include "nacre/c_base.h"
#include "nacre/c_events.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NACRE_MAX_KEY_BYTES ((uint64_t)64 << 10)
#define NACRE_MAX_VALUE_BYTES (((uint64_t)4 << 30) - 1)
#define NACRE_MIN_MEMORY_BYTES ((uint64_t)16 << 20)

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

typedef enum nacre_log_format {
  NACRE_LOG_TEXT = 0,  // time, severity, kind, name=value ...
  NACRE_LOG_JSON = 1   // an object a line
} nacre_log_format;

// The file LOG in the directory of a database that is opened for writing, which holds its events.
typedef struct nacre_log_options {
  size_t struct_size;
  uint32_t disabled;  // not 0: no such file
  nacre_log_format format;
  nacre_severity least;  // NACRE_SEVERITY_DEBUG: every decision; _INFO: what jobs have done; _WARNING: trouble only
  uint32_t files;        // 1 to 1,000, LOG included, 0: 4; the oldest is removed
  uint64_t file_bytes;   // at least 64 KiB, 0: 4 MiB; then the next file begins
} nacre_log_options;

#define NACRE_NEVER_SLOW UINT64_MAX

typedef struct nacre_options {
  size_t struct_size;
  nacre_open_mode mode;
  nacre_durability durability;  // of writes that do not name their own
  uint64_t memory_bytes;        // ceiling for everything the database holds: at least 16 MiB, 0: 512 MiB
  nacre_memtable_kind memtable;
  uint32_t row_cache_percent;  // 0 to 50: share of memory for a cache of single hot entries
  // Of keyspaces that nacre_keyspace_open creates and the default one; NULL: defaults.
  const nacre_keyspace_options* keyspace;
  nacre_event_fn on_event;       // told every event, beside LOG; NULL: nobody
  void* event_context;           // what on_event is called with
  const nacre_log_options* log;  // NULL: defaults
  uint64_t slow_ns;  // NACRE_EVENT_SLOW_OPERATION tells of operations that take so long; 0: 100 ms; or NACRE_NEVER_SLOW
} nacre_options;

typedef struct nacre_write_options {
  size_t struct_size;
  nacre_durability durability;
  uint32_t fail_if_delayed;  // not 0: NACRE_BUSY instead of waiting when background work is behind
} nacre_write_options;

// ---- Options in force ------------------------------------------------------------------------------------------------
// To change one, get all, change it, and set all: what is 0 has its default here, too.

// Fills both structs; options->keyspace points to `keyspace` then, and options->log to what the database keeps.
NACRE_API nacre_status nacre_db_get_options(const nacre_db* db, nacre_options* options,
                                            nacre_keyspace_options* keyspace, nacre_error* error);
// For this handle, from now on; nothing is stored. durability, memtable (of new ones) and keyspace (of keyspaces that are created)
// can change. NACRE_INVALID_ARGUMENT, and nothing is changed: a value is out of its range, or another one differs, which an open decides.
NACRE_API nacre_status nacre_db_set_options(nacre_db* db, const nacre_options* options, nacre_error* error);

NACRE_API nacre_status nacre_keyspace_get_options(const nacre_keyspace* keyspace, nacre_keyspace_options* options,
                                                  nacre_error* error);
// In force, and found again by every open, once it returns. Tables that are written from then on follow them.
NACRE_API nacre_status nacre_keyspace_set_options(const nacre_keyspace* keyspace, const nacre_keyspace_options* options,
                                                  nacre_error* error);

// ---- Options as TOML -------------------------------------------------------------------------------------------------
// What a file may say: `nacre options`, nacre/config.h. Events, LOG and slow_ns are not in it.

#define NACRE_MAX_CONFIG_BYTES ((size_t)64 << 10)

// What is wrong with a text, and what to write instead. The caller's, a plain value as nacre_error.
typedef struct nacre_config_error {
  size_t struct_size;
  uint32_t line;      // from 1; 0: it is about the file as a whole
  uint32_t column;    // from 1, in characters; 0 as above
  char message[496];  // ended by a zero
} nacre_config_error;

// Fill both structs with what the text says, and with defaults; options->keyspace points to `keyspace` then. What has no word in a
// text is 0: set it afterwards. NACRE_INVALID_ARGUMENT: it cannot be read, or is wrong; `error` says where, and may be NULL.
NACRE_API nacre_status nacre_options_from_toml(nacre_bytes text, nacre_options* options,
                                               nacre_keyspace_options* keyspace, nacre_config_error* error);
NACRE_API nacre_status nacre_options_from_file(const char* path, nacre_options* options,
                                               nacre_keyspace_options* keyspace, nacre_config_error* error);

// Writes "nacre.toml:3:1: ...", as nacre_error_message does. `file` is what to call it.
NACRE_API size_t nacre_config_error_message(const nacre_config_error* error, const char* file, char* buffer,
                                            size_t buffer_size);

// Every option, as text that is read back as the same; with `comments` that say of each what it is, its range and its default.
NACRE_API nacre_status nacre_options_to_toml(const nacre_options* options, bool comments, nacre_string** toml,
                                             nacre_error* error);

#ifdef __cplusplus
}
#endif
