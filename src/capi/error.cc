// Errors and texts of nacre/c.h.

#include "nacre/error.h"

#include <algorithm>
#include <string>

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/numbers.h"
#include "capi/text.h"

#define NACRE_QUOTED_INNER(number) #number
#define NACRE_QUOTED(number) NACRE_QUOTED_INNER(number)

namespace nacre::capi {

namespace {
constexpr auto kNoKind = ErrorKind{255};  // "unknown error"
}

nacre_error as_c(const Error& error) {
  return {.struct_size = sizeof(nacre_error),
          .status = number_of(error.kind),
          .operation = number_of(error.operation),
          .file_kind = number_of(error.file_kind),
          .system_errno = error.system_errno,
          .file_number = error.file_number,
          .offset = error.offset,
          .reason = error.reason};
}

Error as_cpp(const nacre_error& error) {
  return {.kind = named(number_in(error.status), kNoKind),
          .operation = named(number_in(error.operation), Operation::kNone),
          .file_kind = named(number_in(error.file_kind), FileKind::kNone),
          .system_errno = error.system_errno,
          .file_number = error.file_number,
          .offset = error.offset,
          .reason = error.reason};
}

size_t write_text(Bytes text, char* buffer, size_t buffer_size) {
  if (buffer != nullptr && buffer_size != 0) {
    const size_t fits = std::min(text.size(), buffer_size - 1);
    text.copy(buffer, fits);
    buffer[fits] = '\0';
  }
  return text.size();
}

}  // namespace nacre::capi

using namespace nacre;
using namespace nacre::capi;

const char* nacre_version() {
  return NACRE_QUOTED(NACRE_VERSION_MAJOR) "." NACRE_QUOTED(NACRE_VERSION_MINOR) "." NACRE_QUOTED(NACRE_VERSION_PATCH);
}

nacre_bytes nacre_text(const char* text) { return text == nullptr ? nacre_bytes{} : as_c(Bytes(text)); }

nacre_bytes nacre_string_bytes(const nacre_string* string) {
  return string != nullptr ? as_c(Bytes(string->text)) : nacre_bytes{};
}
void nacre_string_free(nacre_string* string) { delete string; }

size_t nacre_error_message(const nacre_error* error, char* buffer, size_t buffer_size) {
  return at_the_door([&] {
    const Result<nacre_error> known = taken(error);
    if (!known) return write_text(known.error().to_string(), buffer, buffer_size);
    if (number_in(known->status) == NACRE_OK) return write_text(nacre_status_name(NACRE_OK), buffer, buffer_size);
    return write_text(as_cpp(*known).to_string(), buffer, buffer_size);
  });
}

const char* nacre_status_name(int status) {
  if (status == NACRE_OK) return "ok";
  return to_string(named(static_cast<uint32_t>(status), kNoKind)).data();  // of a literal, so it ends with a zero
}
