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
// examples/c_api.c is a page to copy. Calls do what their namesakes in the C++ headers do, where more is said of them. The headers
// c_*.h are parts of this one: handles, bytes and errors; options and TOML; events; statistics and metrics; repair; inspection.
//
// Answers: what can fail returns nacre_status. The `error` at its end may be NULL; it is written only if the call fails. A wrong
// argument (NULL where something is needed, bytes without data, a number that an enum does not have) answers
// NACRE_INVALID_ARGUMENT and does nothing. What a failed call was to hand out is NULL, false or 0; a struct that it was to fill is
// as before.
//
// Structs that begin with `struct_size` grow at their end. Set it, and leave the rest zero, which is every default:
//   nacre_options options = {.struct_size = sizeof options};
// So a program runs with an older or newer library than it was compiled with; one that sets what its library does not know is
// refused. In a struct that the library hands out, struct_size says how much of it is there. One that a call fills wants it set, too.
//
// Ownership: every handle is the caller's until the _free of its type, which takes NULL. Nothing else is to be freed.
//
// Lifetimes: free values, cursors, snapshots and transactions before their database. In the wrong order nothing breaks: what is
// left, opened keyspaces too, answers NACRE_CLOSED, values keep their bytes, and each is still to be freed. A handle that was freed
// itself must not be used again. In a forked child reads and writes answer NACRE_CLOSED.
//
// Threads: a batch, cursor or transaction may be used by one at a time; all other handles by several at once. _free and nacre_close
// want to be the only call with their handle.
//
// Callbacks return to their caller, without longjmp or exceptions. Memory that cannot be had ends the process (docs/adr/0008).
#pragma once

#include "nacre/c_base.h"     // IWYU pragma: export
#include "nacre/c_events.h"   // IWYU pragma: export
#include "nacre/c_inspect.h"  // IWYU pragma: export
#include "nacre/c_options.h"  // IWYU pragma: export
#include "nacre/c_repair.h"   // IWYU pragma: export
#include "nacre/c_stats.h"    // IWYU pragma: export

#ifdef __cplusplus
extern "C" {
#endif

#define NACRE_VERSION_MAJOR 0
#define NACRE_VERSION_MINOR 1
#define NACRE_VERSION_PATCH 0

// "0.1.0": of the library, which may be another one than that of this header.
NACRE_API const char* nacre_version(void);

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

// Reads everything and verifies it. NACRE_OK says that it could be checked; `findings` is 0 if the database is sound. Callbacks and
// `findings` may be NULL; the callbacks call nothing of the database.
NACRE_API nacre_status nacre_check(nacre_db* db, nacre_finding_fn on_finding, nacre_progress_fn on_progress,
                                   void* context, size_t* findings, nacre_error* error);

#ifdef __cplusplus
}
#endif
