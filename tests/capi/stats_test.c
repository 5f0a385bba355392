// The statistics count what was done.

#include <stdio.h>
#include <string.h>

#include "harness.h"

static nacre_stats stats_of(const nacre_db* db) {
  nacre_stats stats = {.struct_size = sizeof stats};
  OK(nacre_db_stats(db, &stats, &failure));
  CHECK(stats.struct_size == sizeof stats);
  return stats;
}

void test_stats(void) {
  nacre_db* db = new_database();
  const nacre_keyspace* map = nacre_default_keyspace(db);
  nacre_stats stats = stats_of(db);
  CHECK(stats.writes == 0 && stats.keyspaces == 1 && stats.write_amplification == 0 && stats.space_amplification == 1);
  CHECK(stats.memory_ceiling_bytes == (uint64_t)16 << 20);

  nacre_batch* batch = nacre_batch_create();
  for (int i = 0; i < 10; i++) {
    const char key[] = {(char)('a' + i), '\0'};
    nacre_batch_put(batch, map, nacre_text(key), nacre_text("123456789"));
  }
  OK(nacre_write(db, batch, NULL, &failure));
  nacre_batch_free(batch);
  const nacre_write_options disk = {.struct_size = sizeof disk, .durability = NACRE_DURABILITY_DISK};
  OK(nacre_erase(map, nacre_text("a"), &disk, &failure));
  CHECK(has(map, "a", NULL) && has(map, "b", "123456789"));
  nacre_snapshot* snapshot;
  OK(nacre_snapshot_create(db, &snapshot, &failure));
  nacre_cursor* cursor;
  OK(nacre_cursor_create(map, NULL, &cursor, &failure));
  CHECK(nacre_cursor_seek_first(cursor));

  stats = stats_of(db);
  CHECK(stats.writes == 2 && stats.operations_written == 11 && stats.gets == 2 && stats.gets_found == 1);
  CHECK(stats.syncs >= 1 && stats.user_bytes == 101 && stats.log_bytes > stats.user_bytes && stats.snapshots == 1);
  CHECK(stats.last_sequence == nacre_snapshot_sequence(snapshot));
  CHECK(stats.write_latency.count >= 1 && stats.write_latency.max_ns > 0 && stats.sync_latency.count == stats.syncs);
  CHECK(stats.seek_latency.count == 1 && stats.write_latency.p50_ns <= stats.write_latency.max_ns);
  CHECK(stats.memory_memtables > 0 && stats.memory_log > 0 && stats.log_file_bytes > 0);
  CHECK(stats.memory_bytes >= stats.memory_memtables + stats.memory_log);
  nacre_cursor_free(cursor);
  nacre_snapshot_free(snapshot);

  OK(nacre_flush(db, &failure));
  OK(nacre_compact(db, &failure));
  nacre_keyspace* other;
  OK(nacre_keyspace_open(db, nacre_text("other"), &other, &failure));
  nacre_keyspace_free(other);
  stats = stats_of(db);
  CHECK(stats.flush_bytes > 0 && stats.table_file_bytes > 0 && stats.flush_duration.count >= 1 && stats.keyspaces == 2);
  CHECK(stats.write_amplification > 1 && stats.space_amplification >= 1 && stats.read_amplification >= 1);
  CHECK(stats.snapshots == 0 && stats.delays_memtables_full.count == 0);
  nacre_db_free(db);
}
