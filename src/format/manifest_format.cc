#include "format/manifest_format.h"

#include <cstdio>

#include "base/assert.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "format/file_names.h"

namespace nacre::format {

namespace {

using base::append_fixed;
using base::load;

constexpr Bytes kMagic = "NacreMft";
constexpr size_t kHeaderChecksumAt = kManifestHeaderBytes - sizeof(uint64_t);
constexpr size_t kUuidText = 36;
constexpr uint64_t kHeaderSeed = 0x6e61637265686472ULL;   // "nacrehdr"
constexpr uint64_t kCurrentSeed = 0x6e61637265637572ULL;  // "nacrecur"
// What a search for valid records behind damage may checksum: far above any honest torn tail, and a bound for bytes
// that were made to keep the search busy. Beyond it the answer is the safe one, corruption.
constexpr uint64_t kSearchBudgetBytes = uint64_t{1} << 30;

Error newer_format(const char* reason) {
  return Error{.kind = ErrorKind::kUnsupported, .operation = Operation::kDecode, .reason = reason};
}

uint64_t seed_of(const ManifestHeader& header) { return base::mix64(header.uuid.folded(), header.number); }

uint64_t record_checksum(uint64_t seed, uint64_t offset, Bytes payload) {
  return base::checksum64(payload, base::mix64(seed, base::mix64(offset, payload.size())));
}

// Reads the 36 characters of Uuid::to_string; whether they are exactly those is for the caller to compare.
std::optional<Uuid> parse_uuid(Bytes text) {
  Uuid uuid;
  size_t nibbles = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const bool letter = c >= 'a' && c <= 'f';
    if ((!letter && (c < '0' || c > '9')) || nibbles == 2 * kUuidBytes) return std::nullopt;
    const int nibble = letter ? c - 'a' + 10 : c - '0';
    uint8_t& byte = uuid.bytes[nibbles / 2];
    byte = static_cast<uint8_t>(byte << 4 | nibble);
    nibbles++;
  }
  return nibbles == 2 * kUuidBytes ? std::optional(uuid) : std::nullopt;
}

// The field of CURRENT that proves the rest: 16 digits, most significant first.
std::string checksum_text(Bytes text) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(base::checksum64(text, kCurrentSeed)));
  return digits;
}

}  // namespace

std::string encode_manifest_header(const ManifestHeader& header) {
  std::string out(kMagic);
  append_fixed(out, header.version);
  append_fixed(out, uint32_t{0});
  append_fixed(out, header.required_features);
  append_fixed(out, header.optional_features);
  out.append(header.uuid.view());
  append_fixed(out, header.number);
  append_fixed(out, base::checksum64(out, kHeaderSeed));
  NACRE_CHECK(out.size() == kManifestHeaderBytes);
  return out;
}

Result<ManifestHeader> decode_manifest_header(Bytes file) {
  if (file.size() < kManifestHeaderBytes) return malformed("the manifest is shorter than its header");
  if (!file.starts_with(kMagic)) return malformed("the file does not begin as a manifest does");
  if (load<uint64_t>(file.data() + kHeaderChecksumAt) !=
      base::checksum64(file.substr(0, kHeaderChecksumAt), kHeaderSeed)) {
    return malformed("the manifest's header has a wrong checksum");
  }
  ManifestHeader header;
  header.version = load<uint32_t>(file.data() + 8);
  header.required_features = load<uint64_t>(file.data() + 16);
  header.optional_features = load<uint64_t>(file.data() + 24);
  header.uuid = Uuid::load(file.data() + 32);
  header.number = load<uint64_t>(file.data() + 48);
  if (header.version != kManifestVersion || load<uint32_t>(file.data() + 12) != 0) {
    return newer_format("the database has a newer format than this release knows: use a newer release");
  }
  if (header.required_features != 0) {
    return newer_format("the database uses a feature that this release does not know: use a newer release");
  }
  return header;
}

void append_manifest_record(std::string& out, const ManifestHeader& header, uint64_t offset, Bytes payload) {
  NACRE_CHECK(payload.size() <= kMaxManifestRecordBytes);
  append_fixed(out, static_cast<uint32_t>(payload.size()));
  append_fixed(out, record_checksum(seed_of(header), offset, payload));
  out.append(payload);
}

ManifestReader::ManifestReader(Bytes file, const ManifestHeader& header) : file_(file), seed_(seed_of(header)) {}

std::optional<Bytes> ManifestReader::record_at(uint64_t offset) const {
  if (offset > file_.size() || file_.size() - offset < kManifestRecordHeaderBytes) return std::nullopt;
  const char* at = file_.data() + offset;
  const uint64_t size = load<uint32_t>(at);
  if (size > file_.size() - offset - kManifestRecordHeaderBytes) return std::nullopt;
  const Bytes payload(at + kManifestRecordHeaderBytes, size);
  if (load<uint64_t>(at + sizeof(uint32_t)) != record_checksum(seed_, offset, payload)) return std::nullopt;
  return payload;
}

// Where the first valid record or mark at or behind `offset` begins. `*gave_up`: the search was ended before it was done.
std::optional<uint64_t> ManifestReader::first_valid_after(uint64_t offset, bool* gave_up) const {
  *gave_up = false;
  uint64_t spent = 0;
  for (; offset + kManifestRecordHeaderBytes <= file_.size(); offset++) {
    const uint64_t size = load<uint32_t>(file_.data() + offset);
    if (size > file_.size() - offset - kManifestRecordHeaderBytes) continue;
    spent += size + kManifestRecordHeaderBytes;
    *gave_up = spent > kSearchBudgetBytes;
    if (*gave_up) return std::nullopt;
    if (record_at(offset)) return offset;
  }
  return std::nullopt;
}

// Called where neither what belongs here nor the end of the file was found.
Result<void> ManifestReader::require_torn_tail() {
  bool gave_up = false;
  if (first_valid_after(offset_, &gave_up) || gave_up) {
    return malformed("an acknowledged record of the manifest is damaged, and valid ones follow it", offset_);
  }
  torn_ = true;
  return {};
}

std::optional<uint64_t> ManifestReader::resume() {
  bool gave_up = false;
  const std::optional<uint64_t> found = first_valid_after(offset_ + 1, &gave_up);
  if (!found) return std::nullopt;
  offset_ = *found;
  mark_expected_ = record_at(offset_)->empty();
  return found;
}

// Steps over the mark behind the last record; false at the end.
Result<bool> ManifestReader::pass_mark() {
  mark_expected_ = false;
  last_acknowledged_ = false;
  if (offset_ == file_.size()) return false;
  const auto found = record_at(offset_);
  const auto beyond = record_at(offset_ + kManifestRecordHeaderBytes);
  if ((found && found->empty()) || (!found && beyond && !beyond->empty())) {
    last_acknowledged_ = true;
    offset_ += kManifestRecordHeaderBytes;
    return true;
  }
  NACRE_TRY(require_torn_tail());
  return false;
}

Result<std::optional<Bytes>> ManifestReader::next() {
  if (torn_) return std::optional<Bytes>();
  if (mark_expected_) {
    NACRE_TRY_ASSIGN(const bool more, pass_mark());
    if (!more) return std::optional<Bytes>();
  }
  if (offset_ == file_.size()) return std::optional<Bytes>();
  const auto payload = record_at(offset_);
  if (!payload || payload->empty()) {
    NACRE_TRY(require_torn_tail());
    return std::optional<Bytes>();
  }
  record_offset_ = offset_;
  offset_ += kManifestRecordHeaderBytes + payload->size();
  mark_expected_ = true;
  last_acknowledged_ = false;
  return payload;
}

std::string encode_current(const CurrentFile& current) {
  std::string text = manifest_name(current.manifest_number) + ' ' + current.uuid.to_string();
  const std::string checksum = checksum_text(text);
  return text + ' ' + checksum + '\n';
}

Result<CurrentFile> decode_current(Bytes text) {
  const size_t name_end = text.find_first_of(" \n");
  const auto name = parse_name(text.substr(0, name_end));
  const bool names_manifest = name && name->kind == NameKind::kManifest && !name->temporary;
  if (names_manifest && name_end + 1 == text.size() && text.back() == '\n') {
    return invalid_argument(Operation::kOpen,
                            "CURRENT has the form that LevelDB and RocksDB use: not a database of this engine");
  }
  if (!names_manifest || text.size() - name_end <= kUuidText) return malformed("CURRENT names no manifest");
  const auto uuid = parse_uuid(text.substr(name_end + 1, kUuidText));
  if (!uuid) return malformed("CURRENT names no database");
  const CurrentFile current{.manifest_number = name->number, .uuid = *uuid};
  if (encode_current(current) != text) return malformed("CURRENT has a wrong checksum");
  return current;
}

}  // namespace nacre::format
