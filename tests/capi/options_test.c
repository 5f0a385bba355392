// Options in force, and changes of them.

#include <string.h>

#include "harness.h"

static nacre_options options = {.struct_size = sizeof options};
static nacre_keyspace_options keyspace = {.struct_size = sizeof keyspace};

static void ignore_event(void* context, const nacre_event* event) { (void)context, (void)event; }

static void get(const nacre_db* db) { OK(nacre_db_get_options(db, &options, &keyspace, &failure)); }

static void all_defaults_are_spelled_out(void) {
  nacre_db* db;
  OK(nacre_open(new_path(), NULL, &db, &failure));
  get(db);
  CHECK(options.mode == NACRE_OPEN_CREATE_IF_MISSING && options.durability == NACRE_DURABILITY_OS);
  CHECK(options.memory_bytes == (uint64_t)512 << 20 && options.memtable == NACRE_MEMTABLE_BTREE);
  CHECK(options.row_cache_percent == 0 && options.keyspace == &keyspace && options.on_event == NULL);
  CHECK(options.slow_ns == 100000000 && options.log->disabled == 0 && options.log->format == NACRE_LOG_TEXT);
  CHECK(options.log->least == NACRE_SEVERITY_DEBUG && options.log->files == 4);
  CHECK(options.log->file_bytes == (uint64_t)4 << 20 && options.log->struct_size == sizeof *options.log);
  CHECK(keyspace.compression == NACRE_COMPRESSION_LZ4 && keyspace.bottom_compression == NACRE_COMPRESSION_LZ4);
  CHECK(keyspace.shape == NACRE_SHAPE_LAZY_LEVELED && keyspace.filter_bits_per_key == 10);
  CHECK(keyspace.block_bytes == 8192);
  OK(nacre_db_set_options(db, &options, &failure));  // what it says is what there is
  OK(nacre_db_set_options(db, NULL, &failure));
  nacre_db_free(db);
}

static nacre_keyspace_options of(const nacre_keyspace* map) {
  nacre_keyspace_options found = {.struct_size = sizeof found};
  OK(nacre_keyspace_get_options(map, &found, &failure));
  return found;
}

static void a_database_changes_what_it_may(void) {
  const nacre_log_options log = {.struct_size = sizeof log, .disabled = 5};
  const nacre_options opened = {.struct_size = sizeof opened,
                                .memory_bytes = NACRE_MIN_MEMORY_BYTES,
                                .on_event = ignore_event,
                                .event_context = &keyspace,
                                .log = &log,
                                .slow_ns = NACRE_NEVER_SLOW};
  nacre_db* db;
  OK(nacre_open(new_path(), &opened, &db, &failure));
  get(db);
  CHECK(options.on_event == ignore_event && options.event_context == &keyspace && options.log->disabled == 1);
  CHECK(options.slow_ns == NACRE_NEVER_SLOW && options.memory_bytes == NACRE_MIN_MEMORY_BYTES);

  options.durability = NACRE_DURABILITY_DISK;
  options.memtable = NACRE_MEMTABLE_SKIP_LIST;
  keyspace.filter_bits_per_key = NACRE_NO_FILTER;
  keyspace.bottom_compression = NACRE_COMPRESSION_NONE;
  OK(nacre_db_set_options(db, &options, &failure));
  memset(&keyspace, 0xaa, sizeof keyspace);
  keyspace.struct_size = sizeof keyspace;
  get(db);
  CHECK(options.durability == NACRE_DURABILITY_DISK && options.memtable == NACRE_MEMTABLE_SKIP_LIST);
  CHECK(keyspace.filter_bits_per_key == NACRE_NO_FILTER && keyspace.bottom_compression == NACRE_COMPRESSION_NONE);
  nacre_stats stats = {.struct_size = sizeof stats};
  OK(nacre_db_stats(db, &stats, &failure));
  const uint64_t syncs = stats.syncs;
  put(nacre_default_keyspace(db), "k", "v");
  OK(nacre_db_stats(db, &stats, &failure));
  CHECK(stats.syncs > syncs);

  nacre_keyspace* made;
  OK(nacre_keyspace_open(db, nacre_text("made"), &made, &failure));
  CHECK(of(made).filter_bits_per_key == NACRE_NO_FILTER && of(nacre_default_keyspace(db)).filter_bits_per_key == 10);
  nacre_keyspace_free(made);
  nacre_db_free(db);
}

static void what_an_open_decides_stays(void) {
  nacre_db* db = new_database();
  nacre_log_options log = {.struct_size = sizeof log};
  nacre_options wanted;
#define REFUSED(field, value)                                                   \
  get(db);                                                                      \
  wanted = options;                                                             \
  wanted.durability = NACRE_DURABILITY_DISK;                                    \
  wanted.field = value;                                                         \
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_db_set_options(db, &wanted, &failure)); \
  CHECK(strstr(failure.reason, #field) != NULL);                                \
  get(db);                                                                      \
  CHECK(options.durability == NACRE_DURABILITY_OS)
  REFUSED(mode, NACRE_OPEN_READ_ONLY);
  REFUSED(memory_bytes, NACRE_MIN_MEMORY_BYTES + 1);
  REFUSED(memory_bytes, NACRE_MIN_MEMORY_BYTES - 1);
  REFUSED(row_cache_percent, 1);
  REFUSED(memtable, 2);
  REFUSED(on_event, ignore_event);
  REFUSED(event_context, &log);
  REFUSED(slow_ns, 1);
  log.files = 5;
  REFUSED(log, &log);
#undef REFUSED
  get(db);
  log.files = 0;
  options.log = &log;  // the same in other words
  options.slow_ns = 0;
  OK(nacre_db_set_options(db, &options, &failure));
  keyspace.block_bytes = 7;
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_db_set_options(db, &options, &failure));
  nacre_db_free(db);
}

static void a_keyspace_keeps_its_change(void) {
  const char* path = new_path();
  nacre_db* db = open_database(path, NACRE_OPEN_CREATE_NEW);
  const nacre_keyspace* map = nacre_default_keyspace(db);
  nacre_keyspace_options changed = of(map);
  CHECK(changed.block_bytes == 1024 && changed.compression == NACRE_COMPRESSION_LZ4);
  changed.block_bytes = 2048;
  changed.compression = NACRE_COMPRESSION_ZSTD;
  changed.shape = NACRE_SHAPE_LEVELED;
  OK(nacre_keyspace_set_options(map, &changed, &failure));
  changed.block_bytes = 1;
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_keyspace_set_options(map, &changed, &failure));
  nacre_db_free(db);

  db = open_database(path, NACRE_OPEN_READ_ONLY);
  const nacre_keyspace_options kept = of(nacre_default_keyspace(db));
  CHECK(kept.block_bytes == 2048 && kept.compression == NACRE_COMPRESSION_ZSTD && kept.shape == NACRE_SHAPE_LEVELED);
  ANSWERS(NACRE_INVALID_ARGUMENT, nacre_keyspace_set_options(nacre_default_keyspace(db), &kept, &failure));
  nacre_db_free(db);

  db = open_database(path, NACRE_OPEN_MUST_EXIST);
  OK(nacre_keyspace_set_options(nacre_default_keyspace(db), NULL, &failure));  // all defaults
  CHECK(of(nacre_default_keyspace(db)).block_bytes == 8192);
  nacre_keyspace* dropped;
  OK(nacre_keyspace_create(db, nacre_text("x"), NULL, &dropped, &failure));
  OK(nacre_keyspace_drop(db, nacre_text("x"), &failure));
  ANSWERS(NACRE_NOT_FOUND, nacre_keyspace_set_options(dropped, NULL, &failure));
  nacre_keyspace_free(dropped);
  nacre_db_free(db);
}

void test_options(void) {
  all_defaults_are_spelled_out();
  a_database_changes_what_it_may();
  what_an_open_decides_stays();
  a_keyspace_keeps_its_change();
}
