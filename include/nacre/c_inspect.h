// Inspection of the C API: what a file of a database holds, piece by piece, damage included. Part of nacre/c.h.
#pragma once

#include "nacre/c_base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nacre_inspect_options {
  size_t struct_size;
  uint32_t entries;     // not 0: of tables every entry, of logs every operation
  uint32_t values;      // not 0: with the values, which are counted else
  uint32_t block_only;  // not 0: of a table only the block that `block` names, with its entries
  uint32_t reserved;    // 0
  uint64_t block;       // counted from 0
} nacre_inspect_options;

typedef enum nacre_inspect_field_kind {
  NACRE_INSPECT_NUMBER = 0,  // `number`
  NACRE_INSPECT_WORD = 1,    // `text`
  NACRE_INSPECT_BYTES = 2    // `text`: a key or value, any bytes
} nacre_inspect_field_kind;

// It lies in an array, and so never grows.
typedef struct nacre_inspect_field {
  const char* name;
  nacre_inspect_field_kind kind;
  uint32_t reserved;  // 0
  uint64_t number;
  nacre_bytes text;
} nacre_inspect_field;

// One thing in the file: a header, a part, a block, an entry, a record, an operation, an edit, damage.
typedef struct nacre_inspect_item {
  size_t struct_size;
  const char* what;
  uint64_t offset;   // in the file
  uint64_t bytes;    // that it takes there; 0: it has no place of its own
  uint32_t depth;    // 1: belongs to the last item of depth 0, and so on
  uint32_t damaged;  // 1: it is
  const nacre_inspect_field* fields;
  size_t field_count;
} nacre_inspect_item;

// Told of an item; returns whether to go on. What it points to lives for the call.
typedef bool (*nacre_inspect_fn)(void* context, const nacre_inspect_item* item);

// Describes the file, or the database directory, at `path`, which is not changed and may be in use, from the outside in. What is
// damaged is an item too; the call fails only if it cannot be opened, or is no file of a database: NACRE_INVALID_ARGUMENT. `options`
// may be NULL.
NACRE_API nacre_status nacre_inspect(const char* path, const nacre_inspect_options* options, nacre_inspect_fn on_item,
                                     void* context, nacre_error* error);

#ifdef __cplusplus
}
#endif
