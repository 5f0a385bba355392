// For tests: statistics in which every field has a value of its own, and names of keyspaces are of any bytes.
#pragma once

#include <string>
#include <vector>

#include "base/prng.h"
#include "metrics/fields.h"

namespace nacre::metrics {

// A few of the bytes that mean something somewhere, and any others.
inline std::string random_name(base::Prng& random) {
  static const std::string kSpecial[] = {
      "\"", "\\",   "\n",       "\t",   "\r",           std::string(1, '\0'), "{",    "}",  ",", "=",
      " ",  "\xff", "\xc3\xa9", "\xc3", "\xed\xa0\x80", "\xf0\x9f\x90\x9a",   "\x7f", "x5c"};
  std::string name;
  for (uint64_t left = random.below(12); left != 0; left--) {
    name += random.below(2) == 0 ? kSpecial[random.below(std::size(kSpecial))]
                                 : std::string(1, static_cast<char>(random.below(256)));
  }
  return name;
}

// Fills fields with what `next()` returns, and lists with `per_list` rows.
template <class Next>
class Filler {
 public:
  Filler(base::Prng& random, Next next, size_t per_list) : random_(random), next_(next), per_list_(per_list) {}

  template <class Object>
  void fill(Object& object) {
    visit_fields(object, [this](const char*, auto& field) { this->set(field); });
  }

 private:
  void set(uint64_t& field) { field = next_(); }
  void set(uint32_t& field) { field = static_cast<uint32_t>(next_()); }
  void set(bool& field) { field = next_() % 2 == 0; }
  void set(std::string& field) { field = random_name(random_) + std::to_string(next_()); }
  void set(DelayReason& field) {
    field = static_cast<DelayReason>(reason_++ % static_cast<uint64_t>(DelayReason::kCount));
  }
  template <class T>
  void set(std::vector<T>& field) {
    field.resize(per_list_);
    for (T& each : field) fill(each);
  }
  template <class T>
  void set(T& field) {
    fill(field);
  }

  base::Prng& random_;
  Next next_;
  size_t per_list_;
  uint64_t reason_ = 1;
};

inline Stats random_stats(base::Prng& random) {
  Stats stats;
  const auto next = [&random] { return random.next() >> random.below(64); };
  Filler filler(random, next, random.below(5));
  filler.fill(stats);
  return stats;
}

}  // namespace nacre::metrics
