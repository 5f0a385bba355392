// The short way to pass errors up: NACRE_TRY and NACRE_TRY_ASSIGN, and makers for common errors.
#pragma once

#include "nacre/error.h"

#define NACRE_CONCAT_INNER(a, b) a##b
#define NACRE_CONCAT(a, b) NACRE_CONCAT_INNER(a, b)

// Evaluates a Result<...>; on error returns that error from the enclosing function.
#define NACRE_TRY(expression)                                                   \
  do {                                                                          \
    if (auto nacre_try_result = (expression); !nacre_try_result) [[unlikely]] { \
      return nacre_try_result.error();                                          \
    }                                                                           \
  } while (false)

// NACRE_TRY_ASSIGN(auto file, directory.open("x")): declares or assigns the value, or returns the error.
#define NACRE_TRY_ASSIGN(target, expression) \
  NACRE_TRY_ASSIGN_INNER(NACRE_CONCAT(nacre_try_, __LINE__), target, expression)
#define NACRE_TRY_ASSIGN_INNER(temporary, target, expression) \
  auto temporary = (expression);                              \
  if (!temporary) [[unlikely]]                                \
    return temporary.error();                                 \
  target = *std::move(temporary)

namespace nacre {

// `reason` must be a string literal (static lifetime).
inline Error invalid_argument(Operation operation, const char* reason) {
  return Error{.kind = ErrorKind::kInvalidArgument, .operation = operation, .reason = reason};
}

inline Error corruption(Operation operation, FileKind file_kind, uint64_t file_number, uint64_t offset,
                        const char* reason) {
  return Error{.kind = ErrorKind::kCorruption,
               .operation = operation,
               .file_kind = file_kind,
               .file_number = file_number,
               .offset = offset,
               .reason = reason};
}

// A read that brought fewer bytes than the file had when it was opened. An error of the system: where a file ends is said by its size.
inline Error became_shorter(uint64_t offset = 0) {
  return Error{.kind = ErrorKind::kIo,
               .operation = Operation::kRead,
               .offset = offset,
               .reason = "the file became shorter while it was read"};
}

// Corruption found by a decoder that does not know which file it looks at; the caller adds that with `located`.
inline Error malformed(const char* reason, uint64_t offset = 0) {
  return Error{.kind = ErrorKind::kCorruption, .operation = Operation::kDecode, .offset = offset, .reason = reason};
}

inline Error located(Error error, FileKind file_kind, uint64_t file_number, uint64_t base_offset = 0) {
  error.file_kind = file_kind;
  error.file_number = file_number;
  error.offset += base_offset;
  return error;
}

}  // namespace nacre
