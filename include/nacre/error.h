// Error and Result: how every fallible call of Nacre answers.
//
// Nacre throws no exceptions, and lets none through: one that reaches it (memory that cannot be had, a callback that throws) ends the
// process at once, with nothing unwound and every lock held. A call that can fail returns Result<T>, which holds either the value or an Error.
// The compiler warns when a Result is dropped. Error is small and trivially copyable, so returning one never
// allocates; the full story of a failure (paths, plan, sizes) goes once, where it happened, to the event sink.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "nacre/export.h"

#ifndef __cpp_lib_expected
#error "Nacre is for C++23 with std::expected: compile with -std=c++23, and with GCC 12, clang 19 or newer"
#endif

namespace nacre {

// What the caller can do about it is what tells the kinds apart.
enum class ErrorKind : uint8_t {
  kNotFound,         // a named thing (database, keyspace, file) does not exist: create it or name another
  kInvalidArgument,  // the call is wrong, nothing was changed: correct it
  kConflict,         // a transaction lost against another: run it again
  kBusy,             // somebody else holds it (second opener, live iterators, full write queue): retry later
  kNoSpace,          // the device or quota is full, nothing was changed: free space, then go on without reopening
  kIo,               // the system failed a read or write; for a commit the outcome is unknown until reopen
  kCorruption,       // stored bytes are damaged: see file and offset; restore a backup
  kClosed,           // the handle was closed, or stopped accepting writes after a failed sync: reopen
  kUnsupported,      // a newer format or a feature that this build or machine lacks: upgrade
};

// What was being done when the error arose.
enum class Operation : uint8_t {
  kNone,
  kOpen,
  kClose,
  kRead,
  kWrite,
  kSync,
  kRename,
  kRemove,
  kList,
  kLock,
  kMap,
  kDecode,
  kDecompress,
  kCommit,
  kFlush,
  kCompact,
  kRecover,
  kScan,
  kConfigure,
};

// Which family of file `Error::file_number` counts in; together they name a file of the database directory.
enum class FileKind : uint8_t { kNone, kCurrent, kManifest, kLog, kTable, kBlob, kLock, kDirectory, kOther };

// A failure. Trivially copyable; no text is owned: `reason` is a string literal with static lifetime.
struct NACRE_API Error {
  ErrorKind kind = ErrorKind::kIo;
  Operation operation = Operation::kNone;
  FileKind file_kind = FileKind::kNone;
  int32_t system_errno = 0;      // errno of the failed system call, 0 if none
  uint64_t file_number = 0;      // number in the file's name, 0 if none
  uint64_t offset = 0;           // byte offset in that file, 0 if none or at the start
  const char* reason = nullptr;  // what is wrong and what to do, a static string; may be null

  // One line for people, e.g. "corruption while reading 000013.sst at offset 8192: block checksum mismatch".
  std::string to_string() const;
};
static_assert(std::is_trivially_copyable_v<Error>);

NACRE_API std::string_view to_string(ErrorKind kind);
NACRE_API std::string_view to_string(Operation operation);

// Ends the process after printing the error: what Result::value() does to a Result that holds an error.
[[noreturn]] NACRE_API void die_of_unchecked_error(const Error& error);
// The same for a question after the error of a success.
[[noreturn]] NACRE_API void die_of_absent_error();

// Either a T or an Error. `value()` on an error prints it and aborts: use it where failure means a bug or in examples. So does
// `error()` on a value.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  Result(const Error& error) : std::expected<T, Error>(std::unexpect, error) {}  // NOLINT(google-explicit-constructor)
  Result(std::expected<T, Error> other) : std::expected<T, Error>(std::move(other)) {}  // NOLINT

  decltype(auto) value() & {
    check();
    return **this;
  }
  decltype(auto) value() const& {
    check();
    return **this;
  }
  auto value() && {
    check();
    if constexpr (!std::is_void_v<T>) return T(*std::move(*this));
  }
  Error& error() {
    if (this->has_value()) die_of_absent_error();
    return std::expected<T, Error>::error();
  }
  const Error& error() const {
    if (this->has_value()) die_of_absent_error();
    return std::expected<T, Error>::error();
  }

 private:
  void check() const {
    if (!this->has_value()) die_of_unchecked_error(this->error());
  }
};

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
 public:
  using std::expected<void, Error>::expected;
  Result(const Error& error)
      : std::expected<void, Error>(std::unexpect, error) {}  // NOLINT(google-explicit-constructor)
  Result(std::expected<void, Error> other) : std::expected<void, Error>(std::move(other)) {}  // NOLINT

  void value() const {
    if (!has_value()) die_of_unchecked_error(error());
  }
  Error& error() {
    if (has_value()) die_of_absent_error();
    return std::expected<void, Error>::error();
  }
  const Error& error() const {
    if (has_value()) die_of_absent_error();
    return std::expected<void, Error>::error();
  }
};

}  // namespace nacre
