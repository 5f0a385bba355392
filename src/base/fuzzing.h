// What a fuzzer (x_fuzz.cc) is made of. Included by fuzzers only, which the library never contains.
//
// A *target* is a function that is given any bytes and must return: what it finds wrong it says by NACRE_CHECK. `Input` reads the
// bytes as choices, so that a stream of operations, a shape or a history can be drawn from them; it never fails, after the last byte
// everything is zero. Small inputs thus mean something, and a mutation of a byte changes one choice.
//
//   void run(Bytes bytes) { fuzz::Input input(bytes); ... }
//   std::vector<std::string> seeds() { return {...}; }           // sound inputs, for mutations to begin with
//   const fuzz::Registration kHere({.name = "x", .run = run, .seeds = seeds});
//
// Targets of one program register themselves; fuzz/ has the programs: libFuzzer, and the replay of corpora as tests.
// Thread safety: none needed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/coding.h"
#include "base/prng.h"
#include "nacre/bytes.h"

namespace nacre::fuzz {

struct Target {
  const char* name;
  void (*run)(Bytes input);
  std::vector<std::string> (*seeds)();
  // A run may hold this much of the heap at once, and kHeapFactor times its input; more is a failure.
  uint64_t heap_budget_bytes = uint64_t{1} << 20;
  uint32_t replay_mutations = 400;  // of each seed, which the replay as a test tries: fewer where a run takes long
};
inline constexpr uint64_t kHeapFactor = 64;

inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

struct Registration {
  explicit Registration(const Target& target) { targets().push_back(target); }
};

class Input {
 public:
  explicit Input(Bytes bytes) : left_(bytes) {}

  bool empty() const { return left_.empty(); }
  size_t size() const { return left_.size(); }
  uint8_t byte() {
    if (left_.empty()) return 0;
    const auto first = static_cast<uint8_t>(left_.front());
    left_.remove_prefix(1);
    return first;
  }
  bool flag() { return (byte() & 1) != 0; }
  // In [0, n), n of at most 2^16.
  uint64_t below(uint64_t n) {
    if (n <= 1) return 0;
    return (n <= 256 ? byte() : uint64_t{byte()} << 8 | byte()) % n;
  }
  // Any 64-bit number; those at which code breaks are short to write.
  uint64_t number() {
    const uint8_t shape = byte();
    if (shape < 0x80) return shape;
    const uint64_t small = byte();
    switch (shape & 7) {
      case 0: return ~small;                                            // near the top
      case 1: return (uint64_t{1} << (small & 63)) - 1;                 // below a power of two
      case 2: return uint64_t{1} << (small & 63);                       // a power of two
      case 3: return (uint64_t{1} << (small & 63)) + (small >> 6) + 1;  // above one
      case 4: return small << 8 | byte();
      default: break;
    }
    uint64_t raw = small;
    for (int i = 0; i < 7; i++) raw = raw << 8 | byte();
    return raw;
  }
  // `usual` in three of four cases, else any number.
  uint64_t mostly(uint64_t usual) { return below(4) != 3 ? usual : number(); }
  // At most `most` bytes, at most 2^16: a length, then the bytes.
  Bytes bytes(size_t most) { return take(below(most + 1)); }
  Bytes take(size_t count) {
    const Bytes taken = left_.substr(0, count);
    left_.remove_prefix(taken.size());
    return taken;
  }
  Bytes rest() { return take(left_.size()); }
  // Bytes whose size may be any up to `most`, though the input is short: one byte, repeated.
  std::string run_of_bytes(uint64_t most) {
    const uint64_t size = number();
    return std::string(std::min(size, most), static_cast<char>(byte()));
  }
  // A short key: few letters, so that keys meet, and common beginnings, so that they differ late.
  std::string key() {
    const uint8_t shape = byte();
    std::string key = (shape & 0x80) != 0 ? "a common beginning/" : "";
    if ((shape & 0x40) != 0) return key.append(bytes(40));
    for (size_t i = 0; i < (shape & 3U); i++) key.push_back(static_cast<char>('a' + (shape >> (2 + i) & 3)));
    return key;
  }

 private:
  Bytes left_;
};

// One change of the kinds that reach most behind a decoder's first checks, where the input says: a number in 1 to 8 bytes, a bit, bytes put
// in, left out or written over, zeros, the end cut off. True if it was one bit.
inline bool change_bytes(std::string& bytes, Input& input) {
  const uint8_t how = input.byte();
  const uint64_t place = input.below(uint64_t{1} << 16);
  if (bytes.empty()) return false;
  // Heads and ends of files say where all else is: half of all changes are close to one of them.
  const size_t span = (how & 0x80) != 0 ? std::min<size_t>(bytes.size(), 256) : bytes.size();
  const size_t at = (how & 0x40) != 0 ? bytes.size() - 1 - place % span : place % span;
  const size_t left = bytes.size() - at;
  const auto store = [&](uint64_t number, size_t width) {
    for (size_t i = 0; i < std::min(width, left); i++) bytes[at + i] = static_cast<char>(number >> (8 * i));
  };
  switch (how & 7) {
    case 0: bytes.resize(at); break;
    case 1: bytes.insert(at, std::string(1 + input.below(64), static_cast<char>(input.byte()))); break;
    case 2: bytes.erase(at, 1 + input.below(64)); break;
    case 3: store(input.number(), 8); break;
    case 4: store(input.number(), size_t{4} >> ((how >> 3 & 3) % 3)); break;
    case 5: {
      const std::string over(input.bytes(40));
      bytes.replace(at, std::min(over.size(), left), over, 0, left);
      break;
    }
    case 6: bytes.replace(at, std::min<size_t>(512, left), std::min<size_t>(512, left), '\0'); break;
    default: bytes[at] = static_cast<char>(bytes[at] ^ (1 << (how >> 3 & 7))); return true;
  }
  return false;
}

// Seeds for targets that draw operations: streams of random bytes.
inline std::vector<std::string> random_seeds(size_t count, size_t bytes) {
  std::vector<std::string> seeds;
  base::Prng random(bytes);
  for (size_t i = 0; i < count; i++) {
    std::string& seed = seeds.emplace_back(bytes, '\0');
    for (char& c : seed) c = static_cast<char>(random.next());
  }
  return seeds;
}

}  // namespace nacre::fuzz
