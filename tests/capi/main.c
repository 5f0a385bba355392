// The tests of the C API, in C: c_api_test [NAME...]. Without a name it runs all.

#include <stdio.h>
#include <string.h>

#include "harness.h"

static const struct {
  const char* name;
  void (*run)(void);
} kTests[] = {
    {"batch", test_batch},
    {"bytes", test_bytes},
    {"check", test_check},
    {"config", test_config},
    {"cursor", test_cursor},
    {"error", test_error},
    {"event", test_event},
    {"inspect", test_inspect},
    {"keyspace", test_keyspace},
    {"lifetime", test_lifetime},
    {"log", test_log},
    {"metrics", test_metrics},
    {"model", test_model},
    {"nonsense", test_nonsense},
    {"open", test_open},
    {"options", test_options},
    {"repair", test_repair},
    {"stats", test_stats},
    {"struct_size", test_struct_size},
    {"transaction", test_transaction},
};

static bool is_wanted(const char* name, int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], name) == 0) return true;
  }
  return argc == 1;
}

int main(int argc, char** argv) {
  int runs = 0;
  for (size_t i = 0; i < sizeof kTests / sizeof kTests[0]; i++) {
    if (!is_wanted(kTests[i].name, argc, argv)) continue;
    kTests[i].run();
    printf("%s passed\n", kTests[i].name);
    runs++;
  }
  remove_databases();
  if (runs == 0) fprintf(stderr, "there is no such test\n");
  return runs == 0;
}
