// Programs that were compiled with an older or newer header than the library.

#include <string.h>

#include "harness.h"

// A newer header's: the struct of today with a field behind it.
typedef struct newer_options {
  nacre_options known;
  uint64_t added;
} newer_options;
typedef struct newer_error {
  nacre_error known;
  uint64_t added;
} newer_error;
typedef struct newer_stats {
  nacre_stats known;
  uint64_t added;
} newer_stats;

static void a_newer_program_may_leave_what_is_new_alone(void) {
  newer_options options;
  memset(&options, 0, sizeof options);
  options.known.struct_size = sizeof options;
  options.known.memory_bytes = (uint64_t)16 << 20;
  nacre_db* db;
  OK(nacre_open(new_path(), &options.known, &db, &failure));
  nacre_db_free(db);
  options.added = (uint64_t)1 << 63;
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_open(new_path(), &options.known, &db, &failure));
  CHECK(strstr(failure.reason, "too old") != NULL);
}

static void an_older_program_gets_the_default_of_what_is_new(void) {
  nacre_options options;
  memset(&options, 0xff, sizeof options);  // what the older struct does not have is not looked at
  options.struct_size = offsetof(nacre_options, memory_bytes);
  options.mode = NACRE_OPEN_CREATE_NEW;
  options.durability = NACRE_DURABILITY_MEMORY;
  nacre_db* db;
  OK(nacre_open(new_path(), &options, &db, &failure));
  nacre_stats stats = {.struct_size = sizeof stats};
  OK(nacre_db_stats(db, &stats, &failure));
  CHECK(stats.memory_ceiling_bytes == (uint64_t)512 << 20);
  nacre_db_free(db);
}

static void what_is_handed_out_fits_the_struct(void) {
  nacre_db* db = new_database();
  put(nacre_default_keyspace(db), "k", "v");

  nacre_stats older;
  memset(&older, 0xaa, sizeof older);
  older.struct_size = offsetof(nacre_stats, operations_written);
  OK(nacre_db_stats(db, &older, &failure));
  CHECK(older.struct_size == offsetof(nacre_stats, operations_written) && older.writes == 1);
  CHECK(older.operations_written == 0xaaaaaaaaaaaaaaaa);

  newer_stats newer;
  memset(&newer, 0xaa, sizeof newer);
  newer.known.struct_size = sizeof newer;
  OK(nacre_db_stats(db, &newer.known, &failure));
  CHECK(newer.known.struct_size == sizeof newer && newer.known.operations_written == 1 && newer.added == 0);
  nacre_options old_options;
  memset(&old_options, 0xaa, sizeof old_options);
  old_options.struct_size = offsetof(nacre_options, log);  // before there was a LOG to choose
  nacre_keyspace_options keyspace = {.struct_size = sizeof keyspace};
  OK(nacre_db_get_options(db, &old_options, &keyspace, &failure));
  CHECK(old_options.keyspace == &keyspace && old_options.on_event == NULL);
  CHECK(old_options.slow_ns == 0xaaaaaaaaaaaaaaaa);
  OK(nacre_db_set_options(db, &old_options, &failure));

  nacre_db_free(db);

  nacre_error old_error;
  memset(&old_error, 0xaa, sizeof old_error);
  old_error.struct_size = offsetof(nacre_error, file_number);
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_open(NULL, NULL, &db, &old_error));
  CHECK(old_error.status == NACRE_INVALID_ARGUMENT && old_error.file_number == 0xaaaaaaaaaaaaaaaa);
  CHECK(nacre_error_message(&old_error, NULL, 0) == strlen("invalid argument"));

  newer_error new_error;
  memset(&new_error, 0xaa, sizeof new_error);
  new_error.known.struct_size = sizeof new_error;
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_open(NULL, NULL, &db, &new_error.known));
  CHECK(new_error.known.status == NACRE_INVALID_ARGUMENT && new_error.added == 0);
}

static void a_size_that_was_not_set_is_refused(void) {
  nacre_db* db = new_database();
  const nacre_keyspace* map = nacre_default_keyspace(db);
  const size_t sizes[] = {0, 1, 7, 9, 44, 4104, (size_t)-8};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const nacre_options options = {.struct_size = sizes[i]};
    const nacre_keyspace_options keyspace_options = {.struct_size = sizes[i]};
    const nacre_write_options write_options = {.struct_size = sizes[i]};
    const nacre_scan_options scan_options = {.struct_size = sizes[i]};
    nacre_stats stats = {.struct_size = sizes[i]};
    nacre_error error = {.struct_size = sizes[i], .status = NACRE_BUSY};
    nacre_options filled = {.struct_size = sizes[i]};
    nacre_keyspace_options keyspace_filled = {.struct_size = sizes[i]};
    nacre_options right = {.struct_size = sizeof right};
    nacre_keyspace_options right_keyspace = {.struct_size = sizeof right_keyspace};
    nacre_publication publication = {.struct_size = sizes[i]};
    nacre_metrics* metrics;
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_db_get_options(db, &filled, &right_keyspace, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_db_get_options(db, &right, &keyspace_filled, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_db_set_options(db, &options, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_keyspace_get_options(map, &keyspace_filled, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_keyspace_set_options(map, &keyspace_options, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_read("x", &publication, &metrics, &failure));
    CHECK(right.memory_bytes == 0 && right_keyspace.block_bytes == 0 && metrics == NULL);
    nacre_db* second;
    nacre_keyspace* created;
    nacre_cursor* cursor;
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_open(new_path(), &options, &second, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_keyspace_create(db, nacre_text("x"), &keyspace_options, &created, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_put(map, nacre_text("k"), nacre_text("v"), &write_options, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_cursor_create(map, &scan_options, &cursor, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_db_stats(db, &stats, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_put(map, nacre_text("k"), nacre_text("v"), NULL, &error));
    CHECK(error.status == NACRE_BUSY && error.struct_size == sizes[i]);
  }
  CHECK(has(map, "k", NULL));
  nacre_db_free(db);
}

void test_struct_size(void) {
  a_newer_program_may_leave_what_is_new_alone();
  an_older_program_gets_the_default_of_what_is_new();
  what_is_handed_out_fits_the_struct();
  a_size_that_was_not_set_is_refused();
}
