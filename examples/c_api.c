// The first page in C: open, put, get, a batch, a scan; how errors are met. Run it with the directory of a database to be made.
//
// Prints:
//   user:123 is Alice
//   user:999 is not there
//   user:124 = Bob
//   user:125 = Carol
//   no key is longer than 64 KiB: invalid argument

#include <stdio.h>
#include <stdlib.h>

#include "nacre/c.h"

static nacre_error error = {.struct_size = sizeof error};

// For errors that a program cannot live with.
static void must(nacre_status status) {
  if (status == NACRE_OK) return;
  char message[300];
  nacre_error_message(&error, message, sizeof message);
  fprintf(stderr, "%s\n", message);
  exit(1);
}

static void print_value(const nacre_keyspace* users, const char* key) {
  nacre_value* value;
  must(nacre_get(users, nacre_text(key), NULL, &value, &error));
  if (value == NULL) {  // a missing key is no error
    printf("%s is not there\n", key);
    return;
  }
  const nacre_bytes bytes = nacre_value_bytes(value);  // a view: nothing was copied
  printf("%s is %.*s\n", key, (int)bytes.size, bytes.data);
  nacre_value_free(value);  // it pins the memory that it lies in
}

static bool print_entry(void* context, nacre_bytes key, nacre_bytes value) {
  (void)context;
  printf("%.*s = %.*s\n", (int)key.size, key.data, (int)value.size, value.data);
  return true;  // go on
}

int main(int argc, char** argv) {
  const nacre_options options = {.struct_size = sizeof options, .memory_bytes = 64 << 20};  // all else by default
  nacre_db* db;
  must(nacre_open(argc > 1 ? argv[1] : "data", &options, &db, &error));
  const nacre_keyspace* users = nacre_default_keyspace(db);

  must(nacre_put(users, nacre_text("user:123"), nacre_text("Alice"), NULL, &error));
  print_value(users, "user:123");
  print_value(users, "user:999");

  nacre_batch* batch = nacre_batch_create();  // all of it or nothing
  nacre_batch_put(batch, users, nacre_text("user:124"), nacre_text("Bob"));
  nacre_batch_put(batch, users, nacre_text("user:125"), nacre_text("Carol"));
  nacre_batch_erase(batch, users, nacre_text("user:123"));
  const nacre_write_options safe = {.struct_size = sizeof safe, .durability = NACRE_DURABILITY_DISK};
  must(nacre_write(db, batch, &safe, &error));  // survives a power cut
  nacre_batch_free(batch);

  const nacre_scan_options all = {.struct_size = sizeof all, .prefix = nacre_text("user:")};
  must(nacre_scan(users, &all, print_entry, NULL, &error));

  static const char long_key[100000];
  const nacre_status status = nacre_put(users, (nacre_bytes){long_key, sizeof long_key}, nacre_text("x"), NULL, &error);
  if (status == NACRE_INVALID_ARGUMENT) printf("no key is longer than 64 KiB: %s\n", nacre_status_name(status));

  must(nacre_close(db, &error));  // says whether all is safe
  nacre_db_free(db);
  return 0;
}
