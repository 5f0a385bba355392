// For the tests of formats: bytes as text, and bytes that lie so that a sanitizer sees each step outside of them.
#pragma once

#include <cstring>
#include <memory>
#include <string>

#include "base/prng.h"
#include "nacre/bytes.h"

namespace nacre::format::testing {

inline std::string hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    text.push_back(kDigits[static_cast<uint8_t>(c) & 0xf]);
  }
  return text;
}

// A copy that ends where its allocation ends.
class ExactBytes {
 public:
  explicit ExactBytes(Bytes bytes) : copy_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
    if (size_ != 0) std::memcpy(copy_.get(), bytes.data(), size_);
  }
  Bytes view() const { return {copy_.get(), size_}; }
  char* data() { return copy_.get(); }

 private:
  std::unique_ptr<char[]> copy_;
  size_t size_;
};

// Calls judge(bytes) with each prefix of `sample` and with `sample` after changes of each byte.
template <class Judge>
void damage_everywhere(Bytes sample, Judge judge) {
  for (size_t size = 0; size < sample.size(); size++) judge(ExactBytes(sample.substr(0, size)).view());
  for (size_t at = 0; at < sample.size(); at++) {
    for (const int flip : {0x01, 0x80, 0xff, 0x10}) {
      ExactBytes damaged(sample);
      damaged.data()[at] = static_cast<char>(damaged.data()[at] ^ flip);
      judge(damaged.view());
    }
  }
}

inline std::string random_bytes(base::Prng& random, size_t size, uint64_t alphabet = 256) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random.below(alphabet));
  return bytes;
}

}  // namespace nacre::format::testing
