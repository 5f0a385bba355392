#define _XOPEN_SOURCE 700

#include "harness.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

nacre_error failure = {.struct_size = sizeof failure};

static char home[256];
static char paths[64][300];
static int path_count = 0;

void check(bool condition, const char* what, const char* file, int line) {
  if (condition) return;
  fprintf(stderr, "FAIL: %s:%d: it does not hold: %s\n", file, line, what);
  exit(1);
}

void check_status(nacre_status status, nacre_status expected, const char* call, const char* file, int line) {
  if (status == expected) return;
  char message[300] = "";
  if (status != NACRE_OK) nacre_error_message(&failure, message, sizeof message);
  fprintf(stderr, "FAIL: %s:%d: %s: answers \"%s\" and not \"%s\"; the last error is \"%s\"\n", file, line, call,
          nacre_status_name(status), nacre_status_name(expected), message);
  exit(1);
}

bool same(nacre_bytes bytes, const char* text) {
  return bytes.size == strlen(text) && (bytes.size == 0 || memcmp(bytes.data, text, bytes.size) == 0);
}

bool holds(nacre_value* value, const char* text) {
  const bool right = text == NULL ? value == NULL : value != NULL && same(nacre_value_bytes(value), text);
  nacre_value_free(value);
  return right;
}

bool has(const nacre_keyspace* keyspace, const char* key, const char* text) {
  nacre_value* value;
  OK(nacre_get(keyspace, nacre_text(key), NULL, &value, &failure));
  return holds(value, text);
}

void put(const nacre_keyspace* keyspace, const char* key, const char* value) {
  OK(nacre_put(keyspace, nacre_text(key), nacre_text(value), NULL, &failure));
}

const char* new_path(void) {
  if (path_count == 0) {
    const char* root = getenv("TMPDIR");
    snprintf(home, sizeof home, "%s/nacre-test-c-XXXXXX", root != NULL ? root : "/tmp");
    CHECK(mkdtemp(home) != NULL);
  }
  CHECK(path_count < (int)(sizeof paths / sizeof paths[0]));
  snprintf(paths[path_count], sizeof paths[0], "%s/%d", home, path_count);
  return paths[path_count++];
}

nacre_db* open_database(const char* path, nacre_open_mode mode) {
  const nacre_keyspace_options small = {.struct_size = sizeof small, .block_bytes = 1024};
  const nacre_options options = {
      .struct_size = sizeof options, .mode = mode, .memory_bytes = (uint64_t)16 << 20, .keyspace = &small};
  nacre_db* db;
  OK(nacre_open(path, &options, &db, &failure));
  CHECK(db != NULL);
  return db;
}

nacre_db* new_database(void) { return open_database(new_path(), NACRE_OPEN_CREATE_NEW); }

int each_file(const char* directory, const char* suffix, void (*visit)(const char* path)) {
  DIR* files = opendir(directory);
  if (files == NULL) return 0;
  int count = 0;
  for (struct dirent* entry = readdir(files); entry != NULL; entry = readdir(files)) {
    const size_t length = strlen(entry->d_name);
    const size_t end = strlen(suffix);
    if (entry->d_name[0] == '.' || length < end || strcmp(entry->d_name + length - end, suffix) != 0) continue;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    visit(path);
    count++;
  }
  closedir(files);
  return count;
}

void flip_byte_at(const char* path, long offset) {
  FILE* file = fopen(path, "r+b");
  CHECK(file != NULL && fseek(file, offset, SEEK_SET) == 0);
  const int byte = fgetc(file);
  CHECK(byte != EOF && fseek(file, offset, SEEK_SET) == 0 && fputc(byte ^ 1, file) != EOF && fclose(file) == 0);
}

void flip_a_byte(const char* path) { flip_byte_at(path, 100); }

const char* text_of_file(const char* directory, const char* name) {
  static char text[100000];
  char path[400];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

static void remove_file(const char* path) { unlink(path); }

void remove_databases(void) {
  if (path_count == 0) return;
  for (int i = 0; i < path_count; i++) {
    each_file(paths[i], "", remove_file);
    rmdir(paths[i]);
  }
  rmdir(home);
}
