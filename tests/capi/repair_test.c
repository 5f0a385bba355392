// Saving a damaged database into a new one.

#define _XOPEN_SOURCE 700

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static char source[400];

static void make_source(void) {
  snprintf(source, sizeof source, "%s", new_path());
  nacre_db* db = open_database(source, NACRE_OPEN_CREATE_NEW);
  nacre_keyspace* users;
  OK(nacre_keyspace_open(db, nacre_text("users"), &users, &failure));
  for (int i = 0; i < 1000; i++) {
    char key[20];
    snprintf(key, sizeof key, "%06d", i);
    put(users, key, "a value of some length");
  }
  OK(nacre_compact(db, &failure));
  put(nacre_default_keyspace(db), "k", "v");  // stands in the log
  nacre_keyspace_free(users);
  ANSWERS(NACRE_BUSY, nacre_repair(source, new_path(), NULL, &(nacre_repair_report*){NULL}, &failure));
  OK(nacre_close(db, &failure));
  nacre_db_free(db);
}

static nacre_repair_totals totals_of(const nacre_repair_report* report) {
  nacre_repair_totals totals = {.struct_size = sizeof totals};
  OK(nacre_repair_report_totals(report, &totals, &failure));
  CHECK(totals.struct_size == sizeof totals && totals.reserved == 0);
  return totals;
}

static bool is_doubtful(const nacre_repair_report* report, const char* keyspace, const char* key) {
  bool doubtful;
  OK(nacre_repair_report_is_doubtful(report, nacre_text(keyspace), nacre_text(key), &doubtful, &failure));
  return doubtful;
}

static void note_progress(void* context, uint64_t done, uint64_t all) {
  uint64_t* last = context;
  CHECK(done >= *last && done <= all);
  *last = done;
}

static void a_sound_one_is_saved_whole(void) {
  uint64_t done = 0;
  const nacre_repair_options options = {.struct_size = sizeof options,
                                        .memory_bytes = (uint64_t)16 << 20,
                                        .on_progress = note_progress,
                                        .progress_context = &done};
  const char* into = new_path();
  nacre_repair_report* report;
  OK(nacre_repair(source, into, &options, &report, &failure));
  const nacre_repair_totals totals = totals_of(report);
  CHECK(totals.complete == 1 && totals.findings == 0 && totals.keyspaces == 2 && totals.tables >= 1);
  CHECK(totals.entries == 1001 && totals.bytes == 1000 * 28 + 2 && done > 0);
  CHECK(!is_doubtful(report, "users", "000000"));
  nacre_repair_finding finding = {.struct_size = sizeof finding};
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_repair_report_finding(report, 0, &finding, &failure));
  nacre_repair_report_free(report);

  nacre_db* db = open_database(into, NACRE_OPEN_MUST_EXIST);
  CHECK(has(nacre_default_keyspace(db), "k", "v"));
  nacre_db_free(db);
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_repair(source, into, NULL, &report, &failure));
  CHECK(report == NULL);
}

static void what_is_lost_is_told(void) {
  CHECK(each_file(source, ".sst", flip_a_byte) > 0);
  nacre_repair_report* report;
  OK(nacre_repair(source, new_path(), NULL, &report, &failure));
  const nacre_repair_totals totals = totals_of(report);
  CHECK(totals.complete == 0 && totals.findings > 0 && totals.entries < 1001 && totals.entries > 500);
  uint64_t lost = 0;
  for (size_t i = 0; i < totals.findings; i++) {
    nacre_repair_finding finding = {.struct_size = sizeof finding};
    OK(nacre_repair_report_finding(report, i, &finding, &failure));
    CHECK(finding.what.size > 0 && finding.what.data[finding.what.size] == '\0');
    if (finding.kind != NACRE_REPAIR_LOST || !same(finding.keyspace, "users")) continue;
    lost += finding.entries;
    CHECK(finding.to.size == 6 && memcmp(finding.to.data, "000000", 6) > 0);
    CHECK(finding.from.data == NULL || memcmp(finding.from.data, finding.to.data, 6) < 0);
    CHECK(finding.bytes > 0 && strstr(finding.file.data, ".sst") != NULL);
  }
  CHECK(lost == 0 || lost + totals.entries == 1001);
  CHECK(is_doubtful(report, "users", "000000") && !is_doubtful(report, "users", "000999"));
  CHECK(!is_doubtful(report, "nobody", "000000"));
  nacre_repair_report_free(report);
}

static void a_process_that_dies_leaves_a_log(const char* path) {
  const pid_t child = fork();
  if (child == 0) {
    const nacre_keyspace* map = nacre_default_keyspace(open_database(path, NACRE_OPEN_CREATE_NEW));
    for (int i = 0; i < 100; i++) {
      char key[20];
      snprintf(key, sizeof key, "%06d", i);
      put(map, key, "a value of some length");
    }
    _exit(0);
  }
  int ended = -1;
  CHECK(waitpid(child, &ended, 0) == child && WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
}

static int damaged = 0;

// In the middle of the log.
static void damage_a_record(const char* path) {
  static char bytes[100000];
  FILE* file = fopen(path, "rb");
  CHECK(file != NULL);
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (size_t i = 0; i + 6 <= size; i++) {
    if (memcmp(bytes + i, "000050", 6) != 0) continue;
    flip_byte_at(path, (long)i);
    damaged++;
    return;
  }
}

static void the_log_is_applied_as_far_as_wanted(void) {
  const char* path = new_path();
  a_process_that_dies_leaves_a_log(path);
  each_file(path, ".wal", damage_a_record);
  CHECK(damaged == 1);
  nacre_repair_report* report;
  OK(nacre_repair(path, new_path(), NULL, &report, &failure));
  const nacre_repair_totals before = totals_of(report);
  nacre_repair_report_free(report);
  const nacre_repair_options past = {.struct_size = sizeof past, .log_past_damage = 1};
  OK(nacre_repair(path, new_path(), &past, &report, &failure));
  const nacre_repair_totals all = totals_of(report);
  nacre_repair_report_free(report);
  CHECK(before.complete == 0 && before.log_records == before.entries && before.entries == 50);
  CHECK(all.complete == 0 && all.log_records == all.entries && all.entries == 99);
}

static void wrong_arguments_are_refused(void) {
  nacre_repair_report* report;
  nacre_repair_options options = {.struct_size = sizeof options, .reserved = 1};
#define REFUSED(call) ANSWERS(NACRE_INVALID_ARGUMENT, call)
  REFUSED(nacre_repair(NULL, new_path(), NULL, &report, &failure));
  REFUSED(nacre_repair(source, NULL, NULL, &report, &failure));
  REFUSED(nacre_repair(source, new_path(), NULL, NULL, &failure));
  REFUSED(nacre_repair(source, new_path(), &options, &report, &failure));
  ANSWERS(NACRE_NOT_FOUND, nacre_repair(new_path(), new_path(), NULL, &report, &failure));
  CHECK(report == NULL);

  OK(nacre_repair(source, new_path(), NULL, &report, &failure));
  const nacre_bytes none = {NULL, 1};
  bool doubtful = true;
  nacre_repair_totals totals = {.struct_size = sizeof totals};
  nacre_repair_finding finding = {.struct_size = sizeof finding};
  REFUSED(nacre_repair_report_totals(NULL, &totals, &failure));
  REFUSED(nacre_repair_report_totals(report, NULL, &failure));
  REFUSED(nacre_repair_report_finding(NULL, 0, &finding, &failure));
  REFUSED(nacre_repair_report_finding(report, 0, NULL, &failure));
  REFUSED(nacre_repair_report_is_doubtful(NULL, none, none, &doubtful, &failure));
  REFUSED(nacre_repair_report_is_doubtful(report, none, nacre_text("k"), &doubtful, &failure));
  REFUSED(nacre_repair_report_is_doubtful(report, nacre_text("k"), none, &doubtful, &failure));
  REFUSED(nacre_repair_report_is_doubtful(report, nacre_text("k"), nacre_text("k"), NULL, &failure));
  CHECK(!doubtful);
#undef REFUSED
  nacre_repair_report_free(report);
  nacre_repair_report_free(NULL);
}

void test_repair(void) {
  make_source();
  a_sound_one_is_saved_whole();
  what_is_lost_is_told();
  the_log_is_applied_as_far_as_wanted();
  wrong_arguments_are_refused();
}
