// The decoder of integers, varints and sized bytes, against one that reads a byte at a time.

#include <algorithm>
#include <optional>

#include "base/fuzzing.h"

namespace nacre::base {
namespace {

using fuzz::Input;

// Reads as Decoder promises to, in the plainest way.
class Model {
 public:
  explicit Model(Bytes input) : left_(input) {}

  std::optional<Bytes> bytes(uint64_t count) {
    if (failed_ || count > left_.size()) return fail();
    const Bytes taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::optional<uint64_t> varint() {
    unsigned __int128 value = 0;
    for (size_t i = 0; !failed_ && i < kMaxVarint64Bytes && i < left_.size(); i++) {
      const auto byte = static_cast<uint8_t>(left_[i]);
      value |= static_cast<unsigned __int128>(byte & 0x7f) << (7 * i);
      if ((byte & 0x80) != 0) continue;
      if (value > UINT64_MAX) break;
      left_.remove_prefix(i + 1);
      return static_cast<uint64_t>(value);
    }
    return fail();
  }
  std::nullopt_t fail() {
    failed_ = true;
    return std::nullopt;
  }
  bool ok() const { return !failed_; }
  size_t remaining() const { return left_.size(); }

 private:
  Bytes left_;
  bool failed_ = false;
};

void check_sized(Decoder& decoder, Model& model) {
  const Bytes got = decoder.sized();
  const auto size = model.varint();
  const auto expected = size ? model.bytes(*size) : std::nullopt;
  NACRE_CHECK(got == expected.value_or(Bytes()));
}

// The first bytes say what is read, the others are what is read from.
void run(Bytes bytes) {
  Input input(bytes);
  Input program(input.bytes(32));
  const std::string data(input.rest());
  Decoder decoder{Bytes(data)};
  Model model{Bytes(data)};
  while (!program.empty()) {
    switch (program.below(6)) {
      case 0: {
        const auto got = decoder.fixed<uint64_t>();
        const auto expected = model.bytes(8);
        NACRE_CHECK(got == (expected ? load<uint64_t>(expected->data()) : 0));
        break;
      }
      case 1: {
        const auto got = decoder.fixed<uint8_t>();
        const auto expected = model.bytes(1);
        NACRE_CHECK(got == (expected ? static_cast<uint8_t>(expected->front()) : 0));
        break;
      }
      case 2: {
        const uint64_t got = decoder.varint();
        NACRE_CHECK(got == model.varint().value_or(0));
        std::string again;
        append_varint(again, got);
        NACRE_CHECK(again.size() == varint64_bytes(got) && Decoder(again).varint() == got);
        break;
      }
      case 3: {
        const uint64_t limit = program.number();
        const uint64_t got = decoder.varint_at_most(limit);
        const auto expected = model.varint();
        if (expected && *expected > limit) model.fail();
        NACRE_CHECK(got == (model.ok() ? expected.value_or(0) : 0));
        break;
      }
      case 4: check_sized(decoder, model); break;
      default: {
        const uint64_t count = program.number();
        NACRE_CHECK(decoder.bytes(count) == model.bytes(count).value_or(Bytes()));
      }
    }
    NACRE_CHECK(decoder.ok() == model.ok());
    if (!model.ok()) continue;
    NACRE_CHECK(decoder.remaining() == model.remaining() && decoder.at_end() == (model.remaining() == 0));
  }
}

std::vector<std::string> seeds() {
  std::string data;
  append_fixed<uint64_t>(data, 77);
  data += 'x';
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 40, UINT64_MAX}) {
    append_varint(data, value);
  }
  append_sized(data, "sized");
  std::string program{'\x0a', 0, 1, 2, 2, 3, '\x7f', 2, 2, 4, 2};
  std::string overlong{'\x02', 2, 2};
  for (const char last : {1, 2, 3})
    overlong += std::string(9, '\xff') + last;  // the first of these is the largest number
  return {program + data, overlong, overlong.substr(0, 3) + overlong.substr(13)};
}

const fuzz::Registration kHere({.name = "coding", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::base
