#include "format/footer.h"

#include <bit>

#include "base/assert.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/result.h"
#include "format/block.h"

namespace nacre::format {
namespace {

constexpr uint64_t kMagic = 0x6c625465'7263614eULL;  // "NacreTbl", as its bytes lie in the file
constexpr size_t kVersionAt = 104;
constexpr size_t kCheckedBytes = 112;
constexpr uint64_t kFooterSeed = 0x4e61637265;

bool all_zero(Bytes bytes) { return bytes.find_first_not_of('\0') == Bytes::npos; }

bool ascend(const Footer& f) {
  return f.tombstones_at <= f.filter_at && f.filter_at <= f.index_at && f.index_at < f.properties_at &&
         f.properties_at < f.footer_at();
}

}  // namespace

std::string encode_footer(const Footer& footer) {
  std::string out;
  out.reserve(kFooterBytes);
  base::append_fixed(out, footer.tombstones_at);
  base::append_fixed(out, footer.filter_at);
  base::append_fixed(out, footer.index_at);
  base::append_fixed(out, footer.properties_at);
  base::append_fixed(out, footer.file_bytes);
  base::append_fixed(out, footer.features);
  out.append(footer.identity.uuid.view());
  base::append_fixed(out, footer.identity.number);
  base::append_fixed(out, footer.keyspace);
  out.append(28, '\0');
  base::append_fixed(out, kTableVersion);
  base::append_fixed(out, uint32_t{0});
  base::append_fixed(out, base::checksum64(out, kFooterSeed));
  base::append_fixed(out, kMagic);
  NACRE_DCHECK(out.size() == kFooterBytes);
  return out;
}

Result<Footer> decode_footer(Bytes bytes, uint64_t file_bytes, const TableIdentity& expected) {
  if (bytes.size() != kFooterBytes || file_bytes < kFooterBytes) return malformed("table is shorter than its footer");
  if (base::load<uint64_t>(bytes.data() + 120) != kMagic)
    return malformed("table has no footer: it is cut off, or no table");
  if (base::checksum64(bytes.substr(0, kCheckedBytes), kFooterSeed) !=
      base::load<uint64_t>(bytes.data() + kCheckedBytes)) {
    return malformed("table footer checksum mismatch");
  }
  if (base::load<uint32_t>(bytes.data() + kVersionAt) != kTableVersion) {
    return Error{
        .kind = ErrorKind::kUnsupported, .operation = Operation::kDecode, .reason = "table has a newer format version"};
  }
  base::Decoder in(bytes);
  Footer footer;
  footer.tombstones_at = in.fixed<uint64_t>();
  footer.filter_at = in.fixed<uint64_t>();
  footer.index_at = in.fixed<uint64_t>();
  footer.properties_at = in.fixed<uint64_t>();
  footer.file_bytes = in.fixed<uint64_t>();
  footer.features = in.fixed<uint64_t>();
  footer.identity.uuid = Uuid::load(in.bytes(kUuidBytes).data());
  footer.identity.number = in.fixed<uint64_t>();
  footer.keyspace = in.fixed<uint32_t>();
  if (!all_zero(in.bytes(28)) || base::load<uint32_t>(bytes.data() + 108) != 0) {
    return malformed("table footer has bits that mean nothing");
  }
  if ((footer.features & ~kKnownTableFeatures) != 0) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .operation = Operation::kDecode,
                 .reason = "table has a feature of a newer release"};
  }
  if (footer.identity.uuid != expected.uuid) return malformed("table belongs to another database");
  if (footer.identity.number != expected.number)
    return malformed("table has the number of another one: files were exchanged");
  if (footer.file_bytes != file_bytes) return malformed("table is not as long as its footer says");
  if (!ascend(footer)) return malformed("table footer has parts in no possible order");
  return footer;
}

std::optional<TableIdentity> peek_identity(Bytes bytes) {
  if (bytes.size() != kFooterBytes || base::load<uint64_t>(bytes.data() + 120) != kMagic) return std::nullopt;
  if (base::checksum64(bytes.substr(0, kCheckedBytes), kFooterSeed) !=
      base::load<uint64_t>(bytes.data() + kCheckedBytes)) {
    return std::nullopt;
  }
  if (base::load<uint32_t>(bytes.data() + kVersionAt) != kTableVersion) return std::nullopt;
  return TableIdentity{.uuid = Uuid::load(bytes.data() + 48),
                       .number = base::load<uint64_t>(bytes.data() + 48 + kUuidBytes)};
}

std::string encode_properties(const TableProperties& p) {
  std::string out;
  for (const uint64_t number :
       {p.entries, p.erases, p.range_tombstones, p.key_bytes, p.value_bytes, p.raw_bytes, p.data_blocks,
        uint64_t{p.block_bytes}, static_cast<uint64_t>(p.compression), p.smallest_sequence, p.largest_sequence}) {
    base::append_varint(out, number);
  }
  base::append_fixed(out, p.entries_hash);
  base::append_fixed(out, std::bit_cast<uint32_t>(p.filter_bits_per_key));
  base::append_sized(out, p.smallest_key);
  base::append_sized(out, p.largest_key);
  return out;
}

Result<TableProperties> decode_properties(Bytes bytes) {
  base::Decoder in(bytes);
  TableProperties p;
  p.entries = in.varint();
  p.erases = in.varint_at_most(p.entries);
  p.range_tombstones = in.varint();
  p.key_bytes = in.varint();
  p.value_bytes = in.varint();
  p.raw_bytes = in.varint();
  p.data_blocks = in.varint_at_most(p.entries);
  p.block_bytes = static_cast<uint32_t>(in.varint_at_most(kMaxBlockBytes));
  const uint64_t compression = in.varint_at_most(UINT8_MAX);
  p.smallest_sequence = in.varint_at_most(kMaxSequence);
  p.largest_sequence = in.varint_at_most(kMaxSequence);
  p.entries_hash = in.fixed<uint64_t>();
  p.filter_bits_per_key = std::bit_cast<float>(in.fixed<uint32_t>());
  const Bytes smallest = in.sized();
  const Bytes largest = in.sized();
  if (!in.ok() || !in.at_end()) return malformed("table properties are cut off or too long");
  if (smallest.size() > kMaxKeyBytes || largest.size() > kMaxKeyBytes)
    return malformed("table properties have a key that is too long");
  if (smallest > largest || p.smallest_sequence > p.largest_sequence || (p.data_blocks == 0) != (p.entries == 0)) {
    return malformed("table properties contradict themselves");
  }
  p.compression = static_cast<Compression>(compression);
  p.smallest_key = smallest;
  p.largest_key = largest;
  return p;
}

}  // namespace nacre::format
