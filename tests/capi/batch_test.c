// Batches: all or nothing, in order, across keyspaces.

#include <stdlib.h>

#include "harness.h"

static void all_goes_in_in_order(nacre_db* db, const nacre_keyspace* map, const nacre_keyspace* other) {
  put(map, "old", "1");
  nacre_batch* batch = nacre_batch_create();
  CHECK(nacre_batch_count(batch) == 0);
  const uint64_t empty_bytes = nacre_batch_size_bytes(batch);
  OK(nacre_write(db, batch, NULL, &failure));  // nothing

  nacre_batch_put(batch, map, nacre_text("a"), nacre_text("1"));
  nacre_batch_put(batch, map, nacre_text("a"), nacre_text("2"));
  nacre_batch_put(batch, other, nacre_text("a"), nacre_text("3"));
  nacre_batch_put(batch, map, nacre_text("b"), nacre_text("4"));
  nacre_batch_erase(batch, map, nacre_text("b"));
  nacre_batch_erase_range(batch, map, nacre_text("o"), nacre_text("p"));
  CHECK(nacre_batch_count(batch) == 6 && nacre_batch_size_bytes(batch) > empty_bytes);
  CHECK(has(map, "a", NULL));

  const nacre_write_options options = {.struct_size = sizeof options, .durability = NACRE_DURABILITY_DISK};
  OK(nacre_write(db, batch, &options, &failure));
  CHECK(has(map, "a", "2") && has(other, "a", "3") && has(map, "b", NULL) && has(map, "old", NULL));

  put(map, "a", "later");
  OK(nacre_write(db, batch, NULL, &failure));  // once more
  CHECK(has(map, "a", "2"));
  nacre_batch_clear(batch);
  CHECK(nacre_batch_count(batch) == 0 && nacre_batch_size_bytes(batch) == empty_bytes);
  OK(nacre_write(db, batch, NULL, &failure));
  nacre_batch_free(batch);
}

static void keys_and_values_are_copied(nacre_db* db, const nacre_keyspace* map) {
  nacre_batch* batch = nacre_batch_create();
  char key[] = "key";
  char value[] = "value";
  nacre_batch_put(batch, map, nacre_text(key), nacre_text(value));
  key[0] = value[0] = '#';
  OK(nacre_write(db, batch, NULL, &failure));
  CHECK(has(map, "key", "value"));
  nacre_batch_free(batch);
}

static void one_wrong_change_refuses_the_batch(nacre_db* db, const nacre_keyspace* map) {
  nacre_db* other_db = new_database();
  const nacre_bytes none = {NULL, 1};
  nacre_batch* batch = nacre_batch_create();
  char* long_key = calloc(1, 70000);
  for (int wrong = 0; wrong < 8; wrong++) {
    nacre_batch_put(batch, map, nacre_text("w"), nacre_text("1"));
    if (wrong == 0) nacre_batch_put(batch, NULL, nacre_text("w"), nacre_text("2"));
    if (wrong == 1) nacre_batch_put(batch, map, none, nacre_text("2"));
    if (wrong == 2) nacre_batch_put(batch, map, nacre_text("w"), none);
    if (wrong == 3) nacre_batch_erase(batch, map, none);
    if (wrong == 4) nacre_batch_erase_range(batch, map, nacre_text("w"), none);
    if (wrong == 5) nacre_batch_erase_range(batch, map, nacre_text("w"), nacre_text("w"));
    if (wrong == 6) nacre_batch_put(batch, nacre_default_keyspace(other_db), nacre_text("w"), nacre_text("2"));
    if (wrong == 7) nacre_batch_erase(batch, map, (nacre_bytes){long_key, 70000});
    nacre_batch_put(batch, map, nacre_text("w"), nacre_text("3"));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_write(db, batch, NULL, &failure));
    CHECK(failure.operation == NACRE_OPERATION_WRITE && has(map, "w", NULL));
    nacre_batch_clear(batch);
  }
  free(long_key);
  const nacre_write_options options = {.struct_size = sizeof options, .durability = (nacre_durability)4};
  nacre_batch_put(batch, map, nacre_text("w"), nacre_text("1"));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_write(db, batch, &options, &failure));
  OK(nacre_write(db, batch, NULL, &failure));
  CHECK(has(map, "w", "1"));
  nacre_batch_free(batch);
  nacre_db_free(other_db);
}

void test_batch(void) {
  nacre_db* db = new_database();
  nacre_keyspace* other;
  OK(nacre_keyspace_open(db, nacre_text("other"), &other, &failure));
  all_goes_in_in_order(db, nacre_default_keyspace(db), other);
  keys_and_values_are_copied(db, nacre_default_keyspace(db));
  one_wrong_change_refuses_the_batch(db, nacre_default_keyspace(db));
  nacre_keyspace_free(other);
  nacre_db_free(db);
}
