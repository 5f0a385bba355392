// What C programs get wrong: who goes first.

#define _XOPEN_SOURCE 700

#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static bool go_on(void* context, nacre_bytes key, nacre_bytes value) {
  (void)context, (void)key, (void)value;
  return true;
}

static void a_close_is_refused_while_something_lives(nacre_db* db, const nacre_keyspace* map) {
  nacre_value* value;
  OK(nacre_get(map, nacre_text("k"), NULL, &value, &failure));
  ANSWERS(NACRE_BUSY, nacre_close(db, &failure));
  nacre_value_free(value);

  nacre_cursor* cursor;
  OK(nacre_cursor_create(map, NULL, &cursor, &failure));
  ANSWERS(NACRE_BUSY, nacre_close(db, &failure));
  nacre_cursor_free(cursor);

  nacre_snapshot* snapshot;
  OK(nacre_snapshot_create(db, &snapshot, &failure));
  ANSWERS(NACRE_BUSY, nacre_close(db, &failure));
  nacre_snapshot_free(snapshot);

  nacre_transaction* transaction;
  OK(nacre_transaction_begin(db, &transaction, &failure));
  ANSWERS(NACRE_BUSY, nacre_close(db, &failure));
  nacre_transaction_free(transaction);
  CHECK(has(map, "k", "v"));  // nothing happened
}

struct left {
  nacre_keyspace* keyspace;
  nacre_value* value;
  nacre_cursor* cursor;
  nacre_cursor* fresh;
  nacre_snapshot* snapshot;
  nacre_transaction* transaction;
  nacre_transaction* changed;
  nacre_batch* batch;
};

static struct left leave_all(nacre_db* db) {
  struct left left;
  OK(nacre_keyspace_open(db, nacre_text("named"), &left.keyspace, &failure));
  put(left.keyspace, "k", "v");
  put(left.keyspace, "l", "w");
  OK(nacre_get(left.keyspace, nacre_text("k"), NULL, &left.value, &failure));
  OK(nacre_cursor_create(left.keyspace, NULL, &left.cursor, &failure));
  CHECK(nacre_cursor_seek_first(left.cursor));
  OK(nacre_cursor_create(left.keyspace, NULL, &left.fresh, &failure));
  OK(nacre_snapshot_create(db, &left.snapshot, &failure));
  OK(nacre_transaction_begin(db, &left.transaction, &failure));
  OK(nacre_transaction_begin(db, &left.changed, &failure));
  OK(nacre_transaction_put(left.changed, left.keyspace, nacre_text("k"), nacre_text("w"), &failure));
  left.batch = nacre_batch_create();
  nacre_batch_put(left.batch, left.keyspace, nacre_text("k"), nacre_text("w"));
  return left;
}

static void all_answer_closed(struct left* left) {
  const nacre_bytes key = nacre_text("k");
  const nacre_keyspace* map = left->keyspace;
  nacre_value* value;
  nacre_cursor* cursor;
  bool found;
  ANSWERS(NACRE_CLOSED, nacre_put(map, key, key, NULL, &failure));
  ANSWERS(NACRE_CLOSED, nacre_erase(map, key, NULL, &failure));
  ANSWERS(NACRE_CLOSED, nacre_erase_range(map, key, nacre_text("l"), NULL, &failure));
  ANSWERS(NACRE_CLOSED, nacre_get(map, key, NULL, &value, &failure));
  ANSWERS(NACRE_CLOSED, nacre_get(map, key, left->snapshot, &value, &failure));
  ANSWERS(NACRE_CLOSED, nacre_contains(map, key, NULL, &found, &failure));
  ANSWERS(NACRE_CLOSED, nacre_multi_get(map, &key, 1, left->snapshot, &value, &failure));
  ANSWERS(NACRE_CLOSED, nacre_scan(map, NULL, go_on, NULL, &failure));
  ANSWERS(NACRE_CLOSED, nacre_cursor_create(map, NULL, &cursor, &failure));
  CHECK(value == NULL && cursor == NULL && !found);
  CHECK(same(nacre_keyspace_name(map), "named") && nacre_keyspace_id(map) != 0);
  nacre_keyspace_options options = {.struct_size = sizeof options};
  OK(nacre_keyspace_get_options(map, &options, &failure));
  ANSWERS(NACRE_CLOSED, nacre_keyspace_set_options(map, &options, &failure));
  CHECK(nacre_snapshot_sequence(left->snapshot) > 0);

  CHECK(!nacre_cursor_next(left->cursor) && !nacre_cursor_valid(left->cursor));
  ANSWERS(NACRE_CLOSED, nacre_cursor_status(left->cursor, &failure));
  CHECK(!nacre_cursor_seek(left->fresh, key));
  ANSWERS(NACRE_CLOSED, nacre_cursor_status(left->fresh, &failure));

  ANSWERS(NACRE_CLOSED, nacre_transaction_put(left->transaction, map, key, key, &failure));
  ANSWERS(NACRE_CLOSED, nacre_transaction_erase(left->transaction, map, key, &failure));
  ANSWERS(NACRE_CLOSED, nacre_transaction_get(left->transaction, map, key, &value, &failure));
  ANSWERS(NACRE_CLOSED,
          nacre_transaction_read_range(left->transaction, map, key, nacre_text("l"), go_on, NULL, &failure));
  ANSWERS(NACRE_CLOSED, nacre_transaction_commit(left->changed, NULL, &failure));
  nacre_transaction_rollback(left->transaction);
  nacre_batch_put(left->batch, map, key, key);
  CHECK(nacre_batch_count(left->batch) > 1);
}

static void free_all(struct left* left) {
  nacre_keyspace_free(left->keyspace);
  nacre_cursor_free(left->cursor);
  nacre_cursor_free(left->fresh);
  nacre_snapshot_free(left->snapshot);
  nacre_transaction_free(left->transaction);
  nacre_transaction_free(left->changed);
  nacre_batch_free(left->batch);
  CHECK(holds(left->value, "v"));
}

static void the_wrong_order_breaks_nothing(void) {
  const char* path = new_path();
  nacre_db* db = open_database(path, NACRE_OPEN_CREATE_NEW);
  struct left left = leave_all(db);
  nacre_db_free(db);
  all_answer_closed(&left);
  db = open_database(path, NACRE_OPEN_MUST_EXIST);  // the directory is free for the next
  all_answer_closed(&left);
  nacre_db_free(db);
  free_all(&left);
}

static void a_closed_database_answers_closed(void) {
  nacre_db* db = new_database();
  nacre_keyspace* made;
  OK(nacre_close(db, &failure));
  ANSWERS(NACRE_CLOSED, nacre_put(nacre_default_keyspace(db), nacre_text("k"), nacre_text("v"), NULL, &failure));
  ANSWERS(NACRE_CLOSED, nacre_sync(db, &failure));
  ANSWERS(NACRE_CLOSED, nacre_flush(db, &failure));
  ANSWERS(NACRE_CLOSED, nacre_compact(db, &failure));
  ANSWERS(NACRE_CLOSED, nacre_settle(db, &failure));
  ANSWERS(NACRE_CLOSED, nacre_check(db, NULL, NULL, NULL, NULL, &failure));
  ANSWERS(NACRE_CLOSED, nacre_keyspace_open(db, nacre_text("x"), &made, &failure));
  ANSWERS(NACRE_CLOSED, nacre_keyspace_create(db, nacre_text("x"), NULL, &made, &failure));
  ANSWERS(NACRE_CLOSED, nacre_keyspace_drop(db, nacre_text("x"), &failure));
  ANSWERS(NACRE_CLOSED, nacre_keyspace_set_options(nacre_default_keyspace(db), NULL, &failure));
  nacre_options options = {.struct_size = sizeof options};
  nacre_keyspace_options keyspace = {.struct_size = sizeof keyspace};
  OK(nacre_db_get_options(db, &options, &keyspace, &failure));  // what they were
  ANSWERS(NACRE_CLOSED, nacre_db_set_options(db, &options, &failure));
  nacre_metrics* metrics;
  OK(nacre_metrics_take(db, &metrics, &failure));
  nacre_metrics_free(metrics);
  nacre_db_free(db);
}

static void a_forked_child_changes_nothing(void) {
  nacre_db* db = new_database();
  put(nacre_default_keyspace(db), "k", "v");
  struct left left = leave_all(db);
  const pid_t child = fork();
  if (child == 0) {
    all_answer_closed(&left);
    ANSWERS(NACRE_CLOSED, nacre_close(db, &failure));
    free_all(&left);
    nacre_db_free(db);
    _exit(0);
  }
  int ended = -1;
  CHECK(waitpid(child, &ended, 0) == child && WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
  CHECK(has(nacre_default_keyspace(db), "k", "v") && has(left.keyspace, "k", "v"));
  free_all(&left);
  OK(nacre_close(db, &failure));
  nacre_db_free(db);
}

void test_lifetime(void) {
  nacre_db* db = new_database();
  put(nacre_default_keyspace(db), "k", "v");
  a_close_is_refused_while_something_lives(db, nacre_default_keyspace(db));
  OK(nacre_close(db, &failure));
  nacre_db_free(db);
  the_wrong_order_breaks_nothing();
  a_closed_database_answers_closed();
  a_forked_child_changes_nothing();
}
