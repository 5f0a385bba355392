// The bytes of STATS, the file in which a process publishes the statistics of a database that it has open.
//
//   STATS := two slots of 64 KiB, written in turns: while one is written, the other is whole. So a reader never needs one that
//            is torn, and neither does who looks after a kill.
//   slot, 48 bytes and the payload
//     0  8  magic "NacreSts"
//     8  4  format version, 1
//    12  4  payload bytes
//    16  8  turn: the slot with the higher one is newer
//    24 16  uuid of the database
//    40  8  checksum of bytes 0 to 39 and the payload
//    48     payload: fields of the publication, then of Stats, as varints; strings and lists begin with their length
//
// The payload follows the list of fields (fields.h), so a release reads only what it wrote itself: version is raised with
// each change of the list. It is nobody's data: what cannot be read counts as not published.
//
// Thread safety: pure functions. The decoder takes hostile bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "format/uuid.h"
#include "nacre/bytes.h"
#include "nacre/metrics.h"

namespace nacre::metrics {

inline constexpr uint64_t kSlotBytes = uint64_t{64} << 10;
inline constexpr uint64_t kSlotHeaderBytes = 48;
inline constexpr uint64_t kPublishedFileBytes = 2 * kSlotBytes;

// Of `stats` only. Keyspaces with the fewest operations are left out where all would take more than a slot has room for; the
// number of those is `*left_out`.
std::string encode_stats(const Stats& stats, uint64_t* left_out);

// A slot of all but the statistics that are in `encoded_stats`.
std::string encode_slot(const PublishedStats& publication, Bytes encoded_stats, const format::Uuid& uuid,
                        uint64_t turn);

struct Slot {
  uint64_t turn = 0;
  PublishedStats publication;
};
// Nothing if the bytes are no whole slot.
std::optional<Slot> decode_slot(Bytes slot);

// The newer of the two slots of a file.
std::optional<Slot> newest_slot(Bytes file);

// Whether a file of this size that begins so may be written over: it is one of these, or one whose making was cut off.
bool may_be_taken_over(uint64_t file_bytes, Bytes head);

}  // namespace nacre::metrics
