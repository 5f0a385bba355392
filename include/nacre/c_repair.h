// Repair of the C API: saves what can be read of a damaged database into a new one. Part of nacre/c.h.
#pragma once

#include "nacre/c_base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nacre_repair_options {
  size_t struct_size;
  uint64_t memory_bytes;     // what writing the new database may hold, 0: 512 MiB; more if an entry needs it
  uint32_t log_past_damage;  // not 0: applies what the log holds behind damage, too: later commits without earlier ones
  uint32_t reserved;         // 0
  nacre_progress_fn on_progress;  // told of bytes of the source; NULL: nobody
  void* progress_context;         // what on_progress is called with
} nacre_repair_options;

// What was saved, and which keys are not sure.
typedef struct nacre_repair_report nacre_repair_report;

// Reads the database in directory `source`, which is not changed, and makes a new one in `into`, which must be empty or missing.
// NACRE_BUSY: the source is open for writing. NACRE_NOT_FOUND, NACRE_INVALID_ARGUMENT: there is no database, or `into` holds files.
// After an error `into` is of no use. `options` may be NULL.
NACRE_API nacre_status nacre_repair(const char* source, const char* into, const nacre_repair_options* options,
                                    nacre_repair_report** report, nacre_error* error);

typedef struct nacre_repair_totals {
  size_t struct_size;
  uint64_t keyspaces;
  uint64_t tables;       // read, in whole or in part
  uint64_t log_records;  // applied
  uint64_t entries;      // written to the new database
  uint64_t bytes;        // of their keys and values
  uint64_t findings;     // for nacre_repair_report_finding
  uint32_t complete;     // 1: all that the source held is known to be in the new database
  uint32_t reserved;     // 0
} nacre_repair_totals;

// Fills `totals`, whose struct_size the caller has set.
NACRE_API nacre_status nacre_repair_report_totals(const nacre_repair_report* report, nacre_repair_totals* totals,
                                                  nacre_error* error);

typedef enum nacre_repair_finding_kind {
  NACRE_REPAIR_NOTE = 0,      // something was wrong, and nothing is lost by it
  NACRE_REPAIR_DOUBTFUL = 1,  // keys may show an older value, or one that was erased
  NACRE_REPAIR_LOST = 2       // the same, and entries are gone
} nacre_repair_finding_kind;

// Bytes are kept by the report.
typedef struct nacre_repair_finding {
  size_t struct_size;
  nacre_repair_finding_kind kind;
  uint32_t reserved;     // 0
  nacre_bytes file;      // of the source; no bytes: none
  uint64_t offset;       // in it
  uint64_t bytes;        // 0: not known
  nacre_bytes keyspace;  // whose keys are concerned; no bytes: those of every keyspace
  nacre_bytes from;      // the first of these keys; its data is NULL: from the beginning
  nacre_bytes to;        // the last of them; its data is NULL: to the end
  uint64_t entries;      // gone; 0: not known
  nacre_bytes what;      // in words
} nacre_repair_finding;

// Fills `finding`, whose struct_size the caller has set. They are counted from 0, up to nacre_repair_totals.findings.
NACRE_API nacre_status nacre_repair_report_finding(const nacre_repair_report* report, size_t index,
                                                   nacre_repair_finding* finding, nacre_error* error);

// Whether a finding says that this key of the new database may be missing, old or erased. The keyspace is named.
NACRE_API nacre_status nacre_repair_report_is_doubtful(const nacre_repair_report* report, nacre_bytes keyspace,
                                                       nacre_bytes key, bool* doubtful, nacre_error* error);

NACRE_API void nacre_repair_report_free(nacre_repair_report* report);

#ifdef __cplusplus
}
#endif
