// What the files of a database hold.

#include <stdio.h>
#include <string.h>

#include "harness.h"

struct seen {
  int items;
  int entries;
  int blocks;
  int damaged;
  int values;
  int keys;
  int numbers;
  int words;
  int most;  // it goes on for so many items
};

static bool note_item(void* context, const nacre_inspect_item* item) {
  struct seen* seen = context;
  CHECK(item->struct_size == sizeof *item && item->damaged <= 1 && (item->depth > 0 || item->what[0] != '\0'));
  seen->items++;
  seen->entries += strcmp(item->what, "entry") == 0;
  seen->blocks += strcmp(item->what, "block") == 0;
  seen->damaged += (int)item->damaged;
  for (size_t i = 0; i < item->field_count; i++) {
    const nacre_inspect_field* field = &item->fields[i];
    CHECK(field->name[0] != '\0' && field->reserved == 0);
    seen->numbers += field->kind == NACRE_INSPECT_NUMBER;
    seen->words += field->kind == NACRE_INSPECT_WORD && field->text.size > 0;
    seen->keys += field->kind == NACRE_INSPECT_BYTES && strcmp(field->name, "key") == 0 && field->text.size == 6;
    seen->values += field->kind == NACRE_INSPECT_BYTES && strcmp(field->name, "value") == 0;
  }
  return seen->items != seen->most;
}

static char table[600];

static void remember_table(const char* path) { snprintf(table, sizeof table, "%s", path); }

static struct seen look(const char* path, nacre_inspect_options options, int most) {
  struct seen seen = {.most = most};
  options.struct_size = sizeof options;
  OK(nacre_inspect(path, &options, note_item, &seen, &failure));
  return seen;
}

static void a_table_is_shown(void) {
  const nacre_inspect_options plain = {.entries = 0};
  const nacre_inspect_options entries = {.entries = 1};
  const nacre_inspect_options values = {.entries = 1, .values = 1};
  const nacre_inspect_options first = {.block_only = 1};
  const nacre_inspect_options second = {.block_only = 1, .block = 1};
  const struct seen all = look(table, plain, 0);
  CHECK(all.items > 5 && all.blocks > 3 && all.entries == 0 && all.numbers > 10 && all.words > 0 && all.damaged == 0);
  const struct seen with_entries = look(table, entries, 0);
  CHECK(with_entries.entries == 1000 && with_entries.keys >= 1000 && with_entries.values == 0);
  CHECK(look(table, values, 0).values == 1000);
  CHECK(look(table, first, 0).blocks == 1 && look(table, first, 0).entries > 1);
  CHECK(look(table, first, 0).entries < 1000 && look(table, second, 0).entries > 1);
  CHECK(look(table, entries, 7).items == 7);
  struct seen seen = {.most = 0};
  OK(nacre_inspect(table, NULL, note_item, &seen, &failure));
  CHECK(seen.items == all.items);
}

static void wrong_arguments_are_refused(void) {
  struct seen seen = {.most = 0};
  nacre_inspect_options options = {.struct_size = sizeof options, .reserved = 1};
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_inspect(NULL, NULL, note_item, &seen, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_inspect(table, NULL, NULL, &seen, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_inspect(table, &options, note_item, &seen, &failure));
  options.reserved = 0;
  options.block = 1;
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_inspect(table, &options, note_item, &seen, &failure));
  ANSWERS(NACRE_NOT_FOUND, nacre_inspect(new_path(), NULL, note_item, &seen, &failure));
  CHECK(seen.items == 0);
}

void test_inspect(void) {
  const char* path = new_path();
  nacre_db* db = open_database(path, NACRE_OPEN_CREATE_NEW);
  for (int i = 0; i < 1000; i++) {
    char key[20];
    snprintf(key, sizeof key, "%06d", i);
    put(nacre_default_keyspace(db), key, "a value of some length");
  }
  OK(nacre_flush(db, &failure));
  CHECK(each_file(path, ".sst", remember_table) == 1);
  a_table_is_shown();  // while it is in use
  const nacre_inspect_options plain = {.entries = 0};
  CHECK(look(path, plain, 0).items > 3);  // the directory
  OK(nacre_close(db, &failure));
  nacre_db_free(db);
  flip_a_byte(table);
  CHECK(look(table, plain, 0).damaged > 0);
  wrong_arguments_are_refused();
}
