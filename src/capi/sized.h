// Sized structs: how structs of the caller cross the door, whichever version of nacre/c.h he was compiled with.
//
//   caller's header older:  [ struct_size | fields ]             what is missing is zero, which means the default
//   caller's header newer:  [ struct_size | fields | unknown ]   zero in `unknown` asks for nothing; all else is refused
//
// So fields are only ever added at the end, zero means in each what was done before it was there, and there is no padding, whose
// bytes nobody sets. Sizes are multiples of 8, so no field that fits a word is cut in two.
//
// Enums are read as numbers: C may put any number into one, and in C++ the mere reading would be undefined.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/result.h"
#include "nacre/c.h"

namespace nacre::capi {

inline constexpr size_t kLargestStructBytes = 4096;  // no struct comes near: a larger size was never set

inline bool is_struct_size(size_t size) {
  return size >= sizeof(size_t) && size <= kLargestStructBytes && size % sizeof(size_t) == 0;
}

// A copy of what `given` says; all defaults if it is null.
template <class T>
Result<T> taken(const T* given) {
  static_assert(offsetof(T, struct_size) == 0);
  T known = {};
  if (given != nullptr) {
    const auto wrong = [](const char* reason) { return invalid_argument(Operation::kConfigure, reason); };
    const size_t size = given->struct_size;
    if (!is_struct_size(size)) return wrong("struct_size is not the size of a struct: set it to sizeof");
    const auto* bytes = reinterpret_cast<const char*>(given);
    for (size_t i = sizeof(T); i < size; i++) {
      if (bytes[i] != 0)
        return wrong("a field is set that this library is too old to know: upgrade it, or leave the field 0");
    }
    std::memcpy(&known, bytes, std::min(size, sizeof(T)));
  }
  known.struct_size = sizeof(T);
  return known;
}

// Writes `value` as far as the caller's struct goes, and zero where it goes further. Its struct_size, which must be one, stays.
template <class T>
void give(const T& value, T* out) {
  static_assert(offsetof(T, struct_size) == 0);
  const size_t size = out->struct_size;
  auto* bytes = reinterpret_cast<char*>(out);
  std::memcpy(bytes, &value, std::min(size, sizeof(T)));
  if (size > sizeof(T)) std::memset(bytes + sizeof(T), 0, size - sizeof(T));
  out->struct_size = size;
}

template <class Enum>
uint32_t number_in(const Enum& field) {
  uint32_t number;
  static_assert(sizeof field == sizeof number);
  std::memcpy(&number, &field, sizeof number);
  return number;
}

}  // namespace nacre::capi
