// Numbers and durations as a person reads them, bars, and text that is cut and filled to columns.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

std::string human_bytes(double bytes);  // "1.5 MiB"
std::string human_bytes(uint64_t bytes);
std::string short_count(double count);    // "12.3 k"
std::string human_count(uint64_t count);  // "12,345"
std::string human_time(double seconds);   // "15.2 us", "3.1 ms"
std::string human_age(double seconds);    // "3 s", "12 min", "5 h"
std::string wall_time(uint64_t wall_ns);  // "2026-12-01 05:09:15 UTC"

// `part` of `width` columns, filled up with blanks; any part above 0 shows. Blocks, or # where `ascii`.
std::string bar(double part, size_t width, bool ascii);

// `text`, which may hold escape sequences that switch colours: cut to so many columns.
std::string clipped(Bytes text, size_t columns);
size_t columns_of(Bytes text);
// With blanks before it, or behind it, to `width` columns.
std::string right(Bytes text, size_t width);
std::string left(Bytes text, size_t width);

}  // namespace nacre::cli
