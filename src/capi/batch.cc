// The nacre_batch.

#include "nacre/batch.h"

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/options.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

// Adds a change by `add(keyspace, a, b)`, or remembers what is wrong with it.
template <class Add>
void add_change(nacre_batch* batch, const nacre_keyspace* keyspace, nacre_bytes a, nacre_bytes b, const Add& add) {
  if (batch == nullptr || batch->wrong != nullptr) return;
  const Result<Bytes> first = as_bytes(a);
  const Result<Bytes> second = as_bytes(b);
  if (keyspace == nullptr) {
    batch->wrong = "a keyspace of the batch is NULL";
  } else if (!first || !second) {
    batch->wrong = "bytes of the batch have a size, but their data is NULL";
  } else {
    add(keyspace->keyspace, *first, *second);
  }
}

}  // namespace

nacre_batch* nacre_batch_create() {
  return at_the_door([] { return new nacre_batch; });
}

void nacre_batch_put(nacre_batch* batch, const nacre_keyspace* keyspace, nacre_bytes key, nacre_bytes value) {
  add_change(batch, keyspace, key, value,
             [&](const Keyspace& where, Bytes at, Bytes what) { batch->batch.put(where, at, what); });
}

void nacre_batch_erase(nacre_batch* batch, const nacre_keyspace* keyspace, nacre_bytes key) {
  add_change(batch, keyspace, key, {}, [&](const Keyspace& where, Bytes at, Bytes) { batch->batch.erase(where, at); });
}

void nacre_batch_erase_range(nacre_batch* batch, const nacre_keyspace* keyspace, nacre_bytes begin, nacre_bytes end) {
  add_change(batch, keyspace, begin, end,
             [&](const Keyspace& where, Bytes from, Bytes to) { batch->batch.erase_range(where, from, to); });
}

void nacre_batch_clear(nacre_batch* batch) {
  if (batch == nullptr) return;
  batch->batch.clear();
  batch->wrong = nullptr;
}

uint32_t nacre_batch_count(const nacre_batch* batch) { return batch != nullptr ? batch->batch.count() : 0; }
uint64_t nacre_batch_size_bytes(const nacre_batch* batch) { return batch != nullptr ? batch->batch.size_bytes() : 0; }
void nacre_batch_free(nacre_batch* batch) { delete batch; }

nacre_status nacre_write(nacre_db* db, const nacre_batch* batch, const nacre_write_options* options,
                         nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed(db, "the database is NULL"));
    NACRE_TRY(needed(batch, "the batch is NULL"));
    if (batch->wrong != nullptr) return invalid_argument(Operation::kWrite, batch->wrong);
    NACRE_TRY_ASSIGN(const WriteOptions how, as_write_options(options));
    return db->db.write(batch->batch, how);
  });
}
