// Statistics of one moment, in every form.

#define _XOPEN_SOURCE 700

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

static nacre_db* database_with_two(const char* path) {
  nacre_db* db = open_database(path, NACRE_OPEN_CREATE_NEW);
  nacre_keyspace* users;
  OK(nacre_keyspace_open(db, nacre_text("users"), &users, &failure));
  put(nacre_default_keyspace(db), "k", "v");
  put(users, "a", "12345");
  put(users, "b", "12345");
  OK(nacre_flush(db, &failure));
  put(users, "c", "12345");
  OK(nacre_erase(users, nacre_text("a"), NULL, &failure));
  CHECK(has(users, "b", "12345"));
  nacre_keyspace_free(users);
  return db;
}

static nacre_stats numbers(const nacre_metrics* metrics) {
  nacre_stats stats = {.struct_size = sizeof stats};
  OK(nacre_metrics_stats(metrics, &stats, &failure));
  return stats;
}

// The number of the keyspace.
static size_t find(const nacre_metrics* metrics, const char* name, nacre_keyspace_stats* stats) {
  stats->struct_size = sizeof *stats;
  for (size_t i = 0; i < numbers(metrics).keyspaces; i++) {
    OK(nacre_metrics_keyspace(metrics, i, stats, &failure));
    if (same(stats->name, name)) return i;
  }
  CHECK(!"there is no such keyspace");
  return 0;
}

static void the_levels_hold_what_was_flushed(const nacre_metrics* metrics, size_t keyspace, uint64_t levels) {
  nacre_level_stats sum = {.struct_size = sizeof sum};
  nacre_level_stats level = {.struct_size = sizeof level};
  for (size_t i = 0; i < levels; i++) {
    OK(nacre_metrics_level(metrics, keyspace, i, &level, &failure));
    sum.runs += level.runs;
    sum.tables += level.tables;
    sum.bytes += level.bytes;
    sum.entries += level.entries;
    sum.bytes_written += level.bytes_written;
    sum.jobs += level.jobs;
    sum.job_durations.count += level.job_durations.count;
  }
  CHECK(levels >= 1 && sum.runs == 1 && sum.tables == 1 && sum.entries == 2 && sum.bytes > 0);
  CHECK(sum.bytes_written == sum.bytes && sum.jobs == 1 && sum.job_durations.count == 1);
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_level(metrics, keyspace, (size_t)levels, &level, &failure));
}

static void the_numbers_are_those_of_its_moment(const nacre_metrics* metrics) {
  const nacre_stats stats = numbers(metrics);
  CHECK(stats.keyspaces == 2 && stats.writes == 5 && stats.gets == 1);
  CHECK(stats.writes_stopped == 0 && stats.device_full == 0);
  nacre_keyspace_stats users;
  const size_t at = find(metrics, "users", &users);
  the_levels_hold_what_was_flushed(metrics, at, users.levels);
  CHECK(users.puts == 3 && users.erases == 1 && users.range_erases == 0 && users.bytes_put == 19);
  CHECK(users.gets == 1 && users.gets_found == 1 && users.bytes_got == 5 && users.flushes == 1);
  CHECK(users.memtables >= 1 && users.memtable_bytes > 0 && users.largest_run_bytes > 0);
  CHECK(users.read_amplification == 1 && users.space_amplification == 1 && users.write_amplification > 1);
  CHECK(users.write_latency.count <= 4 && users.get_latency.count <= 1 && users.seek_latency.count == 0);
  nacre_keyspace_stats beyond = {.struct_size = sizeof beyond};
  nacre_level_stats level = {.struct_size = sizeof level};
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_keyspace(metrics, 2, &beyond, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_level(metrics, 2, 0, &level, &failure));
}

static bool says(nacre_string* text, const char* words) {
  const nacre_bytes bytes = nacre_string_bytes(text);
  CHECK(bytes.data[bytes.size] == '\0');
  const bool found = strstr(bytes.data, words) != NULL;
  nacre_string_free(text);
  return found;
}

static void the_texts_say_the_same(const nacre_metrics* metrics) {
  nacre_string* text;
  OK(nacre_metrics_json(metrics, &text, &failure));
  CHECK(nacre_string_bytes(text).data[0] == '{' && says(text, "\"name\":\"users\""));
  OK(nacre_metrics_prometheus(metrics, NULL, 0, &text, &failure));
  CHECK(says(text, "{keyspace=\"users\"}"));
  const nacre_metric_label labels[] = {{nacre_text("host"), nacre_text("a\nb")}, {nacre_text("no"), {NULL, 0}}};
  OK(nacre_metrics_prometheus(metrics, labels, 2, &text, &failure));
  CHECK(says(text, "host=\"a\\\\x0ab\",no=\"\""));

  const nacre_metric_label taken = {nacre_text("keyspace"), nacre_text("x")};
  const nacre_metric_label twice[] = {labels[0], labels[0]};
  const nacre_metric_label null_name = {{NULL, 1}, nacre_text("x")};
  const nacre_metric_label null_value = {nacre_text("x"), {NULL, 1}};
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_prometheus(metrics, &taken, 1, &text, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_prometheus(metrics, twice, 2, &text, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_prometheus(metrics, &null_name, 1, &text, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_prometheus(metrics, &null_value, 1, &text, &failure));
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_metrics_prometheus(metrics, NULL, 1, &text, &failure));
  CHECK(text == NULL);
}

static void what_is_published_can_be_read(void) {
  const char* path = new_path();
  nacre_metrics* metrics;
  nacre_publication publication = {.struct_size = sizeof publication};
  ANSWERS(NACRE_NOT_FOUND, nacre_metrics_read(path, &publication, &metrics, &failure));
  CHECK(metrics == NULL);
  nacre_db* db = database_with_two(path);
  publication.process_id = 7;
  OK(nacre_metrics_read(path, &publication, &metrics, &failure));
  for (int i = 0; i < 600 && publication.process_id == 0; i++) {  // the first comes after a second
    CHECK(publication.is_open == 1 && publication.was_closed == 0 && numbers(metrics).keyspaces == 0);
    nacre_metrics_free(metrics);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    OK(nacre_metrics_read(path, &publication, &metrics, &failure));
  }
  CHECK(publication.is_open == 1 && publication.was_closed == 0 && publication.process_id == (uint64_t)getpid());
  nacre_metrics_free(metrics);
  put(nacre_default_keyspace(db), "last", "v");
  OK(nacre_close(db, &failure));
  nacre_db_free(db);

  nacre_keyspace_stats users;
  OK(nacre_metrics_read(path, &publication, &metrics, &failure));
  CHECK(publication.is_open == 0 && publication.was_closed == 1 && publication.process_id == (uint64_t)getpid());
  CHECK(publication.opened_wall_ns > 0 && publication.published_wall_ns > publication.opened_wall_ns);
  CHECK(publication.uptime_ns >= 1000000000 && publication.keyspaces_left_out == 0);
  CHECK(numbers(metrics).writes == 6 && find(metrics, "users", &users) < 2 && users.puts == 3);
  CHECK(publication.struct_size == sizeof publication);
  nacre_metrics_free(metrics);
  OK(nacre_metrics_read(path, NULL, &metrics, &failure));
  nacre_metrics_free(metrics);
}

void test_metrics(void) {
  nacre_db* db = database_with_two(new_path());
  nacre_metrics* metrics;
  OK(nacre_metrics_take(db, &metrics, &failure));
  put(nacre_default_keyspace(db), "later", "v");
  OK(nacre_close(db, &failure));
  the_numbers_are_those_of_its_moment(metrics);
  nacre_db_free(db);
  the_numbers_are_those_of_its_moment(metrics);
  the_texts_say_the_same(metrics);
  nacre_metrics_free(metrics);
  what_is_published_can_be_read();
}
