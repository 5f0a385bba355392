// Bytes: a borrowed, read-only run of bytes. Keys and values are Bytes everywhere in Nacre.
//
// A Bytes never owns memory: whoever hands one out says what keeps it alive. Comparison (`<`, `==`, compare)
// is bytewise on unsigned values, which is the order of keys in a keyspace. Zero bytes are ordinary bytes.
#pragma once

#include <string_view>

namespace nacre {

using Bytes = std::string_view;

}  // namespace nacre
