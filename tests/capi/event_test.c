// Events, as they come and as a line.

#define _XOPEN_SOURCE 700

#include <pthread.h>
#include <string.h>

#include "harness.h"

struct heard {
  pthread_mutex_t mutex;
  int of_kind[NACRE_EVENT_COMPACTION_DECLINED + 1];
  char keyspace[50];
  char opened[600];
  uint64_t flushed_entries;
};

static void note_event(void* context, const nacre_event* event) {
  struct heard* heard = context;
  CHECK(event->struct_size == sizeof *event && event->wall_ns > 0 && event->database.size > 0 && event->error == NULL);
  pthread_mutex_lock(&heard->mutex);
  heard->of_kind[event->kind]++;
  if (event->kind == NACRE_EVENT_KEYSPACE_CREATED) strncat(heard->keyspace, event->keyspace.data, event->keyspace.size);
  if (event->kind == NACRE_EVENT_OPENED) nacre_event_message(event, heard->opened, sizeof heard->opened);
  if (event->kind == NACRE_EVENT_FLUSH_FINISHED) heard->flushed_entries += event->entries;
  pthread_mutex_unlock(&heard->mutex);
}

static void a_database_tells_its_life(void) {
  struct heard heard = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  const nacre_options options = {.struct_size = sizeof options,
                                 .memory_bytes = (uint64_t)16 << 20,
                                 .on_event = note_event,
                                 .event_context = &heard};
  nacre_db* db;
  const char* path = new_path();
  OK(nacre_open(path, &options, &db, &failure));
  CHECK(heard.of_kind[NACRE_EVENT_OPENED] == 1 && strncmp(heard.opened, "opened database=", 16) == 0);
  CHECK(strstr(heard.opened, path) != NULL);
  nacre_keyspace* keyspace;
  OK(nacre_keyspace_open(db, nacre_text("orders"), &keyspace, &failure));
  CHECK(strcmp(heard.keyspace, "orders") == 0);
  put(keyspace, "k", "v");
  OK(nacre_flush(db, &failure));
  nacre_keyspace_free(keyspace);
  OK(nacre_keyspace_drop(db, nacre_text("orders"), &failure));
  CHECK(heard.of_kind[NACRE_EVENT_KEYSPACE_DROPPED] == 1);
  nacre_db_free(db);
  CHECK(heard.of_kind[NACRE_EVENT_FLUSH_FINISHED] >= 1 && heard.flushed_entries == 1);
  CHECK(heard.of_kind[NACRE_EVENT_CLOSED] == 1);
}

static bool says(const nacre_event* event, const char* message) {
  char text[300];
  return nacre_event_message(event, text, sizeof text) == strlen(message) && strcmp(text, message) == 0;
}

static void an_event_is_a_line(void) {
  const nacre_error error = {.struct_size = sizeof error, .status = NACRE_IO, .operation = NACRE_OPERATION_SYNC};
  nacre_event event = {.struct_size = sizeof event,
                       .kind = NACRE_EVENT_COMPACTION_FINISHED,
                       .database = nacre_text("data"),
                       .keyspace = nacre_text("orders"),
                       .cause = nacre_text("two words"),
                       .job = 7,
                       .file_number = 12,
                       .offset = 5,
                       .bytes_in = 1,
                       .bytes_out = 2,
                       .files_in = 3,
                       .files_out = 4,
                       .entries = 6,
                       .duration_ns = 8,
                       .file_kind = NACRE_FILE_TABLE,
                       .level_from = 9,
                       .level_to = 10,
                       .error = &error};
  CHECK(
      says(&event,
           "compaction_finished database=data keyspace=orders cause=\"two words\" job=7 file=table number=12 offset=5 "
           "bytes_in=1 bytes_out=2 files_in=3 files_out=4 entries=6 duration_ns=8 level_from=9 level_to=10"));
  event = (nacre_event){.struct_size = sizeof event, .kind = NACRE_EVENT_WRITES_STOPPED, .error = &error};
  CHECK(says(&event, "writes_stopped error=\"I/O error while syncing\""));
  event.kind = (nacre_event_kind)200;
  event.file_kind = (nacre_file_kind)200;
  event.severity = (nacre_severity)200;
  CHECK(says(&event, "unknown_event"));
  event.keyspace = (nacre_bytes){NULL, 1};
  CHECK(nacre_event_message(&event, NULL, 0) > 0);
  event.struct_size = 0;
  CHECK(nacre_event_message(&event, NULL, 0) > 0);
  CHECK(says(NULL, ""));
}

static void an_event_is_json(void) {
  char text[300];
  nacre_event event = {
      .struct_size = sizeof event, .kind = NACRE_EVENT_FLUSH_FINISHED, .database = nacre_text("da\"ta"), .entries = 6};
  CHECK(nacre_event_json(&event, text, sizeof text) == strlen(text));
  CHECK(text[0] == '{' && text[strlen(text) - 1] == '}' && strstr(text, "\"flush_finished\"") != NULL);
  CHECK(strstr(text, "\"da\\\"ta\"") != NULL && strstr(text, "\"entries\":6") != NULL);
  CHECK(nacre_event_json(&event, NULL, 0) == strlen(text));
  event.cause = (nacre_bytes){NULL, 1};
  CHECK(nacre_event_json(&event, text, sizeof text) == 0 && text[0] == '\0');
  event.struct_size = 0;
  CHECK(nacre_event_json(&event, NULL, 0) == 0 && nacre_event_json(NULL, text, sizeof text) == 0);
}

static void words_have_numbers(void) {
  CHECK(strcmp(nacre_event_kind_name(NACRE_EVENT_OPENED), "opened") == 0);
  CHECK(strcmp(nacre_event_kind_name(NACRE_EVENT_EVENTS_LOST), "events_lost") == 0);
  CHECK(strcmp(nacre_event_kind_name(-1), "unknown_event") == 0 &&
        strcmp(nacre_event_kind_name(27), "unknown_event") == 0);
  CHECK(strcmp(nacre_severity_name(NACRE_SEVERITY_WARNING), "warning") == 0);
  CHECK(strcmp(nacre_severity_name(4), "unknown") == 0);
}

void test_event(void) {
  a_database_tells_its_life();
  an_event_is_a_line();
  an_event_is_json();
  words_have_numbers();
}
