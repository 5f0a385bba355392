#include "capi/event_sink.h"

#include <gtest/gtest.h>

#include <string>

namespace nacre::capi {
namespace {

struct Heard {
  std::string line;
  bool had_error = false;
  nacre_severity severity = NACRE_SEVERITY_DEBUG;
};

void note(void* context, const nacre_event* event) {
  auto* heard = static_cast<Heard*>(context);
  char line[500];
  EXPECT_LT(nacre_event_message(event, line, sizeof line), sizeof line);
  heard->line = line;
  heard->had_error = event->error != nullptr;
  heard->severity = event->severity;
}

TEST(CallingSinkTest, TellsEveryEventWithAllThatItHolds) {
  for (int kind = 0; kind <= static_cast<int>(EventKind::kCompactionDeclined); kind++) {
    const Event event{.kind = static_cast<EventKind>(kind),
                      .severity = Severity::kWarning,
                      .wall_ns = 1,
                      .database = "data",
                      .keyspace = "orders",
                      .cause = "why",
                      .detail = "what",
                      .operation = "put",
                      .job = 2,
                      .file_kind = FileKind::kLog,
                      .file_number = 3,
                      .offset = 4,
                      .bytes_in = 5,
                      .bytes_out = 6,
                      .files_in = 7,
                      .files_out = 8,
                      .entries = 9,
                      .duration_ns = 10,
                      .level_from = 11,
                      .level_to = 12,
                      .delay_ns = 13,
                      .lock_ns = 14,
                      .log_ns = 15,
                      .sync_ns = 16,
                      .read_ns = 17,
                      .error = {.kind = ErrorKind::kCorruption,
                                .operation = Operation::kDecode,
                                .file_kind = FileKind::kTable,
                                .system_errno = 5,
                                .file_number = 13,
                                .offset = 14,
                                .reason = "wrong"}};
    Heard heard;
    CallingSink(note, &heard).on_event(event);
    EXPECT_EQ(heard.line, to_string(event));
    EXPECT_EQ(heard.had_error, heard.line.find("error=") != std::string::npos) << heard.line;
    EXPECT_EQ(heard.severity, NACRE_SEVERITY_WARNING);
  }
}

}  // namespace
}  // namespace nacre::capi
