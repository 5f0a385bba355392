// Options of nacre/c.h as those of the C++ API; a number that an enum does not have is kInvalidArgument.
#pragma once

#include "nacre/c.h"
#include "nacre/cursor.h"
#include "nacre/error.h"
#include "nacre/options.h"
#include "nacre/runtime.h"

namespace nacre::capi {

// What of nacre_options is none of Options: who is told of what. Defaults are spelled out.
struct Surroundings {
  nacre_event_fn on_event = nullptr;
  void* event_context = nullptr;
  nacre_log_options log = {};
  uint64_t slow_ns = 0;  // or NACRE_NEVER_SLOW
};
Result<Surroundings> surroundings_of(const nacre_options& options);
// Of an open with these.
Runtime runtime_with(const Surroundings& surroundings);
// An error if an open database would have to change its surroundings.
Result<void> check_same(const Surroundings& now, const Surroundings& wanted);

// Null stands for all defaults.
Result<Options> as_options(const nacre_options& options);
Result<KeyspaceOptions> as_keyspace_options(const nacre_keyspace_options* options);
Result<WriteOptions> as_write_options(const nacre_write_options* options);
Result<ScanOptions> as_scan_options(const nacre_scan_options* options);

// Defaults are spelled out: NACRE_COMPRESSION_LZ4, NACRE_NO_FILTER. What is none of Options is zero.
nacre_keyspace_options as_c(const KeyspaceOptions& options);
nacre_options as_c(const Options& options, const nacre_keyspace_options* keyspace);

}  // namespace nacre::capi
