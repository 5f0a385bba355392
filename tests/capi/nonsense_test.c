// NULL where something is needed, and bytes without data: an answer, and nothing done.

#include "harness.h"

#define REFUSED(call) ANSWERS(NACRE_INVALID_ARGUMENT, call)

static const nacre_bytes none = {NULL, 1};

static bool go_on(void* context, nacre_bytes key, nacre_bytes value) {
  (void)context, (void)key, (void)value;
  return true;
}
static void ignore_name(void* context, nacre_bytes name) { (void)context, (void)name; }

static void of_databases(nacre_db* db) {
  const nacre_bytes name = nacre_text("n");
  nacre_db* opened;
  nacre_keyspace* keyspace;
  nacre_snapshot* snapshot;
  nacre_transaction* transaction;
  nacre_stats stats = {.struct_size = sizeof stats};
  REFUSED(nacre_open(NULL, NULL, &opened, &failure));
  REFUSED(nacre_open(new_path(), NULL, NULL, &failure));
  REFUSED(nacre_close(NULL, &failure));
  REFUSED(nacre_sync(NULL, &failure));
  REFUSED(nacre_flush(NULL, &failure));
  REFUSED(nacre_compact(NULL, &failure));
  REFUSED(nacre_settle(NULL, &failure));
  REFUSED(nacre_check(NULL, NULL, NULL, NULL, NULL, &failure));
  REFUSED(nacre_db_stats(NULL, &stats, &failure));
  REFUSED(nacre_db_stats(db, NULL, &failure));
  nacre_options options = {.struct_size = sizeof options};
  nacre_keyspace_options keyspace_options = {.struct_size = sizeof keyspace_options};
  REFUSED(nacre_db_get_options(NULL, &options, &keyspace_options, &failure));
  REFUSED(nacre_db_get_options(db, NULL, &keyspace_options, &failure));
  REFUSED(nacre_db_get_options(db, &options, NULL, &failure));
  REFUSED(nacre_db_set_options(NULL, &options, &failure));
  CHECK(options.memory_bytes == 0 && keyspace_options.block_bytes == 0);
  nacre_metrics* metrics;
  REFUSED(nacre_metrics_take(NULL, &metrics, &failure));
  REFUSED(nacre_metrics_take(db, NULL, &failure));
  REFUSED(nacre_metrics_read(NULL, NULL, &metrics, &failure));
  REFUSED(nacre_metrics_read(new_path(), NULL, NULL, &failure));
  REFUSED(nacre_keyspace_open(NULL, name, &keyspace, &failure));
  REFUSED(nacre_keyspace_open(db, name, NULL, &failure));
  REFUSED(nacre_keyspace_open(db, none, &keyspace, &failure));
  REFUSED(nacre_keyspace_create(NULL, name, NULL, &keyspace, &failure));
  REFUSED(nacre_keyspace_create(db, name, NULL, NULL, &failure));
  REFUSED(nacre_keyspace_create(db, none, NULL, &keyspace, &failure));
  REFUSED(nacre_keyspace_drop(NULL, name, &failure));
  REFUSED(nacre_keyspace_drop(db, none, &failure));
  REFUSED(nacre_keyspace_names(NULL, ignore_name, NULL, &failure));
  REFUSED(nacre_keyspace_names(db, NULL, NULL, &failure));
  REFUSED(nacre_snapshot_create(NULL, &snapshot, &failure));
  REFUSED(nacre_snapshot_create(db, NULL, &failure));
  REFUSED(nacre_transaction_begin(NULL, &transaction, &failure));
  REFUSED(nacre_transaction_begin(db, NULL, &failure));
  REFUSED(nacre_write(db, NULL, NULL, &failure));
  CHECK(nacre_default_keyspace(NULL) == NULL);
}

static void of_keyspaces(const nacre_keyspace* map) {
  const nacre_bytes key = nacre_text("k");
  const nacre_bytes keys[] = {key, none};
  bool found;
  nacre_value* values[2] = {(nacre_value*)&found, (nacre_value*)&found};
  nacre_cursor* cursor;
  REFUSED(nacre_put(NULL, key, key, NULL, &failure));
  REFUSED(nacre_put(map, none, key, NULL, &failure));
  REFUSED(nacre_put(map, key, none, NULL, &failure));
  REFUSED(nacre_erase(NULL, key, NULL, &failure));
  REFUSED(nacre_erase(map, none, NULL, &failure));
  REFUSED(nacre_erase_range(NULL, key, nacre_text("l"), NULL, &failure));
  REFUSED(nacre_erase_range(map, none, nacre_text("l"), NULL, &failure));
  REFUSED(nacre_erase_range(map, key, none, NULL, &failure));
  REFUSED(nacre_get(NULL, key, NULL, values, &failure));
  REFUSED(nacre_get(map, none, NULL, values, &failure));
  REFUSED(nacre_get(map, key, NULL, NULL, &failure));
  REFUSED(nacre_contains(NULL, key, NULL, &found, &failure));
  REFUSED(nacre_contains(map, none, NULL, &found, &failure));
  REFUSED(nacre_contains(map, key, NULL, NULL, &failure));
  REFUSED(nacre_multi_get(NULL, keys, 1, NULL, values, &failure));
  REFUSED(nacre_multi_get(map, NULL, 1, NULL, values, &failure));
  REFUSED(nacre_multi_get(map, keys, 1, NULL, NULL, &failure));
  REFUSED(nacre_multi_get(map, keys, 2, NULL, values, &failure));
  CHECK(values[0] == NULL && values[1] == NULL && !found);
  nacre_keyspace_options options = {.struct_size = sizeof options};
  REFUSED(nacre_keyspace_get_options(NULL, &options, &failure));
  REFUSED(nacre_keyspace_get_options(map, NULL, &failure));
  REFUSED(nacre_keyspace_set_options(NULL, &options, &failure));
  REFUSED(nacre_scan(NULL, NULL, go_on, NULL, &failure));
  REFUSED(nacre_scan(map, NULL, NULL, NULL, &failure));
  REFUSED(nacre_cursor_create(NULL, NULL, &cursor, &failure));
  REFUSED(nacre_cursor_create(map, NULL, NULL, &failure));
  CHECK(nacre_keyspace_name(NULL).size == 0 && nacre_keyspace_id(NULL) == 0);
  CHECK(nacre_value_bytes(NULL).data == NULL && nacre_value_bytes(NULL).size == 0);
}

static void of_what_was_never_made(nacre_db* db, const nacre_keyspace* map) {
  const nacre_bytes key = nacre_text("k");
  nacre_value* value;
  nacre_batch_put(NULL, map, key, key);
  nacre_batch_erase(NULL, map, key);
  nacre_batch_erase_range(NULL, map, key, key);
  nacre_batch_clear(NULL);
  CHECK(nacre_batch_count(NULL) == 0 && nacre_batch_size_bytes(NULL) == 0);
  nacre_batch* batch = nacre_batch_create();
  REFUSED(nacre_write(NULL, batch, NULL, &failure));
  nacre_batch_free(batch);

  CHECK(!nacre_cursor_seek_first(NULL) && !nacre_cursor_seek_last(NULL) && !nacre_cursor_seek(NULL, key));
  CHECK(!nacre_cursor_seek_before(NULL, key) && !nacre_cursor_next(NULL) && !nacre_cursor_prev(NULL));
  CHECK(!nacre_cursor_valid(NULL) && nacre_cursor_key(NULL).size == 0 && nacre_cursor_value(NULL).size == 0);
  REFUSED(nacre_cursor_status(NULL, &failure));
  CHECK(nacre_snapshot_sequence(NULL) == 0);

  REFUSED(nacre_transaction_put(NULL, map, key, key, &failure));
  REFUSED(nacre_transaction_erase(NULL, map, key, &failure));
  REFUSED(nacre_transaction_get(NULL, map, key, &value, &failure));
  REFUSED(nacre_transaction_read_range(NULL, map, key, nacre_text("l"), go_on, NULL, &failure));
  REFUSED(nacre_transaction_commit(NULL, NULL, &failure));
  nacre_transaction_rollback(NULL);
  nacre_transaction* transaction;
  OK(nacre_transaction_begin(db, &transaction, &failure));
  REFUSED(nacre_transaction_get(transaction, map, key, NULL, &failure));
  REFUSED(nacre_transaction_read_range(transaction, map, key, nacre_text("l"), NULL, NULL, &failure));
  REFUSED(nacre_transaction_read_range(transaction, map, none, nacre_text("l"), go_on, NULL, &failure));
  REFUSED(nacre_transaction_read_range(transaction, map, key, none, go_on, NULL, &failure));
  nacre_transaction_free(transaction);
}

static void of_metrics(nacre_db* db) {
  nacre_metrics* metrics;
  OK(nacre_metrics_take(db, &metrics, &failure));
  nacre_stats stats = {.struct_size = sizeof stats};
  nacre_keyspace_stats keyspace = {.struct_size = sizeof keyspace};
  nacre_level_stats level = {.struct_size = sizeof level};
  nacre_string* text;
  REFUSED(nacre_metrics_stats(NULL, &stats, &failure));
  REFUSED(nacre_metrics_stats(metrics, NULL, &failure));
  REFUSED(nacre_metrics_keyspace(NULL, 0, &keyspace, &failure));
  REFUSED(nacre_metrics_keyspace(metrics, 0, NULL, &failure));
  REFUSED(nacre_metrics_level(NULL, 0, 0, &level, &failure));
  REFUSED(nacre_metrics_level(metrics, 0, 0, NULL, &failure));
  REFUSED(nacre_metrics_json(NULL, &text, &failure));
  REFUSED(nacre_metrics_json(metrics, NULL, &failure));
  REFUSED(nacre_metrics_prometheus(NULL, NULL, 0, &text, &failure));
  REFUSED(nacre_metrics_prometheus(metrics, NULL, 0, NULL, &failure));
  CHECK(nacre_string_bytes(NULL).data == NULL && nacre_string_bytes(NULL).size == 0);
  nacre_metrics_free(metrics);
}

static void nothing_can_be_freed(void) {
  nacre_string_free(NULL);
  nacre_metrics_free(NULL);
  nacre_db_free(NULL);
  nacre_keyspace_free(NULL);
  nacre_value_free(NULL);
  nacre_batch_free(NULL);
  nacre_snapshot_free(NULL);
  nacre_cursor_free(NULL);
  nacre_transaction_free(NULL);
}

void test_nonsense(void) {
  nacre_db* db = new_database();
  of_databases(db);
  of_keyspaces(nacre_default_keyspace(db));
  of_what_was_never_made(db, nacre_default_keyspace(db));
  of_metrics(db);
  nothing_can_be_freed();
  nacre_stats stats = {.struct_size = sizeof stats};
  OK(nacre_db_stats(db, &stats, &failure));
  CHECK(stats.writes == 0 && stats.keyspaces == 1);
  OK(nacre_close(db, &failure));
  nacre_db_free(db);
}
