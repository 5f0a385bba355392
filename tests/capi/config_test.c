// Options from TOML and back.

#include <stdio.h>
#include <string.h>

#include "harness.h"

static nacre_options options = {.struct_size = sizeof options};
static nacre_keyspace_options keyspace = {.struct_size = sizeof keyspace};
static nacre_config_error wrong = {.struct_size = sizeof wrong};

static nacre_status read_text(const char* text) {
  return nacre_options_from_toml(nacre_text(text), &options, &keyspace, &wrong);
}

static const char kEvery[] =
    "mode = \"must_exist\"\n"
    "durability = \"disk\"\n"
    "memory_bytes = \"64MiB\"\n"
    "memtable = \"skip_list\"\n"
    "row_cache_percent = 7\n"
    "[keyspace]\n"
    "compression = \"zstd\"\n"
    "bottom_compression = \"none\"\n"
    "shape = \"tiered\"\n"
    "filter_bits_per_key = 0\n"
    "block_bytes = \"4KiB\"\n";

static void is_every(void) {
  CHECK(options.struct_size == sizeof options && keyspace.struct_size == sizeof keyspace);
  CHECK(options.mode == NACRE_OPEN_MUST_EXIST && options.durability == NACRE_DURABILITY_DISK);
  CHECK(options.memory_bytes == (uint64_t)64 << 20 && options.memtable == NACRE_MEMTABLE_SKIP_LIST);
  CHECK(options.row_cache_percent == 7 && options.keyspace == &keyspace);
  CHECK(keyspace.compression == NACRE_COMPRESSION_ZSTD && keyspace.bottom_compression == NACRE_COMPRESSION_NONE);
  CHECK(keyspace.shape == NACRE_SHAPE_TIERED && keyspace.filter_bits_per_key == NACRE_NO_FILTER);
  CHECK(keyspace.block_bytes == 4096);
  CHECK(options.on_event == NULL && options.event_context == NULL && options.log == NULL && options.slow_ns == 0);
}

static void text_becomes_options(void) {
  options.slow_ns = 5;  // what no text says is zero then
  OK(read_text(kEvery));
  is_every();
  OK(read_text(""));
  CHECK(options.mode == NACRE_OPEN_CREATE_IF_MISSING && options.durability == NACRE_DURABILITY_OS);
  CHECK(options.memory_bytes == (uint64_t)512 << 20 && options.row_cache_percent == 0);
  CHECK(keyspace.compression == NACRE_COMPRESSION_LZ4 && keyspace.filter_bits_per_key == 10);
  CHECK(keyspace.block_bytes == 8192);
}

static void options_become_text(void) {
  for (int comments = 0; comments <= 1; comments++) {
    OK(read_text(kEvery));
    nacre_string* text;
    OK(nacre_options_to_toml(&options, comments != 0, &text, &failure));
    const nacre_bytes bytes = nacre_string_bytes(text);
    CHECK(bytes.data[bytes.size] == '\0' && strlen(bytes.data) == bytes.size);
    CHECK((strstr(bytes.data, "\n# ") != NULL) == (comments != 0));
    OK(read_text(""));
    OK(nacre_options_from_toml(bytes, &options, &keyspace, &wrong));
    is_every();
    nacre_string_free(text);
  }
  nacre_string* defaults;
  OK(nacre_options_to_toml(NULL, false, &defaults, &failure));
  CHECK(strstr(nacre_string_bytes(defaults).data, "memory_bytes = \"512MiB\"") != NULL);
  nacre_string_free(defaults);
  options.memtable = (nacre_memtable_kind)2;
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_options_to_toml(&options, false, &defaults, &failure));
  CHECK(defaults == NULL);
}

static void what_is_wrong_has_a_place(void) {
  OK(read_text(kEvery));
  char line[300];
  CHECK(read_text("# sizes\n\n  memory = 1\n") == NACRE_INVALID_ARGUMENT);
  CHECK(wrong.line == 3 && wrong.column == 3 && strstr(wrong.message, "did you mean \"memory_bytes\"?") != NULL);
  CHECK(nacre_config_error_message(&wrong, "a.toml", line, sizeof line) == strlen(line));
  CHECK(strncmp(line, "a.toml:3:3: unknown option \"memory\"", 35) == 0);
  CHECK(nacre_config_error_message(&wrong, NULL, line, 13) > 50 && strcmp(line, "options:3:3:") == 0);
  is_every();  // as before

  CHECK(read_text("memory_bytes = 1024") == NACRE_INVALID_ARGUMENT && wrong.line == 1 && wrong.column > 0);
  CHECK(nacre_options_from_toml(nacre_text("="), &options, &keyspace, NULL) == NACRE_INVALID_ARGUMENT);
  static char long_text[NACRE_MAX_CONFIG_BYTES + 1];
  memset(long_text, '\n', sizeof long_text);
  const nacre_bytes most = {long_text, NACRE_MAX_CONFIG_BYTES};
  const nacre_bytes too_long = {long_text, sizeof long_text};
  OK(nacre_options_from_toml(most, &options, &keyspace, &wrong));
  CHECK(nacre_options_from_toml(too_long, &options, &keyspace, &wrong) == NACRE_INVALID_ARGUMENT);
  CHECK(wrong.line == 0 && wrong.column == 0);
  CHECK(nacre_config_error_message(&wrong, "b", line, sizeof line) > 0 && strncmp(line, "b: ", 3) == 0);

  CHECK(nacre_config_error_message(NULL, "b", NULL, 0) > 0);
  memset(wrong.message, 'x', sizeof wrong.message);  // without an end
  CHECK(nacre_config_error_message(&wrong, "b", NULL, 0) == 3 + sizeof wrong.message);
}

static void a_file_is_a_text(void) {
  const char* path = new_path();
  CHECK(nacre_options_from_file(path, &options, &keyspace, &wrong) == NACRE_INVALID_ARGUMENT);
  CHECK(wrong.line == 0 && strstr(wrong.message, "not found") != NULL);
  nacre_db_free(open_database(path, NACRE_OPEN_CREATE_NEW));
  char name[400];
  snprintf(name, sizeof name, "%s/nacre.toml", path);
  FILE* file = fopen(name, "w");
  CHECK(file != NULL && fputs(kEvery, file) >= 0 && fclose(file) == 0);
  OK(nacre_options_from_file(name, &options, &keyspace, &wrong));
  is_every();

  nacre_db* db;
  OK(nacre_open(path, &options, &db, &failure));
  nacre_options now = {.struct_size = sizeof now};
  nacre_keyspace_options of_new = {.struct_size = sizeof of_new};
  OK(nacre_db_get_options(db, &now, &of_new, &failure));
  CHECK(now.memory_bytes == options.memory_bytes && of_new.block_bytes == keyspace.block_bytes);
  nacre_db_free(db);
}

static void wrong_arguments_are_told(void) {
  const nacre_bytes none = {NULL, 1};
  nacre_options unsized = {.struct_size = 0};
  CHECK(nacre_options_from_toml(none, &options, &keyspace, &wrong) == NACRE_INVALID_ARGUMENT && wrong.line == 0);
  CHECK(strstr(wrong.message, "NULL") != NULL);
  CHECK(nacre_options_from_toml(nacre_text(""), NULL, &keyspace, &wrong) == NACRE_INVALID_ARGUMENT);
  CHECK(nacre_options_from_toml(nacre_text(""), &options, NULL, &wrong) == NACRE_INVALID_ARGUMENT);
  CHECK(nacre_options_from_toml(nacre_text(""), &unsized, &keyspace, &wrong) == NACRE_INVALID_ARGUMENT);
  CHECK(strstr(wrong.message, "struct_size") != NULL);
  CHECK(nacre_options_from_file(NULL, &options, &keyspace, &wrong) == NACRE_INVALID_ARGUMENT);
  wrong.struct_size = 3;
  CHECK(nacre_options_from_toml(nacre_text(""), &options, &keyspace, &wrong) == NACRE_INVALID_ARGUMENT);
  CHECK(nacre_config_error_message(&wrong, "b", NULL, 0) > 0);
  wrong.struct_size = sizeof wrong;
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_options_to_toml(&options, false, NULL, &failure));
}

void test_config(void) {
  text_becomes_options();
  options_become_text();
  what_is_wrong_has_a_place();
  a_file_is_a_text();
  wrong_arguments_are_told();
}
