// Transactions: their own changes, conflicts, ranges.

#include <string.h>

#include "harness.h"

static nacre_transaction* begin(nacre_db* db) {
  nacre_transaction* transaction;
  OK(nacre_transaction_begin(db, &transaction, &failure));
  return transaction;
}

static bool sees(nacre_transaction* transaction, const nacre_keyspace* map, const char* key, const char* text) {
  nacre_value* value;
  OK(nacre_transaction_get(transaction, map, nacre_text(key), &value, &failure));
  return holds(value, text);
}

static void they_see_their_own_changes_and_others_do_not(nacre_db* db, const nacre_keyspace* map,
                                                         const nacre_keyspace* other) {
  put(map, "a", "1");
  nacre_transaction* transaction = begin(db);
  OK(nacre_transaction_put(transaction, map, nacre_text("b"), nacre_text("2"), &failure));
  OK(nacre_transaction_put(transaction, other, nacre_text("b"), nacre_text("3"), &failure));
  OK(nacre_transaction_erase(transaction, map, nacre_text("a"), &failure));
  CHECK(sees(transaction, map, "a", NULL) && sees(transaction, map, "b", "2") && sees(transaction, other, "b", "3"));
  CHECK(has(map, "a", "1") && has(map, "b", NULL) && has(other, "b", NULL));
  const nacre_write_options options = {.struct_size = sizeof options, .durability = NACRE_DURABILITY_DISK};
  OK(nacre_transaction_commit(transaction, &options, &failure));
  CHECK(has(map, "a", NULL) && has(map, "b", "2") && has(other, "b", "3"));

  OK(nacre_transaction_put(transaction, map, nacre_text("b"), nacre_text("lost"), &failure));
  nacre_transaction_rollback(transaction);
  OK(nacre_transaction_commit(transaction, NULL, &failure));
  OK(nacre_transaction_put(transaction, map, nacre_text("b"), nacre_text("lost"), &failure));
  nacre_transaction_free(transaction);
  CHECK(has(map, "b", "2"));
}

static void the_second_of_two_is_refused(nacre_db* db, const nacre_keyspace* map) {
  put(map, "account", "10");
  nacre_transaction* transaction = begin(db);
  CHECK(sees(transaction, map, "account", "10"));
  put(map, "account", "5");
  CHECK(sees(transaction, map, "account", "10"));
  OK(nacre_transaction_put(transaction, map, nacre_text("account"), nacre_text("11"), &failure));
  ANSWERS(NACRE_CONFLICT, nacre_transaction_commit(transaction, NULL, &failure));
  CHECK(failure.operation == NACRE_OPERATION_COMMIT && has(map, "account", "5"));

  CHECK(sees(transaction, map, "account", "5"));  // it began anew
  OK(nacre_transaction_put(transaction, map, nacre_text("account"), nacre_text("6"), &failure));
  OK(nacre_transaction_commit(transaction, NULL, &failure));
  CHECK(has(map, "account", "6"));
  nacre_transaction_free(transaction);
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

static void a_range_counts_as_read(nacre_db* db, const nacre_keyspace* map) {
  put(map, "r1", "1");
  put(map, "r2", "2");
  nacre_transaction* transaction = begin(db);
  OK(nacre_transaction_put(transaction, map, nacre_text("r3"), nacre_text("3"), &failure));
  OK(nacre_transaction_erase(transaction, map, nacre_text("r1"), &failure));
  struct keys keys = {"", -1};
  OK(nacre_transaction_read_range(transaction, map, nacre_text("r"), nacre_text("s"), note_key, &keys, &failure));
  CHECK(strcmp(keys.all, "r2=2 r3=3 ") == 0);
  struct keys first = {"", 1};
  OK(nacre_transaction_read_range(transaction, map, nacre_text("r"), nacre_text("s"), note_key, &first, &failure));
  CHECK(strcmp(first.all, "r2=2 ") == 0);
  ANSWERS(NACRE_INVALID_ARGUMENT,
          nacre_transaction_read_range(transaction, map, nacre_text("s"), nacre_text("s"), note_key, &keys, &failure));
  put(map, "r4", "a phantom");
  ANSWERS(NACRE_CONFLICT, nacre_transaction_commit(transaction, NULL, &failure));
  nacre_transaction_free(transaction);
}

static void a_value_outlives_its_transaction(nacre_db* db, const nacre_keyspace* map) {
  nacre_transaction* transaction = begin(db);
  OK(nacre_transaction_put(transaction, map, nacre_text("k"), nacre_text("mine"), &failure));
  nacre_value* value;
  OK(nacre_transaction_get(transaction, map, nacre_text("k"), &value, &failure));
  nacre_transaction_free(transaction);
  CHECK(holds(value, "mine"));
}

static void wrong_arguments_leave_it_as_it_was(nacre_db* db, const nacre_keyspace* map) {
  nacre_db* other_db = new_database();
  const nacre_keyspace* foreign = nacre_default_keyspace(other_db);
  const nacre_bytes none = {NULL, 1};
  const nacre_bytes key = nacre_text("k");
  nacre_transaction* transaction = begin(db);
  nacre_value* value;
  const nacre_keyspace* wrong[] = {foreign, NULL};
  for (int i = 0; i < 2; i++) {
    struct keys keys = {"", -1};
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_transaction_put(transaction, wrong[i], key, key, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_transaction_erase(transaction, wrong[i], key, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT, nacre_transaction_get(transaction, wrong[i], key, &value, &failure));
    ANSWERS(NACRE_INVALID_ARGUMENT,
            nacre_transaction_read_range(transaction, wrong[i], key, nacre_text("l"), note_key, &keys, &failure));
  }
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_transaction_put(transaction, map, none, key, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_transaction_put(transaction, map, key, none, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_transaction_erase(transaction, map, none, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_transaction_get(transaction, map, none, &value, &failure));
  CHECK(value == NULL);
  const nacre_write_options options = {.struct_size = sizeof options, .durability = (nacre_durability)9};
  OK(nacre_transaction_put(transaction, map, key, nacre_text("right"), &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_transaction_commit(transaction, &options, &failure));
  OK(nacre_transaction_commit(transaction, NULL, &failure));
  CHECK(has(map, "k", "right"));
  nacre_transaction_free(transaction);
  nacre_db_free(other_db);
}

void test_transaction(void) {
  nacre_db* db = new_database();
  nacre_keyspace* other;
  OK(nacre_keyspace_open(db, nacre_text("other"), &other, &failure));
  const nacre_keyspace* map = nacre_default_keyspace(db);
  they_see_their_own_changes_and_others_do_not(db, map, other);
  the_second_of_two_is_refused(db, map);
  a_range_counts_as_read(db, map);
  a_value_outlives_its_transaction(db, map);
  wrong_arguments_leave_it_as_it_was(db, map);
  nacre_keyspace_free(other);
  nacre_db_free(db);
}
