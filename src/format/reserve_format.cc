#include "format/reserve_format.h"

#include "base/checksum.h"
#include "base/coding.h"

namespace nacre::format {

namespace {

constexpr uint64_t kMagic = 0x767352657263614eULL;  // "NacreRsv" as it lies
constexpr uint32_t kVersion = 1;
constexpr uint64_t kSeed = 0x72657365727665ULL;

}  // namespace

std::string encode_reserve_header(const Uuid& uuid, uint64_t number) {
  std::string header;
  base::append_fixed<uint64_t>(header, kMagic);
  base::append_fixed<uint32_t>(header, kVersion);
  base::append_fixed<uint32_t>(header, 0);
  header.append(uuid.view());
  base::append_fixed<uint64_t>(header, number);
  base::append_fixed<uint64_t>(header, base::checksum64(header, kSeed));
  return header;
}

bool is_reserve_of_another(Bytes head, const Uuid& uuid, uint64_t number) {
  if (head.size() < kReserveHeaderBytes) return false;
  const Bytes header = head.substr(0, kReserveHeaderBytes);
  if (base::load<uint64_t>(header.data()) != kMagic) return false;
  const Bytes said = header.substr(0, kReserveHeaderBytes - 8);
  if (base::load<uint64_t>(header.data() + said.size()) != base::checksum64(said, kSeed)) return false;
  return header != encode_reserve_header(uuid, number);
}

}  // namespace nacre::format
