// Texts, the version, and bytes of any values as keys and values.

#include <stdio.h>
#include <string.h>

#include "harness.h"

static void texts_and_versions(void) {
  CHECK(nacre_text("abc").size == 3 && memcmp(nacre_text("abc").data, "abc", 3) == 0);
  CHECK(nacre_text("").size == 0 && nacre_text("").data != NULL);
  CHECK(nacre_text(NULL).size == 0 && nacre_text(NULL).data == NULL);

  char version[32];
  snprintf(version, sizeof version, "%d.%d.%d", NACRE_VERSION_MAJOR, NACRE_VERSION_MINOR, NACRE_VERSION_PATCH);
  CHECK(strcmp(nacre_version(), version) == 0);
  CHECK(strcmp(NACRE_PROJECT_VERSION, version) == 0);  // that of the build
}

static void any_bytes_are_keys_and_values(void) {
  nacre_db* db = new_database();
  const nacre_keyspace* map = nacre_default_keyspace(db);
  const nacre_bytes key = {"a\0b\xff", 4};
  const nacre_bytes value = {"\0\0\n", 3};
  const nacre_bytes empty = {NULL, 0};
  OK(nacre_put(map, key, value, NULL, &failure));
  OK(nacre_put(map, empty, empty, NULL, &failure));

  nacre_value* found;
  OK(nacre_get(map, key, NULL, &found, &failure));
  CHECK(found != NULL && nacre_value_bytes(found).size == 3 && memcmp(nacre_value_bytes(found).data, "\0\0\n", 3) == 0);
  nacre_value_free(found);
  OK(nacre_get(map, nacre_text("a"), NULL, &found, &failure));
  CHECK(holds(found, NULL));
  CHECK(has(map, "", ""));
  nacre_db_free(db);
}

void test_bytes(void) {
  texts_and_versions();
  any_bytes_are_keys_and_values();
}
