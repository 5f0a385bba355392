// Numbers, durations and names as a person reads them on a terminal.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

std::string short_bytes(double bytes);       // "1.5 MiB"
std::string short_count(double count);       // "12.3 k"
std::string human_duration(double seconds);  // "15.2 us", "3.1 ms"
std::string human_age(double seconds);       // "3 s", "12 min", "5 h"
std::string wall_time(uint64_t wall_ns);    // "2026-12-01 05:09:15 UTC"

// Bytes as text that moves no cursor: control characters, what turns the direction of writing, and what is not UTF-8
// stand as \xHH, a backslash as \\.
std::string printable(Bytes bytes);

// `part` of `width` columns, filled up with blanks; any part above 0 shows. Blocks, or # where `ascii`.
std::string bar(double part, size_t width, bool ascii);

// `text`, which may hold escape sequences, and takes a column a character: cut to so many columns.
std::string clipped(Bytes text, size_t columns);
size_t columns_of(Bytes text);
// With blanks before it, or behind it, to `width` columns.
std::string right(Bytes text, size_t width);
std::string left(Bytes text, size_t width);

}  // namespace nacre::cli
