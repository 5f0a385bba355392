// Random calls against an array, from a seed: whichever way a map is written and read, it is the same map.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum { kKeys = 60, kSteps = 1500 };

// The value of each key, 0 if it is not there.
struct model {
  unsigned value[kKeys];
};

static uint64_t state;

static unsigned below(unsigned end) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % end;
}

static char texts[2 * kKeys + 4][16];
static int text_count = 0;

// Texts live until the next step.
static nacre_bytes written(const char* format, unsigned number) {
  char* text = texts[text_count++ % (int)(sizeof texts / sizeof texts[0])];
  snprintf(text, sizeof texts[0], format, number);
  return nacre_text(text);
}
static nacre_bytes key_of(unsigned key) { return written("key%04u", key); }
static nacre_bytes value_of(unsigned value) { return written("%u", value); }

static bool is_value(nacre_bytes bytes, unsigned value) { return same(bytes, value_of(value).data); }

static void erase_range_of(struct model* model, unsigned begin, unsigned end) {
  for (unsigned i = begin; i < end; i++) model->value[i] = 0;
}

static void change_by_batch(nacre_db* db, const nacre_keyspace* map, struct model* model, unsigned step) {
  nacre_batch* batch = nacre_batch_create();
  for (unsigned i = 0; i < 5; i++) {
    const unsigned key = below(kKeys);
    if (below(3) == 0) {
      nacre_batch_erase(batch, map, key_of(key));
      model->value[key] = 0;
    } else if (below(8) == 0) {
      const unsigned end = key + 1 + below(kKeys - key);
      nacre_batch_erase_range(batch, map, key_of(key), key_of(end));
      erase_range_of(model, key, end);
    } else {
      nacre_batch_put(batch, map, key_of(key), value_of(step));
      model->value[key] = step;
    }
  }
  OK(nacre_write(db, batch, NULL, &failure));
  nacre_batch_free(batch);
}

static void change_by_transaction(nacre_db* db, const nacre_keyspace* map, struct model* model, unsigned step) {
  nacre_transaction* transaction;
  OK(nacre_transaction_begin(db, &transaction, &failure));
  const unsigned key = below(kKeys);
  const unsigned other = below(kKeys);
  nacre_value* value;
  OK(nacre_transaction_get(transaction, map, key_of(key), &value, &failure));
  CHECK(holds(value, model->value[key] != 0 ? value_of(model->value[key]).data : NULL));
  OK(nacre_transaction_erase(transaction, map, key_of(key), &failure));
  OK(nacre_transaction_put(transaction, map, key_of(other), value_of(step), &failure));
  if (below(4) != 0) {
    OK(nacre_transaction_commit(transaction, NULL, &failure));
    model->value[key] = 0;
    model->value[other] = step;
  }
  nacre_transaction_free(transaction);
}

static void change(nacre_db* db, const nacre_keyspace* map, struct model* model, unsigned step) {
  const unsigned key = below(kKeys);
  switch (below(16)) {
    case 0:
      if (below(8) == 0) OK(nacre_flush(db, &failure));
      break;
    case 1:
      if (below(16) == 0) OK(nacre_compact(db, &failure));
      break;
    case 2: {
      const unsigned end = key + 1 + below(kKeys - key);
      OK(nacre_erase_range(map, key_of(key), key_of(end), NULL, &failure));
      erase_range_of(model, key, end);
      break;
    }
    case 3:
    case 4: change_by_batch(db, map, model, step); break;
    case 5: change_by_transaction(db, map, model, step); break;
    case 6:
    case 7:
    case 8:
      OK(nacre_erase(map, key_of(key), NULL, &failure));
      model->value[key] = 0;
      break;
    default: OK(nacre_put(map, key_of(key), value_of(step), NULL, &failure)); model->value[key] = step;
  }
}

// The first key at or after `from` that is there, or kKeys.
static unsigned next_of(const struct model* model, unsigned from) {
  while (from < kKeys && model->value[from] == 0) from++;
  return from;
}
// One more than the last key before `end` that is there, or 0.
static unsigned end_of(const struct model* model, unsigned end) {
  while (end > 0 && model->value[end - 1] == 0) end--;
  return end;
}

static void points_agree(const nacre_keyspace* map, const struct model* model, const nacre_snapshot* snapshot) {
  nacre_bytes keys[kKeys];
  nacre_value* values[kKeys];
  for (unsigned i = 0; i < kKeys; i++) keys[i] = key_of(i);
  OK(nacre_multi_get(map, keys, kKeys, snapshot, values, &failure));
  for (unsigned i = 0; i < kKeys; i++) {
    CHECK((values[i] != NULL) == (model->value[i] != 0));
    CHECK(values[i] == NULL || is_value(nacre_value_bytes(values[i]), model->value[i]));
    nacre_value_free(values[i]);
    bool found;
    nacre_value* value;
    OK(nacre_contains(map, key_of(i), snapshot, &found, &failure));
    OK(nacre_get(map, key_of(i), snapshot, &value, &failure));
    CHECK(found == (value != NULL));
    CHECK(holds(value, model->value[i] != 0 ? value_of(model->value[i]).data : NULL));
  }
}

// Takes random steps with a cursor between two bounds.
static void cursors_agree(const nacre_keyspace* map, const struct model* whole, const nacre_snapshot* snapshot) {
  const unsigned from = below(kKeys);
  const unsigned to = from + 1 + below(kKeys - from);
  struct model model = *whole;
  erase_range_of(&model, 0, from);
  erase_range_of(&model, to, kKeys);
  const nacre_scan_options options = {
      .struct_size = sizeof options, .from = key_of(from), .to = key_of(to), .snapshot = snapshot};
  nacre_cursor* cursor;
  OK(nacre_cursor_create(map, &options, &cursor, &failure));
  unsigned at = kKeys;  // where it stands; kKeys: nowhere
  for (int i = 0; i < 60; i++) {
    const unsigned key = below(kKeys);
    unsigned end = 0;  // one more than where a step backward leads
    bool on = false;
    switch (below(6)) {
      case 0: on = nacre_cursor_seek_first(cursor), at = next_of(&model, 0); break;
      case 1: on = nacre_cursor_seek_last(cursor), end = end_of(&model, kKeys), at = end == 0 ? kKeys : end - 1; break;
      case 2: on = nacre_cursor_seek(cursor, key_of(key)), at = next_of(&model, key); break;
      case 3:
        on = nacre_cursor_seek_before(cursor, key_of(key)), end = end_of(&model, key), at = end == 0 ? kKeys : end - 1;
        break;
      case 4: on = nacre_cursor_next(cursor), at = at == kKeys ? kKeys : next_of(&model, at + 1); break;
      default:
        on = nacre_cursor_prev(cursor), end = at == kKeys ? 0 : end_of(&model, at), at = end == 0 ? kKeys : end - 1;
    }
    CHECK(on == (at != kKeys) && on == nacre_cursor_valid(cursor));
    if (!on) continue;
    CHECK(same(nacre_cursor_key(cursor), key_of(at).data) && is_value(nacre_cursor_value(cursor), model.value[at]));
  }
  OK(nacre_cursor_status(cursor, &failure));
  nacre_cursor_free(cursor);
}

struct walk {
  const struct model* model;
  bool reverse;
  unsigned at;
  unsigned count;
};
static bool is_next(void* context, nacre_bytes key, nacre_bytes value) {
  struct walk* walk = context;
  const unsigned at = walk->reverse ? end_of(walk->model, walk->at) - 1 : next_of(walk->model, walk->at);
  CHECK(at < kKeys && same(key, key_of(at).data) && is_value(value, walk->model->value[at]));
  walk->at = walk->reverse ? at : at + 1;
  walk->count++;
  return true;
}

static void scans_agree(nacre_db* db, const nacre_keyspace* map, const struct model* model,
                        const nacre_snapshot* snapshot) {
  unsigned there = 0;
  for (unsigned i = 0; i < kKeys; i++) there += model->value[i] != 0;
  for (int reverse = 0; reverse < 2; reverse++) {
    const unsigned limit = below(2 * kKeys);
    const nacre_scan_options options = {
        .struct_size = sizeof options, .snapshot = snapshot, .limit = limit, .reverse = (uint32_t)reverse};
    struct walk walk = {model, reverse != 0, reverse != 0 ? kKeys : 0, 0};
    OK(nacre_scan(map, &options, is_next, &walk, &failure));
    CHECK(walk.count == (limit != 0 && limit < there ? limit : there));
  }
  if (snapshot != NULL) return;
  nacre_transaction* transaction;
  OK(nacre_transaction_begin(db, &transaction, &failure));
  struct walk walk = {model, false, 0, 0};
  OK(nacre_transaction_read_range(transaction, map, key_of(0), nacre_text("l"), is_next, &walk, &failure));
  CHECK(walk.count == there);
  nacre_transaction_free(transaction);
}

static void all_agrees(nacre_db* db, const nacre_keyspace* map, const struct model* model,
                       const nacre_snapshot* snapshot) {
  points_agree(map, model, snapshot);
  cursors_agree(map, model, snapshot);
  scans_agree(db, map, model, snapshot);
}

void test_model(void) {
  const char* seed = getenv("NACRE_C_MODEL_SEED");
  state = seed != NULL ? strtoull(seed, NULL, 10) : 1;
  const char* path = new_path();
  nacre_db* db = open_database(path, NACRE_OPEN_CREATE_NEW);
  nacre_keyspace* named;
  OK(nacre_keyspace_open(db, nacre_text("named"), &named, &failure));
  const nacre_keyspace* maps[] = {nacre_default_keyspace(db), named};
  struct model models[2] = {{{0}}, {{0}}};
  struct model then[2] = {{{0}}, {{0}}};
  nacre_snapshot* snapshot = NULL;
  for (unsigned step = 1; step <= kSteps; step++) {
    const unsigned which = below(2);
    change(db, maps[which], &models[which], step);
    if (step % 100 == 50) {
      nacre_snapshot_free(snapshot);
      OK(nacre_snapshot_create(db, &snapshot, &failure));
      memcpy(then, models, sizeof then);
    }
    if (step % 25 == 0) all_agrees(db, maps[which], &models[which], NULL);
    if (step % 100 == 0) all_agrees(db, maps[which], &then[which], snapshot);
  }
  nacre_snapshot_free(snapshot);
  nacre_keyspace_free(named);
  OK(nacre_close(db, &failure));
  nacre_db_free(db);

  db = open_database(path, NACRE_OPEN_READ_ONLY);
  OK(nacre_keyspace_open(db, nacre_text("named"), &named, &failure));
  all_agrees(db, nacre_default_keyspace(db), &models[0], NULL);
  all_agrees(db, named, &models[1], NULL);
  nacre_keyspace_free(named);
  nacre_db_free(db);
}
