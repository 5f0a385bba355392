// Opening with every option, closing, and opening again.

#include <string.h>

#include "harness.h"

static nacre_status open_in_mode(const char* path, nacre_open_mode mode, nacre_db** db) {
  const nacre_options options = {.struct_size = sizeof options, .mode = mode, .memory_bytes = (uint64_t)16 << 20};
  return nacre_open(path, &options, db, &failure);
}

static void each_mode(void) {
  const char* path = new_path();
  nacre_db* db;
  ANSWERS(NACRE_NOT_FOUND, open_in_mode(path, NACRE_OPEN_MUST_EXIST, &db));
  ANSWERS(NACRE_NOT_FOUND, open_in_mode(path, NACRE_OPEN_READ_ONLY, &db));
  OK(open_in_mode(path, NACRE_OPEN_CREATE_NEW, &db));
  put(nacre_default_keyspace(db), "k", "v");

  nacre_db* second;
  ANSWERS(NACRE_BUSY, open_in_mode(path, NACRE_OPEN_MUST_EXIST, &second));
  CHECK(second == NULL);
  OK(nacre_close(db, &failure));
  ANSWERS(NACRE_CLOSED, nacre_close(db, &failure));
  nacre_db_free(db);

  ANSWERS(NACRE_INVALID_ARGUMENT, open_in_mode(path, NACRE_OPEN_CREATE_NEW, &db));
  OK(open_in_mode(path, NACRE_OPEN_READ_ONLY, &db));
  OK(open_in_mode(path, NACRE_OPEN_READ_ONLY, &second));
  CHECK(has(nacre_default_keyspace(db), "k", "v"));
  ANSWERS(NACRE_INVALID_ARGUMENT,
          nacre_put(nacre_default_keyspace(db), nacre_text("k"), nacre_text("w"), NULL, &failure));
  nacre_db_free(second);
  nacre_db_free(db);

  OK(open_in_mode(path, NACRE_OPEN_CREATE_IF_MISSING, &db));
  CHECK(has(nacre_default_keyspace(db), "k", "v"));
  nacre_db_free(db);
  OK(nacre_open(path, NULL, &db, &failure));  // all defaults
  nacre_db_free(db);
}

static void every_choice_opens(void) {
  for (int durability = NACRE_DURABILITY_DEFAULT; durability <= NACRE_DURABILITY_DISK; durability++) {
    for (int memtable = NACRE_MEMTABLE_BTREE; memtable <= NACRE_MEMTABLE_SKIP_LIST; memtable++) {
      const nacre_options options = {.struct_size = sizeof options,
                                     .durability = (nacre_durability)durability,
                                     .memory_bytes = (uint64_t)16 << 20,
                                     .memtable = (nacre_memtable_kind)memtable,
                                     .row_cache_percent = memtable == NACRE_MEMTABLE_BTREE ? 0 : 50};
      const char* path = new_path();
      nacre_db* db;
      OK(nacre_open(path, &options, &db, &failure));
      put(nacre_default_keyspace(db), "k", "v");
      OK(nacre_close(db, &failure));
      nacre_db_free(db);
      db = open_database(path, NACRE_OPEN_MUST_EXIST);
      CHECK(has(nacre_default_keyspace(db), "k", "v"));
      nacre_db_free(db);
    }
  }
}

static void options_out_of_range_are_refused(void) {
  const char* path = new_path();
  nacre_keyspace_options keyspace = {.struct_size = sizeof keyspace};
  nacre_options options = {.struct_size = sizeof options, .keyspace = &keyspace};
  nacre_db* db;
#define REFUSED(field, number)                                                \
  field = number;                                                             \
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_open(path, &options, &db, &failure)); \
  CHECK(failure.operation == NACRE_OPERATION_CONFIGURE);                      \
  CHECK(strstr(failure.reason, strchr(#field, '.') + 1) != NULL);             \
  field = 0
  REFUSED(options.mode, 4);
  REFUSED(options.mode, -1);
  REFUSED(options.durability, 4);
  REFUSED(options.memtable, 2);
  REFUSED(options.memory_bytes, ((uint64_t)16 << 20) - 1);
  REFUSED(options.row_cache_percent, 51);
  REFUSED(keyspace.compression, 4);
  REFUSED(keyspace.bottom_compression, 0x7fffffff);
  REFUSED(keyspace.shape, 3);
  REFUSED(keyspace.filter_bits_per_key, 25);
  REFUSED(keyspace.block_bytes, 1023);
  REFUSED(keyspace.block_bytes, 65537);
  REFUSED(keyspace.block_bytes, ((uint64_t)1 << 32) + 8192);
#undef REFUSED
  CHECK(each_file(path, "", NULL) == 0);
  OK(nacre_open(path, &options, &db, &failure));
  nacre_db_free(db);
}

void test_open(void) {
  each_mode();
  every_choice_opens();
  options_out_of_range_are_refused();
}
