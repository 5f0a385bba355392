// The bytes of a reserve: a file that holds nothing but space, for the time when the device is full (engine/space_reserve.h).
//
//   header, 48 bytes
//     0  8  magic "NacreRsv"
//     8  4  format version, 1
//    12  4  0
//    16 16  uuid of the database
//    32  8  number of this file
//    40  8  checksum of what stands before
//   noise to the end of the file, which no file system stores in less
//
// Nobody reads it but to know whose it is. A crash may leave any part of it. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "format/uuid.h"
#include "nacre/bytes.h"

namespace nacre::format {

inline constexpr uint64_t kReserveHeaderBytes = 48;

std::string encode_reserve_header(const Uuid& uuid, uint64_t number);

// Whether a file that begins with `head` is a reserve, whole or not, of another database or under another's number.
bool is_reserve_of_another(Bytes head, const Uuid& uuid, uint64_t number);

}  // namespace nacre::format
