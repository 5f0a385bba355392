// Events of nacre/c.h.

#include "nacre/events.h"

#include <string>

#include "capi/door.h"
#include "capi/event_sink.h"
#include "capi/numbers.h"
#include "capi/text.h"

namespace nacre::capi {

namespace {

bool has_error(EventKind kind) {
  return kind == EventKind::kWritesStopped || kind == EventKind::kCorruption || kind == EventKind::kBackgroundError ||
         kind == EventKind::kJobGivenUp || kind == EventKind::kNoSpace;
}

nacre_event as_told(const Event& event, const nacre_error* error) {
  return {.struct_size = sizeof(nacre_event),
          .kind = number_of(event.kind),
          .severity = number_of(event.severity),
          .wall_ns = event.wall_ns,
          .database = as_c(event.database),
          .keyspace = as_c(event.keyspace),
          .cause = as_c(event.cause),
          .job = event.job,
          .file_number = event.file_number,
          .offset = event.offset,
          .bytes_in = event.bytes_in,
          .bytes_out = event.bytes_out,
          .files_in = event.files_in,
          .files_out = event.files_out,
          .entries = event.entries,
          .duration_ns = event.duration_ns,
          .file_kind = number_of(event.file_kind),
          .level_from = event.level_from,
          .level_to = event.level_to,
          .reserved = 0,
          .error = error,
          .detail = as_c(event.detail),
          .operation = as_c(event.operation),
          .delay_ns = event.delay_ns,
          .lock_ns = event.lock_ns,
          .log_ns = event.log_ns,
          .sync_ns = event.sync_ns,
          .read_ns = event.read_ns};
}

Result<Event> as_event(const nacre_event& event) {
  Event known{.kind = named(number_in(event.kind), EventKind{255}),
              .severity = named(number_in(event.severity), Severity::kError),
              .wall_ns = event.wall_ns,
              .job = event.job,
              .file_kind = named(number_in(event.file_kind), FileKind::kNone),
              .file_number = event.file_number,
              .offset = event.offset,
              .bytes_in = event.bytes_in,
              .bytes_out = event.bytes_out,
              .files_in = event.files_in,
              .files_out = event.files_out,
              .entries = event.entries,
              .duration_ns = event.duration_ns,
              .level_from = event.level_from,
              .level_to = event.level_to,
              .delay_ns = event.delay_ns,
              .lock_ns = event.lock_ns,
              .log_ns = event.log_ns,
              .sync_ns = event.sync_ns,
              .read_ns = event.read_ns};
  NACRE_TRY_ASSIGN(known.database, as_bytes(event.database));
  NACRE_TRY_ASSIGN(known.keyspace, as_bytes(event.keyspace));
  NACRE_TRY_ASSIGN(known.cause, as_bytes(event.cause));
  NACRE_TRY_ASSIGN(known.detail, as_bytes(event.detail));
  NACRE_TRY_ASSIGN(known.operation, as_bytes(event.operation));
  if (event.error != nullptr) {
    NACRE_TRY_ASSIGN(const nacre_error error, taken(event.error));
    known.error = as_cpp(error);
  }
  return known;
}

}  // namespace

void CallingSink::on_event(const Event& event) noexcept {
  const nacre_error error = as_c(event.error);
  const nacre_event told = as_told(event, has_error(event.kind) ? &error : nullptr);
  call_(context_, &told);
}

}  // namespace nacre::capi

using namespace nacre;
using namespace nacre::capi;

const char* nacre_event_kind_name(int kind) {
  return to_string(named(static_cast<uint32_t>(kind), EventKind{255})).data();  // of a literal, so it ends with a zero
}
const char* nacre_severity_name(int severity) {
  return to_string(named(static_cast<uint32_t>(severity), Severity{255})).data();
}

size_t nacre_event_json(const nacre_event* event, char* buffer, size_t buffer_size) {
  return at_the_door([&]() -> size_t {
    const Result<nacre_event> known = taken(event);
    const Result<Event> translated = known ? as_event(*known) : known.error();
    const bool is_one = event != nullptr && translated.has_value();
    return write_text(is_one ? to_json(*translated) : std::string(), buffer, buffer_size);
  });
}

size_t nacre_event_message(const nacre_event* event, char* buffer, size_t buffer_size) {
  return at_the_door([&]() -> size_t {
    if (event == nullptr) return write_text({}, buffer, buffer_size);
    const Result<nacre_event> known = taken(event);
    if (!known) return write_text(known.error().to_string(), buffer, buffer_size);
    const Result<Event> translated = as_event(*known);
    if (!translated) return write_text(translated.error().to_string(), buffer, buffer_size);
    return write_text(to_string(*translated), buffer, buffer_size);
  });
}
