// nacre_check, and the other calls that concern the whole database.

#include <stdio.h>
#include <string.h>

#include "harness.h"

struct heard {
  size_t findings;
  nacre_error last;
  uint64_t done;
  uint64_t all;
};

static void note_finding(void* context, const nacre_error* error, const char* detail) {
  struct heard* heard = context;
  heard->findings++;
  heard->last = *error;
  CHECK(error->struct_size == sizeof *error && detail != NULL && strlen(detail) < 1000);
}
static void note_progress(void* context, uint64_t done, uint64_t all) {
  struct heard* heard = context;
  CHECK(done >= heard->done && done <= all);
  heard->done = done;
  heard->all = all;
}

static void fill(const nacre_keyspace* map) {
  for (int i = 0; i < 1000; i++) {
    char key[20];
    snprintf(key, sizeof key, "%06d", i);
    put(map, key, "a value of some length");
  }
}

void test_check(void) {
  const char* path = new_path();
  nacre_db* db = open_database(path, NACRE_OPEN_CREATE_NEW);
  const nacre_keyspace* map = nacre_default_keyspace(db);
  fill(map);
  OK(nacre_flush(db, &failure));
  fill(map);
  OK(nacre_compact(db, &failure));
  OK(nacre_settle(db, &failure));
  OK(nacre_sync(db, &failure));

  struct heard heard = {0};
  size_t findings = 7;
  OK(nacre_check(db, note_finding, note_progress, &heard, &findings, &failure));
  CHECK(findings == 0 && heard.findings == 0 && heard.all > 1000 && heard.done == heard.all);
  OK(nacre_check(db, NULL, NULL, NULL, NULL, &failure));
  nacre_db_free(db);

  CHECK(each_file(path, ".sst", flip_a_byte) > 0);
  db = open_database(path, NACRE_OPEN_READ_ONLY);
  OK(nacre_check(db, note_finding, NULL, &heard, &findings, &failure));
  CHECK(findings > 0 && heard.findings == findings && heard.last.status == NACRE_CORRUPTION);
  CHECK(heard.last.file_kind == NACRE_FILE_TABLE && heard.last.file_number > 0);
  OK(nacre_check(db, NULL, NULL, NULL, &findings, &failure));
  CHECK(findings == heard.findings);

  nacre_value* value;
  ANSWERS(NACRE_CORRUPTION, nacre_get(nacre_default_keyspace(db), nacre_text("000000"), NULL, &value, &failure));
  CHECK(value == NULL && failure.file_kind == NACRE_FILE_TABLE);
  nacre_cursor* cursor;
  OK(nacre_cursor_create(nacre_default_keyspace(db), NULL, &cursor, &failure));
  CHECK(!nacre_cursor_seek_first(cursor));
  ANSWERS(NACRE_CORRUPTION, nacre_cursor_status(cursor, &failure));
  nacre_cursor_free(cursor);
  nacre_db_free(db);
}
