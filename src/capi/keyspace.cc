// Writes and reads of a nacre_keyspace.

#include "nacre/keyspace.h"

#include <algorithm>
#include <vector>

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/options.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

Result<void> needed_keyspace(const nacre_keyspace* keyspace) { return needed(keyspace, "the keyspace is NULL"); }

const Snapshot& moment_of(const nacre_snapshot* snapshot) {
  static const Snapshot now;
  return snapshot != nullptr ? snapshot->snapshot : now;
}

nacre_value* handle_of(std::optional<Value> value) { return value ? new nacre_value{*std::move(value)} : nullptr; }

}  // namespace

nacre_status nacre_put(const nacre_keyspace* keyspace, nacre_bytes key, nacre_bytes value,
                       const nacre_write_options* options, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_keyspace(keyspace));
    NACRE_TRY_ASSIGN(const Bytes at, as_bytes(key));
    NACRE_TRY_ASSIGN(const Bytes what, as_bytes(value));
    NACRE_TRY_ASSIGN(const WriteOptions how, as_write_options(options));
    return keyspace->keyspace.put(at, what, how);
  });
}

nacre_status nacre_erase(const nacre_keyspace* keyspace, nacre_bytes key, const nacre_write_options* options,
                         nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_keyspace(keyspace));
    NACRE_TRY_ASSIGN(const Bytes at, as_bytes(key));
    NACRE_TRY_ASSIGN(const WriteOptions how, as_write_options(options));
    return keyspace->keyspace.erase(at, how);
  });
}

nacre_status nacre_erase_range(const nacre_keyspace* keyspace, nacre_bytes begin, nacre_bytes end,
                               const nacre_write_options* options, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_keyspace(keyspace));
    NACRE_TRY_ASSIGN(const Bytes from, as_bytes(begin));
    NACRE_TRY_ASSIGN(const Bytes to, as_bytes(end));
    NACRE_TRY_ASSIGN(const WriteOptions how, as_write_options(options));
    return keyspace->keyspace.erase_range(from, to, how);
  });
}

nacre_status nacre_get(const nacre_keyspace* keyspace, nacre_bytes key, const nacre_snapshot* snapshot,
                       nacre_value** value, nacre_error* error) {
  return hand_out(value, error, [&]() -> Result<nacre_value*> {
    NACRE_TRY(needed_keyspace(keyspace));
    NACRE_TRY_ASSIGN(const Bytes at, as_bytes(key));
    NACRE_TRY_ASSIGN(std::optional<Value> found, keyspace->keyspace.get(at, moment_of(snapshot)));
    return handle_of(std::move(found));
  });
}

nacre_status nacre_contains(const nacre_keyspace* keyspace, nacre_bytes key, const nacre_snapshot* snapshot,
                            bool* found, nacre_error* error) {
  if (found != nullptr) *found = false;
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_keyspace(keyspace));
    NACRE_TRY(needed(found, "there is no place for the answer: `found` is NULL"));
    NACRE_TRY_ASSIGN(const Bytes at, as_bytes(key));
    NACRE_TRY_ASSIGN(*found, keyspace->keyspace.contains(at, moment_of(snapshot)));
    return {};
  });
}

nacre_status nacre_multi_get(const nacre_keyspace* keyspace, const nacre_bytes* keys, size_t count,
                             const nacre_snapshot* snapshot, nacre_value** values, nacre_error* error) {
  if (values != nullptr) std::fill_n(values, count, nullptr);
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_keyspace(keyspace));
    if (count == 0) return {};
    NACRE_TRY(needed(keys, "there is a count, but the keys are NULL"));
    NACRE_TRY(needed(values, "there is a count, but no place for the values: they are NULL"));
    std::vector<Bytes> wanted(count);
    for (size_t i = 0; i < count; i++) {
      NACRE_TRY_ASSIGN(wanted[i], as_bytes(keys[i]));
    }
    NACRE_TRY_ASSIGN(std::vector<std::optional<Value>> found,
                     keyspace->keyspace.multi_get(wanted, moment_of(snapshot)));
    for (size_t i = 0; i < count; i++) values[i] = handle_of(std::move(found[i]));
    return {};
  });
}

nacre_bytes nacre_value_bytes(const nacre_value* value) {
  return value != nullptr ? as_c(value->value.bytes()) : nacre_bytes{};
}
void nacre_value_free(nacre_value* value) { delete value; }

nacre_status nacre_keyspace_get_options(const nacre_keyspace* keyspace, nacre_keyspace_options* options,
                                        nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_keyspace(keyspace));
    NACRE_TRY(fillable(options));
    give(as_c(keyspace->keyspace.options()), options);
    return {};
  });
}

nacre_status nacre_keyspace_set_options(const nacre_keyspace* keyspace, const nacre_keyspace_options* options,
                                        nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_keyspace(keyspace));
    NACRE_TRY_ASSIGN(const KeyspaceOptions how, as_keyspace_options(options));
    return keyspace->keyspace.set_options(how);
  });
}

nacre_bytes nacre_keyspace_name(const nacre_keyspace* keyspace) {
  return keyspace != nullptr ? as_c(keyspace->name) : nacre_bytes{};
}
uint32_t nacre_keyspace_id(const nacre_keyspace* keyspace) { return keyspace != nullptr ? keyspace->keyspace.id() : 0; }
void nacre_keyspace_free(nacre_keyspace* keyspace) { delete keyspace; }
