// What the tests of the C API share. The first thing that is wrong ends the program with a line that says what and where.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "nacre/c.h"

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
#define OK(call) check_status((call), NACRE_OK, #call, __FILE__, __LINE__)
#define ANSWERS(status, call) check_status((call), status, #call, __FILE__, __LINE__)

void check(bool holds, const char* what, const char* file, int line);
// `call` should have been given &failure, to which the line of a failure refers.
void check_status(nacre_status status, nacre_status expected, const char* call, const char* file, int line);

extern nacre_error failure;

bool same(nacre_bytes bytes, const char* text);
// Whether the text of `value` is `text`; frees it. `text` is NULL if there should be no value.
bool holds(nacre_value* value, const char* text);
// The value of `key` now, by nacre_get.
bool has(const nacre_keyspace* keyspace, const char* key, const char* text);
void put(const nacre_keyspace* keyspace, const char* key, const char* value);

// The directory of a database of the test's own, which is not there yet; the next call gives another.
const char* new_path(void);
// A database in a new directory, with little memory.
nacre_db* new_database(void);
nacre_db* open_database(const char* path, nacre_open_mode mode);
void remove_databases(void);

// The names of a directory's files that end in `suffix`: calls `visit` with the path of each, and returns how many there are.
int each_file(const char* directory, const char* suffix, void (*visit)(const char* path));

// Damages a byte: the one at 100.
void flip_byte_at(const char* path, long offset);
void flip_a_byte(const char* path);
// What stands in the file, until the next call; NULL if there is none.
const char* text_of_file(const char* directory, const char* name);

// The tests, a file each.
void test_batch(void);
void test_bytes(void);
void test_check(void);
void test_config(void);
void test_cursor(void);
void test_error(void);
void test_event(void);
void test_inspect(void);
void test_keyspace(void);
void test_lifetime(void);
void test_log(void);
void test_metrics(void);
void test_model(void);
void test_nonsense(void);
void test_open(void);
void test_options(void);
void test_repair(void);
void test_stats(void);
void test_struct_size(void);
void test_transaction(void);
