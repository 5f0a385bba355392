// For fuzzers and tests: gives damaged files right checksums, so that what lies behind the checksums is reached.
//
// Each function walks a file as its format says, as far as the damaged bytes let it, and never outside of them. A sound file comes out
// as it went in (mend_test.cc). The seeds are those of the formats, which golden bytes hold.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/checksum.h"
#include "base/coding.h"
#include "format/footer.h"
#include "format/log_format.h"
#include "format/manifest_format.h"
#include "format/stored_block.h"

namespace nacre::format::testing {

inline void store_u64(std::string& file, size_t at, uint64_t value) { base::store(file.data() + at, value); }

inline void mend_manifest(std::string& file) {
  if (file.size() < kManifestHeaderBytes) return;
  constexpr size_t kChecksumAt = kManifestHeaderBytes - 8;
  std::copy_n("NacreMft", 8, file.begin());
  store_u64(file, kChecksumAt, base::checksum64(Bytes(file).substr(0, kChecksumAt), 0x6e61637265686472));
  const uint64_t seed = base::mix64(Uuid::load(file.data() + 32).folded(), base::load<uint64_t>(file.data() + 48));
  for (uint64_t at = kManifestHeaderBytes; at + kManifestRecordHeaderBytes <= file.size();) {
    const uint64_t bytes = base::load<uint32_t>(file.data() + at);
    const uint64_t end = at + kManifestRecordHeaderBytes + bytes;
    if (end > file.size()) return;
    const Bytes payload = Bytes(file).substr(at + kManifestRecordHeaderBytes, bytes);
    store_u64(file, at + 4, base::checksum64(payload, base::mix64(seed, base::mix64(at, bytes))));
    at = end;
  }
}

inline void mend_current(std::string& text) {
  const size_t space = text.rfind(' ');
  if (space == std::string::npos) return;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(base::checksum64(Bytes(text).substr(0, space), 0x6e61637265637572)));
  text.resize(space + 1);
  text += digits;
  text += '\n';
}

// Records are found as long as each begins where the one before it ends.
inline void mend_log_segment(std::string& file) {
  if (file.size() < kLogHeaderBytes) return;
  const uint64_t salt = base::load<uint64_t>(file.data() + 48);
  for (const uint64_t page : {uint64_t{0}, kLogHeaderPageBytes}) {
    const Bytes area = Bytes(file).substr(page, kLogHeaderPageBytes);
    if (area.find_first_not_of('\0') == Bytes::npos) continue;
    store_u64(file, page + 56, base::checksum64(area.substr(0, 56), 0x6c6f672d6964656e));
    const Bytes placement = area.substr(kLogPlacementOffset, kLogPlacementBytes - 8);
    if (placement.find_first_not_of('\0') == Bytes::npos) continue;
    const uint64_t checksum = base::checksum64(placement, base::mix64(salt, 0x6c6f672d706c6163));
    store_u64(file, page + kLogPlacementOffset + 32, checksum);
  }
  const uint64_t mark = base::load<uint64_t>(file.data() + kLogMarkOffset);
  if (mark != 0) store_u64(file, kLogMarkOffset + 8, base::mix64(base::mix64(salt, 0x6c6f672d6d61726b), mark));
  for (uint64_t at = kLogHeaderBytes; at + kLogRecordHeaderBytes <= file.size();) {
    const Bytes header = Bytes(file).substr(at, kLogRecordHeaderBytes);
    const uint64_t end = at + kLogRecordHeaderBytes + kLogAlignment * base::load<uint32_t>(header.data() + 12);
    if (header.find_first_not_of('\0') == Bytes::npos || end > file.size()) return;
    base::store(file.data() + at + 8, log_tag(salt));
    store_u64(file, at, base::checksum64(Bytes(file).substr(at + 8, end - at - 8), base::mix64(salt, at)));
    at = end;
  }
}

// The stored block whose trailer ends at `end`, if its bytes lie in the file.
inline void mend_stored_block(std::string& file, const TableIdentity& id, uint64_t begin, uint64_t end) {
  if (end > file.size() || begin > end || end - begin < kStoredTrailerBytes) return;
  const uint64_t trailer = end - kStoredTrailerBytes;
  const uint64_t seed = base::mix64(id.checksum_seed(begin), base::load<uint64_t>(file.data() + trailer));
  store_u64(file, trailer + 8, base::checksum64(Bytes(file).substr(begin, trailer - begin), seed));
}

// The data blocks as an uncompressed index says where they lie.
inline void mend_data_blocks(std::string& file, const TableIdentity& id, Bytes index) {
  if (index.size() < 32) return;
  const uint64_t blocks = base::load<uint32_t>(index.data());
  const uint64_t begin = base::load<uint64_t>(index.data() + 16);
  const uint64_t offsets = 32 + 128 * uint64_t{base::load<uint32_t>(index.data() + 24)};
  for (uint64_t i = 0; i < blocks && offsets + 6 * (i + 2) <= index.size(); i++) {
    const auto offset = [&](uint64_t n) {
      const char* at = index.data() + offsets + 6 * n;
      return begin + (base::load<uint32_t>(at) | uint64_t{base::load<uint16_t>(at + 4)} << 32);
    };
    mend_stored_block(file, id, offset(i), offset(i + 1));
  }
}

inline void mend_table(std::string& file) {
  if (file.size() < kFooterBytes) return;
  const size_t footer = file.size() - kFooterBytes;
  std::copy_n("NacreTbl", 8, file.begin() + static_cast<ptrdiff_t>(footer) + 120);
  store_u64(file, footer + 112, base::checksum64(Bytes(file).substr(footer, 112), 0x4e61637265));
  const TableIdentity id{.uuid = Uuid::load(file.data() + footer + 48),
                         .number = base::load<uint64_t>(file.data() + footer + 64)};
  uint64_t parts[5];
  for (size_t i = 0; i < 4; i++) parts[i] = base::load<uint64_t>(file.data() + footer + 8 * i);
  parts[4] = footer;
  for (size_t i = 0; i < 4; i++) mend_stored_block(file, id, parts[i], parts[i + 1]);
  const bool has_index = parts[2] < parts[3] && parts[3] <= footer && parts[3] - parts[2] > kStoredTrailerBytes;
  if (!has_index) return;
  const std::string index = file.substr(parts[2], parts[3] - parts[2] - kStoredTrailerBytes);
  if (file[parts[3] - kStoredTrailerBytes + 4] == 0) mend_data_blocks(file, id, index);
}

}  // namespace nacre::format::testing
