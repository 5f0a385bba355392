// Metrics: statistics as text for programs, and the statistics of a database that another process has open.
//
// Thread safety: all of it.
#pragma once

#include <cstdint>
#include <string>

#include "nacre/export.h"
#include "nacre/stats.h"

namespace nacre {

// One JSON object (RFC 8259) on one line: every field of Stats by its name, in the order of stats.h; the amplifications
// besides, under the names of their functions. Whole numbers are written in full, up to 2^64 - 1. A reason of a delay is its
// to_string(). The name of a keyspace that is not UTF-8 stands as hex digits under "name_hex" instead of "name".
NACRE_API std::string to_json(const Stats& stats);

}  // namespace nacre
