#include "salvage/patient_file.h"

#include <algorithm>

namespace nacre::salvage {

namespace {

constexpr uint64_t kPageBytes = 4096;

}  // namespace

bool read_what_can_be(ReadableFile& file, uint64_t offset, std::span<char> out, Unreadable* unreadable) {
  if (const auto got = file.read(offset, out); got && *got == out.size()) return true;
  for (size_t at = 0; at < out.size();) {
    const std::span<char> page =
        out.subspan(at, std::min<size_t>(kPageBytes - (offset + at) % kPageBytes, out.size() - at));
    const size_t got = file.read(offset + at, page).value_or(0);
    std::fill(page.begin() + static_cast<ptrdiff_t>(got), page.end(), '\0');
    if (unreadable != nullptr && got != page.size() && offset + at + got >= unreadable->end) {
      if (unreadable->bytes == 0) unreadable->first = offset + at + got;
      unreadable->bytes += page.size() - got;
      unreadable->end = offset + at + page.size();
    }
    at += page.size();
  }
  return false;
}

Result<size_t> PatientFile::read(uint64_t offset, std::span<char> out) {
  const uint64_t end = size_bytes();
  const size_t bytes = offset < end ? std::min<uint64_t>(out.size(), end - offset) : 0;
  (void)read_what_can_be(*file_, offset, out.first(bytes), &unreadable_);
  return bytes;
}

}  // namespace nacre::salvage
