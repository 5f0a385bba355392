// What a failed call says, and what a successful one leaves alone.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static bool says(const nacre_error* error, const char* message) {
  char text[300];
  const size_t length = nacre_error_message(error, text, sizeof text);
  return length == strlen(message) && strcmp(text, message) == 0;
}

static void a_failure_is_told_and_a_success_writes_nothing(void) {
  nacre_error error = {.struct_size = sizeof error};
  nacre_db* db = (nacre_db*)&error;
  const nacre_options options = {.struct_size = sizeof options, .mode = NACRE_OPEN_MUST_EXIST};
  ANSWERS(NACRE_NOT_FOUND, nacre_open(new_path(), &options, &db, &error));
  CHECK(db == NULL);
  CHECK(error.struct_size == sizeof error && error.status == NACRE_NOT_FOUND &&
        error.operation == NACRE_OPERATION_OPEN);
  CHECK(error.reason != NULL);
  ANSWERS(NACRE_NOT_FOUND, nacre_open(new_path(), &options, &db, NULL));

  db = new_database();
  const nacre_error before = error;
  OK(nacre_put(nacre_default_keyspace(db), nacre_text("k"), nacre_text("v"), NULL, &error));
  CHECK(memcmp(&before, &error, sizeof error) == 0);
  nacre_db_free(db);
}

static void the_system_is_named(void) {
  nacre_error error = {.struct_size = sizeof error};
  nacre_db* db;
  ANSWERS(NACRE_NOT_FOUND, nacre_open("there/is no/such place", NULL, &db, &error));
  CHECK(error.system_errno == ENOENT);
}

static void a_message_fits_or_is_cut(void) {
  const nacre_error error = {.struct_size = sizeof error,
                             .status = NACRE_CORRUPTION,
                             .operation = NACRE_OPERATION_READ,
                             .file_kind = NACRE_FILE_TABLE,
                             .file_number = 13,
                             .offset = 8192,
                             .reason = "block checksum mismatch"};
  const char* message = "corruption while reading 000013.sst at offset 8192: block checksum mismatch";
  const size_t length = strlen(message);
  for (size_t size = 0; size <= length + 2; size++) {
    char* text = malloc(size + 1);
    memset(text, '#', size + 1);
    CHECK(nacre_error_message(&error, text, size) == length);
    const size_t fits = size == 0 ? 0 : size - 1 < length ? size - 1 : length;
    CHECK(strncmp(text, message, fits) == 0);
    CHECK(size == 0 ? text[0] == '#' : text[fits] == '\0');
    CHECK(text[size] == '#');
    free(text);
  }
  CHECK(nacre_error_message(&error, NULL, 0) == length);
  CHECK(nacre_error_message(&error, NULL, 100) == length);
}

static void strange_errors_have_a_message_too(void) {
  nacre_error error = {.struct_size = sizeof error};
  CHECK(says(&error, "ok"));
  CHECK(says(NULL, "ok"));
  memset(&error, 0xff, sizeof error);
  error.struct_size = sizeof error;
  error.reason = "why";
  error.system_errno = 0;
  CHECK(says(&error, "unknown error: why"));
  error.struct_size = 3;
  CHECK(nacre_error_message(&error, NULL, 0) > 0);
}

static void each_status_has_a_name(void) {
  const char* names[] = {"ok",       "not found", "invalid argument", "conflict", "busy",
                         "no space", "I/O error", "corruption",       "closed",   "unsupported"};
  for (int status = 0; status < 10; status++) CHECK(strcmp(nacre_status_name(status), names[status]) == 0);
  CHECK(strcmp(nacre_status_name(-1), "unknown error") == 0);
  CHECK(strcmp(nacre_status_name(10), "unknown error") == 0);
  CHECK(strcmp(nacre_status_name(256), "unknown error") == 0);
}

void test_error(void) {
  a_failure_is_told_and_a_success_writes_nothing();
  the_system_is_named();
  a_message_fits_or_is_cut();
  strange_errors_have_a_message_too();
  each_status_has_a_name();
}
