// The file LOG, and what is slow.

#include <stdio.h>
#include <string.h>

#include "harness.h"

static nacre_log_options log_options = {.struct_size = sizeof log_options};
static nacre_options options = {.struct_size = sizeof options, .memory_bytes = (uint64_t)16 << 20, .log = &log_options};

static void use(const char* path) {
  nacre_db* db;
  OK(nacre_open(path, &options, &db, &failure));
  put(nacre_default_keyspace(db), "k", "v");
  OK(nacre_flush(db, &failure));
  nacre_db_free(db);
}

static void lines_are_as_wanted(void) {
  const char* path = new_path();
  use(path);
  CHECK(strstr(text_of_file(path, "LOG"), " flush_started ") != NULL);

  path = new_path();
  log_options.format = NACRE_LOG_JSON;
  log_options.least = NACRE_SEVERITY_INFO;
  use(path);
  const char* text = text_of_file(path, "LOG");
  CHECK(text[0] == '{' && strstr(text, "\"flush_finished\"") != NULL && strstr(text, "flush_started") == NULL);

  path = new_path();
  log_options.disabled = 1;
  use(path);
  CHECK(text_of_file(path, "LOG") == NULL);
  log_options.disabled = 0;
}

static void write_file(const char* directory, const char* name, size_t bytes) {
  char path[400];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE* file = fopen(path, "w");
  CHECK(file != NULL);
  const char begin[] = "2026-01-01T00:00:00.000000Z ";  // a LOG of Nacre's begins so
  for (size_t i = 0; i < bytes; i++)
    CHECK(fputc(i < sizeof begin - 1 ? begin[i] : i % 64 == 63 ? '\n' : 'x', file) != EOF);
  CHECK(fclose(file) == 0);
}

// Of a database whose LOG has 64 KiB, and that has a LOG.1.
static const char* with_long_log(uint64_t file_bytes, uint32_t files) {
  const char* path = new_path();
  log_options = (nacre_log_options){.struct_size = sizeof log_options, .disabled = 1};
  use(path);
  write_file(path, "LOG", 64 << 10);
  write_file(path, "LOG.1", 40);
  log_options = (nacre_log_options){.struct_size = sizeof log_options, .files = files, .file_bytes = file_bytes};
  use(path);
  return path;
}

static bool has_bytes(const char* directory, const char* name, size_t bytes) {
  return strlen(text_of_file(directory, name)) == bytes;
}

static void files_are_as_large_and_many_as_wanted(void) {
  const char* path = with_long_log(64 << 10, 2);
  CHECK(has_bytes(path, "LOG.1", 64 << 10) && text_of_file(path, "LOG.2") == NULL);
  path = with_long_log(64 << 10, 3);
  CHECK(has_bytes(path, "LOG.1", 64 << 10) && has_bytes(path, "LOG.2", 40));
  path = with_long_log(80 << 10, 2);
  CHECK(has_bytes(path, "LOG.1", 40) && !has_bytes(path, "LOG", 64 << 10));
}

static void note_slow(void* context, const nacre_event* event) {
  if (event->kind == NACRE_EVENT_SLOW_OPERATION) ++*(int*)context;
}

static int slow_operations(uint64_t slow_ns) {
  int slow = 0;
  options.on_event = note_slow;
  options.event_context = &slow;
  options.slow_ns = slow_ns;
  use(new_path());
  return slow;
}

static void what_is_slow_can_be_said(void) {
  CHECK(slow_operations(1) > 0);
  CHECK(slow_operations(NACRE_NEVER_SLOW) == 0);
}

static void wrong_ones_are_refused(void) {
  nacre_db* db;
#define REFUSED(field, number)                                                      \
  log_options = (nacre_log_options){.struct_size = sizeof log_options};             \
  log_options.field = number;                                                       \
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_open(new_path(), &options, &db, &failure)); \
  CHECK(db == NULL && strstr(failure.reason, #field) != NULL)
  REFUSED(format, 2);
  REFUSED(least, 4);
  REFUSED(least, -1);
  REFUSED(files, 1001);
  REFUSED(file_bytes, (64 << 10) - 1);
  REFUSED(struct_size, 4);
#undef REFUSED
}

void test_log(void) {
  lines_are_as_wanted();
  files_are_as_large_and_many_as_wanted();
  what_is_slow_can_be_said();
  wrong_ones_are_refused();
}
