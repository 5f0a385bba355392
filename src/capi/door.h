// The door of every public call: a Result becomes a status, and no exception leaves.
//
// What throws inside, an allocation or a callback, ends the process here (docs/adr/0008): the templates are noexcept, and the
// files that use them are compiled with exceptions.
#pragma once

#include "base/result.h"
#include "capi/sized.h"
#include "nacre/bytes.h"
#include "nacre/c.h"

namespace nacre::capi {

nacre_error as_c(const Error& error);

template <class Body>
auto at_the_door(const Body& body) noexcept {
  return body();
}

// What `body`, which returns a Result<void>, answers; its error goes to `error` too, unless that is null.
template <class Body>
nacre_status answer(nacre_error* error, const Body& body) noexcept {
  if (error != nullptr && !is_struct_size(error->struct_size)) return NACRE_INVALID_ARGUMENT;
  const Result<void> result = body();
  if (result) return NACRE_OK;
  const nacre_error failure = as_c(result.error());
  if (error != nullptr) give(failure, error);
  return failure.status;
}

inline Result<void> needed(const void* pointer, const char* reason) {
  if (pointer == nullptr) return invalid_argument(Operation::kNone, reason);
  return {};
}

// Answers as `answer`. Where `out` points is what `make` returns, or null if it fails.
template <class Handle, class Make>
nacre_status hand_out(Handle** out, nacre_error* error, const Make& make) noexcept {
  if (out != nullptr) *out = nullptr;
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed(out, "there is no place for what the call hands out: the pointer to it is NULL"));
    NACRE_TRY_ASSIGN(*out, make());
    return {};
  });
}

// Whether give() may fill the caller's struct.
template <class T>
Result<void> fillable(const T* out) {
  NACRE_TRY(needed(out, "there is no place for what the call hands out: the pointer to it is NULL"));
  if (is_struct_size(out->struct_size)) return {};
  return invalid_argument(Operation::kConfigure, "struct_size is not the size of a struct: set it to sizeof");
}

inline Result<Bytes> as_bytes(nacre_bytes bytes) {
  if (bytes.data == nullptr && bytes.size != 0)
    return invalid_argument(Operation::kNone, "bytes have a size, but their data is NULL");
  return Bytes(bytes.data, bytes.size);
}
inline nacre_bytes as_c(Bytes bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace nacre::capi
