// The C API: all of Nacre from C99, and from any language that can call C.
//
//   nacre_error error = {.struct_size = sizeof error};
//   nacre_db* db;
//   if (nacre_open("data", NULL, &db, &error) != NACRE_OK) { ... }
//   const nacre_keyspace* users = nacre_default_keyspace(db);
//   nacre_put(users, nacre_text("123"), nacre_text("Alice"), NULL, &error);
//   nacre_value* name;
//   nacre_get(users, nacre_text("123"), NULL, &name, &error);  // a missing key is no error: name is NULL then
//   nacre_value_free(name);
//   nacre_db_free(db);
//
// examples/c_api.c is a page to copy. Calls do what their namesakes in the C++ headers do, where more is said of them.
//
// Answers: what can fail returns nacre_status. The `error` at its end may be NULL; it is written only if the call fails. A wrong
// argument (NULL where something is needed, bytes without data, a number that an enum does not have) answers
// NACRE_INVALID_ARGUMENT and does nothing. What a failed call was to hand out is NULL, false or 0.
//
// Structs that begin with `struct_size` grow at their end. Set it, and leave the rest zero, which is every default:
//   nacre_options options = {.struct_size = sizeof options};
// So a program runs with an older or newer library than it was compiled with; one that sets what its library does not know is
// refused. In a struct that the library hands out, struct_size says how much of it is there.
//
// Ownership: every handle is the caller's until the _free of its type, which takes NULL. Nothing else is to be freed.
//
// Lifetimes: free values, cursors, snapshots and transactions before their database. In the wrong order nothing breaks: what is
// left, opened keyspaces too, answers NACRE_CLOSED, values keep their bytes, and each is still to be freed. A handle that was freed
// itself must not be used again. In a forked child reads and writes answer NACRE_CLOSED.
//
// Threads: databases, keyspaces, snapshots and values may be used by several at once; a batch, cursor or transaction by one at a
// time. _free and nacre_close want to be the only call with their handle.
//
// Callbacks return to their caller, without longjmp or exceptions. Memory that cannot be had ends the process (docs/adr/0008).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nacre/export.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NACRE_VERSION_MAJOR 0
#define NACRE_VERSION_MINOR 1
#define NACRE_VERSION_PATCH 0

// "0.1.0": of the library, which may be another one than that of this header.
NACRE_API const char* nacre_version(void);

typedef struct nacre_db nacre_db;
typedef struct nacre_keyspace nacre_keyspace;        // a named map in a database
typedef struct nacre_value nacre_value;              // a value that was read, lying where the engine keeps it
typedef struct nacre_batch nacre_batch;              // changes that go in together
typedef struct nacre_snapshot nacre_snapshot;        // one commit point, held; NULL stands for now
typedef struct nacre_cursor nacre_cursor;            // stands on one entry, or nowhere
typedef struct nacre_transaction nacre_transaction;  // reads and changes that go in together

// ---- Bytes -----------------------------------------------------------------------------------------------------------

// Borrowed bytes, of any values; whoever hands them out says what keeps them. `data` may be NULL if `size` is 0.
typedef struct nacre_bytes {
  const char* data;
  size_t size;
} nacre_bytes;

// The characters of a string, without the zero at its end; NULL is no bytes.
NACRE_API nacre_bytes nacre_text(const char* text);

// ---- Errors ----------------------------------------------------------------------------------------------------------

// Numbers are never given anew, here and in all other enums; new ones may come.
typedef enum nacre_status {
  NACRE_OK = 0,
  NACRE_NOT_FOUND = 1,         // a named thing (database, keyspace, file) does not exist: create it or name another
  NACRE_INVALID_ARGUMENT = 2,  // the call is wrong, nothing was changed: correct it
  NACRE_CONFLICT = 3,          // a transaction lost against another: run it again
  NACRE_BUSY = 4,              // somebody else holds it: retry later
  NACRE_NO_SPACE = 5,          // the device or quota is full, nothing was changed: free space, then go on
  NACRE_IO = 6,                // the system failed a read or write; of a commit the outcome is unknown until reopen
  NACRE_CORRUPTION = 7,        // stored bytes are damaged: see file and offset; restore a backup
  NACRE_CLOSED = 8,            // the handle was closed, or stopped accepting writes after a failed sync: reopen
  NACRE_UNSUPPORTED = 9        // a newer format, or a feature that this build or machine lacks: upgrade
} nacre_status;

// What was being done when an error arose.
typedef enum nacre_operation {
  NACRE_OPERATION_NONE = 0,
  NACRE_OPERATION_OPEN = 1,
  NACRE_OPERATION_CLOSE = 2,
  NACRE_OPERATION_READ = 3,
  NACRE_OPERATION_WRITE = 4,
  NACRE_OPERATION_SYNC = 5,
  NACRE_OPERATION_RENAME = 6,
  NACRE_OPERATION_REMOVE = 7,
  NACRE_OPERATION_LIST = 8,
  NACRE_OPERATION_LOCK = 9,
  NACRE_OPERATION_MAP = 10,
  NACRE_OPERATION_DECODE = 11,
  NACRE_OPERATION_DECOMPRESS = 12,
  NACRE_OPERATION_COMMIT = 13,
  NACRE_OPERATION_FLUSH = 14,
  NACRE_OPERATION_COMPACT = 15,
  NACRE_OPERATION_RECOVER = 16,
  NACRE_OPERATION_SCAN = 17,
  NACRE_OPERATION_CONFIGURE = 18
} nacre_operation;

// With a number: a file of the database's directory.
typedef enum nacre_file_kind {
  NACRE_FILE_NONE = 0,
  NACRE_FILE_CURRENT = 1,
  NACRE_FILE_MANIFEST = 2,
  NACRE_FILE_LOG = 3,
  NACRE_FILE_TABLE = 4,
  NACRE_FILE_BLOB = 5,
  NACRE_FILE_LOCK = 6,
  NACRE_FILE_DIRECTORY = 7,
  NACRE_FILE_OTHER = 8
} nacre_file_kind;

// Why a call failed. The caller's, a plain value: copy it, forget it.
typedef struct nacre_error {
  size_t struct_size;
  nacre_status status;  // what the call returned
  nacre_operation operation;
  nacre_file_kind file_kind;
  int32_t system_errno;  // of the failed system call, 0 if none
  uint64_t file_number;
  uint64_t offset;     // in that file
  const char* reason;  // what is wrong and what to do, lives for ever; may be NULL
} nacre_error;

// Writes one line for people, cut to fit and ended by a zero, and returns its whole length, as snprintf does.
NACRE_API size_t nacre_error_message(const nacre_error* error, char* buffer, size_t buffer_size);

// A word or two for a nacre_status; lives for ever.
NACRE_API const char* nacre_status_name(int status);

// ---- Options ---------------------------------------------------------------------------------------------------------

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

typedef struct nacre_event nacre_event;

// Called from any thread, sometimes under internal locks: return soon, and call nothing of the database. Views live for the call.
typedef void (*nacre_event_fn)(void* context, const nacre_event* event);

typedef struct nacre_options {
  size_t struct_size;
  nacre_open_mode mode;
  nacre_durability durability;  // of writes that do not name their own
  uint64_t memory_bytes;        // ceiling for everything the database holds: at least 16 MiB, 0: 512 MiB
  nacre_memtable_kind memtable;
  uint32_t row_cache_percent;  // 0 to 50: share of memory for a cache of single hot entries
  const nacre_keyspace_options*
      keyspace;             // of keyspaces that nacre_keyspace_open creates and the default one; NULL: defaults
  nacre_event_fn on_event;  // NULL: events are dropped
  void* event_context;      // what on_event is called with
} nacre_options;

typedef struct nacre_write_options {
  size_t struct_size;
  nacre_durability durability;
  uint32_t fail_if_delayed;  // not 0: NACRE_BUSY instead of waiting when background work is behind
} nacre_write_options;

// ---- Open and close --------------------------------------------------------------------------------------------------

// Opens or creates the database in a directory, and recovers what a crash left. `options` may be NULL.
NACRE_API nacre_status nacre_open(const char* path, const nacre_options* options, nacre_db** db, nacre_error* error);

// Closes, and says whether all that was written is safe. NACRE_BUSY, and nothing happens, while values, cursors, snapshots or
// transactions are alive.
NACRE_API nacre_status nacre_close(nacre_db* db, nacre_error* error);

// Closes, if that was not done, whatever is alive, and frees. No event comes after it.
NACRE_API void nacre_db_free(nacre_db* db);

// ---- Keyspaces -------------------------------------------------------------------------------------------------------
// Names have 1 to 255 bytes. Calls with a keyspace that was dropped answer NACRE_NOT_FOUND.

// The keyspace that every database has. The handle is the database's own: it is not to be freed, and goes with it.
NACRE_API const nacre_keyspace* nacre_default_keyspace(const nacre_db* db);

// Opens a keyspace; in the modes that create, it is made with nacre_options.keyspace if there is none.
NACRE_API nacre_status nacre_keyspace_open(nacre_db* db, nacre_bytes name, nacre_keyspace** keyspace,
                                           nacre_error* error);

// NACRE_INVALID_ARGUMENT if it exists. `options` may be NULL.
NACRE_API nacre_status nacre_keyspace_create(nacre_db* db, nacre_bytes name, const nacre_keyspace_options* options,
                                             nacre_keyspace** keyspace, nacre_error* error);

// Removes it with all that it holds. NACRE_NOT_FOUND if there is none. The default one cannot be dropped.
NACRE_API nacre_status nacre_keyspace_drop(nacre_db* db, nacre_bytes name, nacre_error* error);

// The name lives for the call.
typedef void (*nacre_name_fn)(void* context, nacre_bytes name);

// Calls `visit` with the name of each keyspace.
NACRE_API nacre_status nacre_keyspace_names(const nacre_db* db, nacre_name_fn visit, void* context, nacre_error* error);

// Kept by the handle.
NACRE_API nacre_bytes nacre_keyspace_name(const nacre_keyspace* keyspace);
NACRE_API uint32_t nacre_keyspace_id(const nacre_keyspace* keyspace);
// Frees the handle; the keyspace stays.
NACRE_API void nacre_keyspace_free(nacre_keyspace* keyspace);

// ---- Write and read --------------------------------------------------------------------------------------------------
// Write options may be NULL.

NACRE_API nacre_status nacre_put(const nacre_keyspace* keyspace, nacre_bytes key, nacre_bytes value,
                                 const nacre_write_options* options, nacre_error* error);

// A missing key is no error.
NACRE_API nacre_status nacre_erase(const nacre_keyspace* keyspace, nacre_bytes key, const nacre_write_options* options,
                                   nacre_error* error);

// Erases every key in [begin, end). `begin` must lie before `end`.
NACRE_API nacre_status nacre_erase_range(const nacre_keyspace* keyspace, nacre_bytes begin, nacre_bytes end,
                                         const nacre_write_options* options, nacre_error* error);

// Sets `value`, to NULL if there is no such key.
NACRE_API nacre_status nacre_get(const nacre_keyspace* keyspace, nacre_bytes key, const nacre_snapshot* snapshot,
                                 nacre_value** value, nacre_error* error);

NACRE_API nacre_status nacre_contains(const nacre_keyspace* keyspace, nacre_bytes key, const nacre_snapshot* snapshot,
                                      bool* found, nacre_error* error);

// Sets `values[i]` to the value of `keys[i]`, or to NULL, all as of one moment. Faster than single gets.
NACRE_API nacre_status nacre_multi_get(const nacre_keyspace* keyspace, const nacre_bytes* keys, size_t count,
                                       const nacre_snapshot* snapshot, nacre_value** values, nacre_error* error);

// Kept by the value, which pins the memory it lies in: free it soon. No bytes for NULL.
NACRE_API nacre_bytes nacre_value_bytes(const nacre_value* value);
NACRE_API void nacre_value_free(nacre_value* value);

// Makes every write that was finished before this call survive a power cut.
NACRE_API nacre_status nacre_sync(nacre_db* db, nacre_error* error);

// ---- Batches ---------------------------------------------------------------------------------------------------------
// Changes apply in the order in which they were added; keys and values are copied. A change with a wrong argument is remembered:
// nacre_write then answers NACRE_INVALID_ARGUMENT and applies nothing.

NACRE_API nacre_batch* nacre_batch_create(void);
NACRE_API void nacre_batch_put(nacre_batch* batch, const nacre_keyspace* keyspace, nacre_bytes key, nacre_bytes value);
NACRE_API void nacre_batch_erase(nacre_batch* batch, const nacre_keyspace* keyspace, nacre_bytes key);
NACRE_API void nacre_batch_erase_range(nacre_batch* batch, const nacre_keyspace* keyspace, nacre_bytes begin,
                                       nacre_bytes end);
// Makes it as new.
NACRE_API void nacre_batch_clear(nacre_batch* batch);
NACRE_API uint32_t nacre_batch_count(const nacre_batch* batch);  // changes
NACRE_API uint64_t nacre_batch_size_bytes(const nacre_batch* batch);
NACRE_API void nacre_batch_free(nacre_batch* batch);

// Applies a batch: all of it or nothing. It may be written again, or cleared and used anew.
NACRE_API nacre_status nacre_write(nacre_db* db, const nacre_batch* batch, const nacre_write_options* options,
                                   nacre_error* error);

// ---- Snapshots -------------------------------------------------------------------------------------------------------

// Holds this moment: reads with it see exactly the writes that are finished now.
NACRE_API nacre_status nacre_snapshot_create(const nacre_db* db, nacre_snapshot** snapshot, nacre_error* error);
// The number of the last write that it sees.
NACRE_API uint64_t nacre_snapshot_sequence(const nacre_snapshot* snapshot);
NACRE_API void nacre_snapshot_free(nacre_snapshot* snapshot);

// ---- Scans and cursors -----------------------------------------------------------------------------------------------

// Bounds whose data is NULL are none; so all zero is the whole keyspace as of now, in order.
typedef struct nacre_scan_options {
  size_t struct_size;
  nacre_bytes prefix;              // only keys that begin with it
  nacre_bytes from;                // only keys at or after it
  nacre_bytes to;                  // only keys before it
  const nacre_snapshot* snapshot;  // may be freed before the cursor
  uint64_t limit;                  // nacre_scan: at most so many entries, 0: all
  uint32_t reverse;                // nacre_scan: not 0: from the last key to the first
  uint32_t reserved;               // 0
} nacre_scan_options;

// Told of an entry; returns whether to go on. Views live for the call. May use the database, but not close or free it.
typedef bool (*nacre_entry_fn)(void* context, nacre_bytes key, nacre_bytes value);

// Calls `visit` with one entry after the other until it returns false, the limit is reached or there are no more. `options` may be
// NULL.
NACRE_API nacre_status nacre_scan(const nacre_keyspace* keyspace, const nacre_scan_options* options,
                                  nacre_entry_fn visit, void* context, nacre_error* error);

// A cursor within the bounds of `options`, which may be NULL. It sees the moment at which it was made, or its snapshot's.
NACRE_API nacre_status nacre_cursor_create(const nacre_keyspace* keyspace, const nacre_scan_options* options,
                                           nacre_cursor** cursor, nacre_error* error);

// Move, and return whether it now stands on an entry. It begins nowhere; next and prev need it to stand.
NACRE_API bool nacre_cursor_seek_first(nacre_cursor* cursor);
NACRE_API bool nacre_cursor_seek_last(nacre_cursor* cursor);
NACRE_API bool nacre_cursor_seek(nacre_cursor* cursor, nacre_bytes key);         // the first entry at or after `key`
NACRE_API bool nacre_cursor_seek_before(nacre_cursor* cursor, nacre_bytes key);  // the last entry before `key`
NACRE_API bool nacre_cursor_next(nacre_cursor* cursor);
NACRE_API bool nacre_cursor_prev(nacre_cursor* cursor);

// False past either end, and after an error: ask nacre_cursor_status which.
NACRE_API bool nacre_cursor_valid(const nacre_cursor* cursor);
// Kept by the cursor until it moves; no bytes if it stands nowhere.
NACRE_API nacre_bytes nacre_cursor_key(const nacre_cursor* cursor);
NACRE_API nacre_bytes nacre_cursor_value(const nacre_cursor* cursor);
// Why the last move failed, NACRE_OK if it did not.
NACRE_API nacre_status nacre_cursor_status(const nacre_cursor* cursor, nacre_error* error);
NACRE_API void nacre_cursor_free(nacre_cursor* cursor);

// ---- Transactions ----------------------------------------------------------------------------------------------------
// Optimistic and serializable: reads see the moment of the begin and the transaction's own changes; commit checks that nothing it
// read or changed was changed by others since.

NACRE_API nacre_status nacre_transaction_begin(nacre_db* db, nacre_transaction** transaction, nacre_error* error);
NACRE_API nacre_status nacre_transaction_put(nacre_transaction* transaction, const nacre_keyspace* keyspace,
                                             nacre_bytes key, nacre_bytes value, nacre_error* error);
NACRE_API nacre_status nacre_transaction_erase(nacre_transaction* transaction, const nacre_keyspace* keyspace,
                                               nacre_bytes key, nacre_error* error);
// As nacre_get; the value is a copy, and outlives the transaction.
NACRE_API nacre_status nacre_transaction_get(nacre_transaction* transaction, const nacre_keyspace* keyspace,
                                             nacre_bytes key, nacre_value** value, nacre_error* error);
// Reads every entry with a key in [from, to), and calls `visit` with one after the other until it returns false.
NACRE_API nacre_status nacre_transaction_read_range(nacre_transaction* transaction, const nacre_keyspace* keyspace,
                                                    nacre_bytes from, nacre_bytes to, nacre_entry_fn visit,
                                                    void* context, nacre_error* error);
// NACRE_CONFLICT: nothing was applied, run it again. The transaction is empty then, as after a success, and begins anew.
NACRE_API nacre_status nacre_transaction_commit(nacre_transaction* transaction, const nacre_write_options* options,
                                                nacre_error* error);
// Forgets its reads and changes, and begins anew.
NACRE_API void nacre_transaction_rollback(nacre_transaction* transaction);
// Rolls back, and frees.
NACRE_API void nacre_transaction_free(nacre_transaction* transaction);

// ---- Maintenance -----------------------------------------------------------------------------------------------------

// Writes all memtables to tables and waits for it.
NACRE_API nacre_status nacre_flush(nacre_db* db, nacre_error* error);
// Rewrites everything down to one run a keyspace, giving back the space of erased and overwritten data.
NACRE_API nacre_status nacre_compact(nacre_db* db, nacre_error* error);
// Waits until background work has nothing more to do.
NACRE_API nacre_status nacre_settle(nacre_db* db, nacre_error* error);

// Told of one thing that nacre_check found wrong; what it points to lives for the call.
typedef void (*nacre_finding_fn)(void* context, const nacre_error* error, const char* detail);
// Told of bytes done and in all.
typedef void (*nacre_progress_fn)(void* context, uint64_t done, uint64_t all);

// Reads everything and verifies it. NACRE_OK says that it could be checked; `findings` is 0 if the database is sound. Callbacks and
// `findings` may be NULL; the callbacks call nothing of the database.
NACRE_API nacre_status nacre_check(nacre_db* db, nacre_finding_fn on_finding, nacre_progress_fn on_progress,
                                   void* context, size_t* findings, nacre_error* error);

// ---- Statistics ------------------------------------------------------------------------------------------------------

// Nanoseconds. Of operations of users about one in 16 is recorded, of all else each.
typedef struct nacre_latency {
  uint64_t count;
  uint64_t sum_ns;
  uint64_t p50_ns;
  uint64_t p90_ns;
  uint64_t p99_ns;
  uint64_t p999_ns;
  uint64_t max_ns;
} nacre_latency;

// What a database did since it was opened, and what it holds; nacre/stats.h says more of each number.
typedef struct nacre_stats {
  size_t struct_size;
  uint64_t writes;              // batches, a single put counting as one
  uint64_t operations_written;  // changes in them
  uint64_t gets;                // keys asked for
  uint64_t gets_found;          // of them, live entries found
  uint64_t syncs;
  uint64_t user_bytes;   // keys and values written
  uint64_t log_bytes;    // appended to the log
  uint64_t flush_bytes;  // table bytes written by flushes
  uint64_t compaction_bytes_read;
  uint64_t compaction_bytes_written;
  uint64_t table_file_bytes;  // live tables
  uint64_t log_file_bytes;    // live log segments
  uint64_t memory_bytes;      // held now: the next six together
  uint64_t memory_memtables;
  uint64_t memory_log;
  uint64_t memory_cache;
  uint64_t memory_tables;
  uint64_t memory_cursors;
  uint64_t memory_jobs;
  uint64_t memory_ceiling_bytes;
  uint64_t cache_misses;
  uint64_t cache_made_ahead;  // blocks that flushes and compactions cached as they wrote them
  uint64_t cache_evictions;
  uint64_t keyspaces;
  uint64_t snapshots;
  uint64_t last_sequence;
  double write_amplification;  // bytes written for each byte of users
  double space_amplification;  // bytes of tables for each byte of data, at most
  double read_amplification;   // the most runs that a get may look into
  nacre_latency write_latency;
  nacre_latency get_latency;
  nacre_latency multi_get_latency;  // of whole calls
  nacre_latency seek_latency;
  nacre_latency sync_latency;
  nacre_latency flush_duration;
  nacre_latency compaction_duration;
  nacre_latency delays_memtables_full;     // writers waited for a flush
  nacre_latency delays_memtables_filling;  // writers slowed down: more than half of that memory waits
  nacre_latency delays_compaction_debt;    // writers slowed down: too much waits for compaction
  nacre_latency delays_log_segment;        // writers waited for the log's next segment
} nacre_stats;

// Fills `stats`, whose struct_size the caller has set.
NACRE_API nacre_status nacre_db_stats(const nacre_db* db, nacre_stats* stats, nacre_error* error);

// ---- Events ----------------------------------------------------------------------------------------------------------

// Which fields a kind sets: nacre/events.h.
typedef enum nacre_event_kind {
  NACRE_EVENT_OPENED = 0,
  NACRE_EVENT_RECOVERED = 1,
  NACRE_EVENT_TORN_TAIL = 2,
  NACRE_EVENT_CLOSED = 3,
  NACRE_EVENT_KEYSPACE_CREATED = 4,
  NACRE_EVENT_KEYSPACE_DROPPED = 5,
  NACRE_EVENT_FLUSH_STARTED = 6,
  NACRE_EVENT_FLUSH_FINISHED = 7,
  NACRE_EVENT_COMPACTION_STARTED = 8,
  NACRE_EVENT_COMPACTION_FINISHED = 9,
  NACRE_EVENT_TABLES_MOVED = 10,
  NACRE_EVENT_TABLE_REMOVED = 11,
  NACRE_EVENT_MANIFEST_REPLACED = 12,
  NACRE_EVENT_WRITE_DELAYED = 13,
  NACRE_EVENT_NO_SPACE = 14,
  NACRE_EVENT_SPACE_RETURNED = 15,
  NACRE_EVENT_WRITES_STOPPED = 16,
  NACRE_EVENT_CORRUPTION = 17,
  NACRE_EVENT_BACKGROUND_ERROR = 18,
  NACRE_EVENT_JOB_GIVEN_UP = 19,
  NACRE_EVENT_LOG_SEGMENT_READY = 20,
  NACRE_EVENT_PACE_CHANGED = 21,
  NACRE_EVENT_RESERVE_USED = 22,
  NACRE_EVENT_RESERVE_MADE = 23,
  NACRE_EVENT_SLOW_OPERATION = 24,
  NACRE_EVENT_EVENTS_LOST = 25,
  NACRE_EVENT_COMPACTION_DECLINED = 26
} nacre_event_kind;

typedef enum nacre_severity {
  NACRE_SEVERITY_DEBUG = 0,
  NACRE_SEVERITY_INFO = 1,
  NACRE_SEVERITY_WARNING = 2,
  NACRE_SEVERITY_ERROR = 3
} nacre_severity;

struct nacre_event {
  size_t struct_size;
  nacre_event_kind kind;
  nacre_severity severity;
  uint64_t wall_ns;      // since 1970 UTC
  nacre_bytes database;  // the directory
  nacre_bytes keyspace;
  nacre_bytes cause;  // why, in a few words
  uint64_t job;       // joins the start and the end of a background job
  uint64_t file_number;
  uint64_t offset;
  uint64_t bytes_in;
  uint64_t bytes_out;
  uint64_t files_in;
  uint64_t files_out;
  uint64_t entries;
  uint64_t duration_ns;
  nacre_file_kind file_kind;
  uint32_t level_from;
  uint32_t level_to;
  uint32_t reserved;
  const nacre_error* error;  // NULL if the kind has none
  nacre_bytes detail;        // what else a person may want to know
  nacre_bytes operation;     // of a slow operation: put, write, sync, get, multi_get, seek; and what it waited for:
  uint64_t delay_ns;         // memtables, or background work that is behind
  uint64_t lock_ns;          // other writers
  uint64_t log_ns;           // a segment of the log
  uint64_t sync_ns;          // the device
  uint64_t read_ns;          // blocks of tables
};

// Writes one line of "key=value" pairs, as nacre_error_message does.
NACRE_API size_t nacre_event_message(const nacre_event* event, char* buffer, size_t buffer_size);

#ifdef __cplusplus
}
#endif
