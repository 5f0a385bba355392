// What all of the C API is made of: handles, bytes, strings, errors. nacre/c.h includes it, and says how all of it is used.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nacre/export.h"

#ifdef __cplusplus
extern "C" {
#endif

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

// ---- Strings ---------------------------------------------------------------------------------------------------------

// Text that the library made: the caller's.
typedef struct nacre_string nacre_string;

// Kept by the string. A zero stands behind the bytes, and is not counted. No bytes for NULL.
NACRE_API nacre_bytes nacre_string_bytes(const nacre_string* string);
NACRE_API void nacre_string_free(nacre_string* string);

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

// ---- Progress --------------------------------------------------------------------------------------------------------

// Told of bytes done and in all.
typedef void (*nacre_progress_fn)(void* context, uint64_t done, uint64_t all);

#ifdef __cplusplus
}
#endif
