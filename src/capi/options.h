// Options of nacre/c.h as those of the C++ API; a number that an enum does not have is kInvalidArgument.
#pragma once

#include "nacre/c.h"
#include "nacre/cursor.h"
#include "nacre/error.h"
#include "nacre/options.h"

namespace nacre::capi {

// Null stands for all defaults.
Result<Options> as_options(const nacre_options& options);
Result<KeyspaceOptions> as_keyspace_options(const nacre_keyspace_options* options);
Result<WriteOptions> as_write_options(const nacre_write_options* options);
Result<ScanOptions> as_scan_options(const nacre_scan_options* options);

}  // namespace nacre::capi
