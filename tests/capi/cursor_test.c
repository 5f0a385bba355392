// Cursors and scans: each way to stand on an entry, each bound, both directions.

#include <string.h>

#include "harness.h"

static nacre_cursor* cursor_of(const nacre_keyspace* map, const nacre_scan_options* options) {
  nacre_cursor* cursor;
  OK(nacre_cursor_create(map, options, &cursor, &failure));
  return cursor;
}

static bool stands_on(const nacre_cursor* cursor, const char* key, const char* value) {
  return nacre_cursor_valid(cursor) && same(nacre_cursor_key(cursor), key) && same(nacre_cursor_value(cursor), value) &&
         nacre_cursor_status(cursor, &failure) == NACRE_OK;
}

static bool stands_nowhere(const nacre_cursor* cursor) {
  return !nacre_cursor_valid(cursor) && nacre_cursor_key(cursor).data == NULL && nacre_cursor_key(cursor).size == 0 &&
         nacre_cursor_value(cursor).data == NULL && nacre_cursor_status(cursor, &failure) == NACRE_OK;
}

static void each_positioning(const nacre_keyspace* map) {
  nacre_cursor* cursor = cursor_of(map, NULL);
  CHECK(stands_nowhere(cursor) && !nacre_cursor_next(cursor) && !nacre_cursor_prev(cursor));
  CHECK(nacre_cursor_seek_first(cursor) && stands_on(cursor, "a1", "1"));
  CHECK(nacre_cursor_next(cursor) && stands_on(cursor, "a2", "2"));
  CHECK(nacre_cursor_next(cursor) && nacre_cursor_next(cursor) && stands_on(cursor, "c1", "4"));
  CHECK(!nacre_cursor_next(cursor) && stands_nowhere(cursor) && !nacre_cursor_prev(cursor));
  CHECK(nacre_cursor_seek_last(cursor) && stands_on(cursor, "c1", "4"));
  CHECK(nacre_cursor_prev(cursor) && stands_on(cursor, "b1", "3"));
  CHECK(nacre_cursor_seek(cursor, nacre_text("a2")) && stands_on(cursor, "a2", "2"));
  CHECK(nacre_cursor_seek(cursor, nacre_text("a3")) && stands_on(cursor, "b1", "3"));
  CHECK(!nacre_cursor_seek(cursor, nacre_text("d")) && stands_nowhere(cursor));
  CHECK(nacre_cursor_seek_before(cursor, nacre_text("b1")) && stands_on(cursor, "a2", "2"));
  CHECK(nacre_cursor_prev(cursor) && stands_on(cursor, "a1", "1"));
  CHECK(!nacre_cursor_prev(cursor) && stands_nowhere(cursor));
  CHECK(!nacre_cursor_seek_before(cursor, nacre_text("a1")) && stands_nowhere(cursor));
  nacre_cursor_seek(cursor, nacre_text("b"));
  CHECK(nacre_cursor_seek(cursor, nacre_cursor_key(cursor)) && stands_on(cursor, "b1", "3"));  // its own view
  nacre_cursor_free(cursor);
}

static void a_key_without_data_is_refused(const nacre_keyspace* map) {
  const nacre_bytes none = {NULL, 1};
  nacre_cursor* cursor = cursor_of(map, NULL);
  nacre_cursor_seek_first(cursor);
  CHECK(!nacre_cursor_seek(cursor, none) && !nacre_cursor_valid(cursor) && nacre_cursor_key(cursor).data == NULL);
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_cursor_status(cursor, &failure));
  CHECK(!nacre_cursor_next(cursor) && !nacre_cursor_prev(cursor));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_cursor_status(cursor, &failure));
  CHECK(nacre_cursor_seek_first(cursor) && stands_on(cursor, "a1", "1"));
  CHECK(!nacre_cursor_seek_before(cursor, none));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_cursor_status(cursor, &failure));
  CHECK(nacre_cursor_seek(cursor, nacre_text("b")) && stands_on(cursor, "b1", "3"));
  nacre_cursor_free(cursor);
}

struct keys {
  char all[100];
  int most;
};
static bool note_key(void* context, nacre_bytes key, nacre_bytes value) {
  struct keys* keys = context;
  strncat(keys->all, key.data, key.size);
  strncat(keys->all, "=", 2);
  strncat(keys->all, value.data, value.size);
  strncat(keys->all, " ", 2);
  return --keys->most != 0;
}

// What a scan and a cursor with `options` show.
static void shows(const nacre_keyspace* map, const nacre_scan_options* options, const char* expected) {
  struct keys scanned = {"", -1};
  OK(nacre_scan(map, options, note_key, &scanned, &failure));
  CHECK(strcmp(scanned.all, expected) == 0);

  struct keys walked = {"", -1};
  nacre_cursor* cursor = cursor_of(map, options);
  const bool reverse = options != NULL && options->reverse != 0;
  uint64_t left = options != NULL && options->limit != 0 ? options->limit : UINT64_MAX;
  bool on = reverse ? nacre_cursor_seek_last(cursor) : nacre_cursor_seek_first(cursor);
  while (on && left-- > 0) {
    note_key(&walked, nacre_cursor_key(cursor), nacre_cursor_value(cursor));
    on = reverse ? nacre_cursor_prev(cursor) : nacre_cursor_next(cursor);
  }
  OK(nacre_cursor_status(cursor, &failure));
  nacre_cursor_free(cursor);
  CHECK(strcmp(walked.all, expected) == 0);
}

static void each_bound(const nacre_keyspace* map) {
  nacre_scan_options options = {.struct_size = sizeof options};
  shows(map, NULL, "a1=1 a2=2 b1=3 c1=4 ");
  shows(map, &options, "a1=1 a2=2 b1=3 c1=4 ");
  options.prefix = nacre_text("a");
  shows(map, &options, "a1=1 a2=2 ");
  options.reverse = 1;
  shows(map, &options, "a2=2 a1=1 ");
  options.limit = 1;
  shows(map, &options, "a2=2 ");
  options = (nacre_scan_options){.struct_size = sizeof options, .from = nacre_text("a2")};
  shows(map, &options, "a2=2 b1=3 c1=4 ");
  options.to = nacre_text("c1");
  shows(map, &options, "a2=2 b1=3 ");
  options.limit = 2;
  shows(map, &options, "a2=2 b1=3 ");
  options.prefix = nacre_text("b");
  shows(map, &options, "b1=3 ");
  options =
      (nacre_scan_options){.struct_size = sizeof options, .to = nacre_text("")};  // a bound, and none is before it
  shows(map, &options, "");

  struct keys two = {"", 2};
  OK(nacre_scan(map, NULL, note_key, &two, &failure));
  CHECK(strcmp(two.all, "a1=1 a2=2 ") == 0);
}

static void wrong_bounds_are_refused(const nacre_keyspace* map) {
  const nacre_bytes none = {NULL, 1};
  nacre_scan_options options[4];
  for (int i = 0; i < 4; i++) options[i] = (nacre_scan_options){.struct_size = sizeof options[i]};
  options[0].prefix = none;
  options[1].from = none;
  options[2].to = none;
  options[3].reserved = 1;
  for (int i = 0; i < 4; i++) {
    nacre_cursor* cursor = (nacre_cursor*)&options;
    struct keys keys = {"", -1};
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_cursor_create(map, &options[i], &cursor, &failure));
    CHECK(cursor == NULL);
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_scan(map, &options[i], note_key, &keys, &failure));
    CHECK(keys.all[0] == '\0');
  }
}

static void they_stand_still_in_time(nacre_db* db, const nacre_keyspace* map) {
  nacre_snapshot* then;
  OK(nacre_snapshot_create(db, &then, &failure));
  nacre_cursor* now = cursor_of(map, NULL);
  put(map, "a0", "0");
  OK(nacre_erase(map, nacre_text("a1"), NULL, &failure));
  OK(nacre_flush(db, &failure));
  CHECK(nacre_cursor_seek_first(now) && stands_on(now, "a1", "1"));
  nacre_cursor_free(now);

  nacre_scan_options options = {.struct_size = sizeof options, .prefix = nacre_text("a"), .snapshot = then};
  shows(map, &options, "a1=1 a2=2 ");
  nacre_cursor* held = cursor_of(map, &options);
  nacre_snapshot_free(then);
  CHECK(nacre_cursor_seek_first(held) && stands_on(held, "a1", "1"));
  nacre_cursor_free(held);
  options.snapshot = NULL;
  shows(map, &options, "a0=0 a2=2 ");
}

void test_cursor(void) {
  nacre_db* db = new_database();
  nacre_keyspace* named;
  OK(nacre_keyspace_open(db, nacre_text("named"), &named, &failure));
  const nacre_keyspace* maps[] = {nacre_default_keyspace(db), named};
  for (int i = 0; i < 2; i++) {
    put(maps[i], "a1", "1");
    put(maps[i], "a2", "2");
    OK(nacre_flush(db, &failure));
    put(maps[i], "b1", "3");
    put(maps[i], "c1", "4");
    each_positioning(maps[i]);
    a_key_without_data_is_refused(maps[i]);
    each_bound(maps[i]);
    wrong_bounds_are_refused(maps[i]);
    they_stand_still_in_time(db, maps[i]);
  }
  nacre_keyspace_free(named);
  nacre_db_free(db);
}
