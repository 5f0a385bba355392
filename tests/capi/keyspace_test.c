// Keyspaces: writes and reads of one, and their own lives.

#include <string.h>

#include "harness.h"

static void writes_and_reads(const nacre_keyspace* map) {
  put(map, "a", "1");
  put(map, "b", "2");
  put(map, "c", "3");
  put(map, "b", "two");
  CHECK(has(map, "b", "two"));
  OK(nacre_erase(map, nacre_text("a"), NULL, &failure));
  OK(nacre_erase(map, nacre_text("was never there"), NULL, &failure));
  CHECK(has(map, "a", NULL));

  bool found = false;
  OK(nacre_contains(map, nacre_text("c"), NULL, &found, &failure));
  CHECK(found);
  OK(nacre_contains(map, nacre_text("a"), NULL, &found, &failure));
  CHECK(!found);

  const nacre_bytes keys[] = {nacre_text("c"), nacre_text("a"), nacre_text("b"), nacre_text("c")};
  nacre_value* values[4];
  OK(nacre_multi_get(map, keys, 4, NULL, values, &failure));
  CHECK(holds(values[0], "3") && holds(values[1], NULL) && holds(values[2], "two") && holds(values[3], "3"));
  OK(nacre_multi_get(map, NULL, 0, NULL, NULL, &failure));

  OK(nacre_erase_range(map, nacre_text("b"), nacre_text("c"), NULL, &failure));
  CHECK(has(map, "b", NULL) && has(map, "c", "3"));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_erase_range(map, nacre_text("c"), nacre_text("c"), NULL, &failure));
}

static void snapshots_hold_their_moment(nacre_db* db, const nacre_keyspace* map) {
  put(map, "s", "before");
  nacre_snapshot* then;
  OK(nacre_snapshot_create(db, &then, &failure));
  const uint64_t sequence = nacre_snapshot_sequence(then);
  put(map, "s", "after");
  put(map, "t", "new");
  CHECK(nacre_snapshot_sequence(then) == sequence && sequence > 0);

  nacre_value* value;
  OK(nacre_get(map, nacre_text("s"), then, &value, &failure));
  CHECK(holds(value, "before"));
  bool found;
  OK(nacre_contains(map, nacre_text("t"), then, &found, &failure));
  CHECK(!found);
  const nacre_bytes keys[] = {nacre_text("s"), nacre_text("t")};
  nacre_value* values[2];
  OK(nacre_multi_get(map, keys, 2, then, values, &failure));
  CHECK(holds(values[0], "before") && holds(values[1], NULL));
  nacre_snapshot_free(then);
  CHECK(has(map, "s", "after"));
}

static void writes_of_each_durability(const nacre_keyspace* map) {
  for (int durability = NACRE_DURABILITY_DEFAULT; durability <= NACRE_DURABILITY_DISK; durability++) {
    const nacre_write_options options = {.struct_size = sizeof options,
                                         .durability = (nacre_durability)durability,
                                         .fail_if_delayed = durability % 2 == 0};
    OK(nacre_put(map, nacre_text("d"), nacre_text("v"), &options, &failure));
    OK(nacre_erase_range(map, nacre_text("d"), nacre_text("e"), &options, &failure));
    OK(nacre_put(map, nacre_text("d"), nacre_text("v"), &options, &failure));
    OK(nacre_erase(map, nacre_text("d"), &options, &failure));
    CHECK(has(map, "d", NULL));
  }
  const nacre_write_options options = {.struct_size = sizeof options, .durability = (nacre_durability)4};
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_put(map, nacre_text("d"), nacre_text("v"), &options, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_erase(map, nacre_text("d"), &options, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_erase_range(map, nacre_text("d"), nacre_text("e"), &options, &failure));
}

static void a_value_stays_as_it_was_read(nacre_db* db, const nacre_keyspace* map) {
  put(map, "v", "first");
  nacre_value* in_memory;
  OK(nacre_get(map, nacre_text("v"), NULL, &in_memory, &failure));
  OK(nacre_flush(db, &failure));
  nacre_value* in_table;
  OK(nacre_get(map, nacre_text("v"), NULL, &in_table, &failure));
  put(map, "v", "second");
  OK(nacre_flush(db, &failure));
  OK(nacre_compact(db, &failure));
  CHECK(holds(in_memory, "first") && holds(in_table, "first") && has(map, "v", "second"));
}

struct names {
  int count;
  char all[200];
};
static void note_name(void* context, nacre_bytes name) {
  struct names* names = context;
  names->count++;
  strncat(names->all, name.data, name.size);
  strcat(names->all, ",");
}

static void they_are_opened_created_listed_and_dropped(nacre_db* db) {
  nacre_keyspace* opened;
  OK(nacre_keyspace_open(db, nacre_text("orders"), &opened, &failure));
  CHECK(same(nacre_keyspace_name(opened), "orders"));
  CHECK(nacre_keyspace_id(opened) != nacre_keyspace_id(nacre_default_keyspace(db)));
  put(opened, "k", "v");
  CHECK(has(nacre_default_keyspace(db), "k", NULL));

  nacre_keyspace* again;
  OK(nacre_keyspace_open(db, nacre_text("orders"), &again, &failure));
  CHECK(nacre_keyspace_id(again) == nacre_keyspace_id(opened) && has(again, "k", "v"));
  nacre_keyspace_free(again);
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_keyspace_create(db, nacre_text("orders"), NULL, &again, &failure));
  CHECK(again == NULL);
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_keyspace_open(db, nacre_text(""), &again, &failure));

  for (int i = 0; i < 4; i++) {
    const char* names[] = {"0", "1", "2", "3"};
    const nacre_keyspace_options options = {.struct_size = sizeof options,
                                            .compression = (nacre_compression)i,
                                            .bottom_compression = (nacre_compression)(3 - i),
                                            .shape = (nacre_compaction_shape)(i % 3),
                                            .filter_bits_per_key = i == 0 ? NACRE_NO_FILTER : 24,
                                            .block_bytes = i == 0 ? 1024 : 65536};
    OK(nacre_keyspace_create(db, nacre_text(names[i]), &options, &again, &failure));
    writes_and_reads(again);
    a_value_stays_as_it_was_read(db, again);
    nacre_keyspace_free(again);
  }

  struct names names = {0, ""};
  OK(nacre_keyspace_names(db, note_name, &names, &failure));
  CHECK(names.count == 6 && strstr(names.all, "orders,") != NULL && strstr(names.all, "3,") != NULL);

  OK(nacre_keyspace_drop(db, nacre_text("orders"), &failure));
  ANSWERS(NACRE_NOT_FOUND, nacre_keyspace_drop(db, nacre_text("orders"), &failure));
  ANSWERS(NACRE_NOT_FOUND, nacre_put(opened, nacre_text("k"), nacre_text("v"), NULL, &failure));
  CHECK(same(nacre_keyspace_name(opened), "orders"));
  nacre_keyspace_free(opened);
}

void test_keyspace(void) {
  nacre_db* db = new_database();
  const nacre_keyspace* map = nacre_default_keyspace(db);
  writes_and_reads(map);
  snapshots_hold_their_moment(db, map);
  writes_of_each_durability(map);
  a_value_stays_as_it_was_read(db, map);
  they_are_opened_created_listed_and_dropped(db);
  OK(nacre_sync(db, &failure));
  OK(nacre_close(db, &failure));
  nacre_db_free(db);
}
