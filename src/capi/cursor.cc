// The nacre_cursor, and scans.

#include "nacre/cursor.h"

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/options.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

bool stands(const nacre_cursor* cursor) { return cursor != nullptr && cursor->asked && cursor->cursor.valid(); }

bool position(nacre_cursor* cursor, void (Cursor::*move)() noexcept) {
  if (cursor == nullptr) return false;
  cursor->asked = {};
  (cursor->cursor.*move)();
  return stands(cursor);
}

bool position(nacre_cursor* cursor, nacre_bytes key, void (Cursor::*move)(Bytes) noexcept) {
  if (cursor == nullptr) return false;
  const Result<Bytes> target = as_bytes(key);
  cursor->asked = target ? Result<void>() : target.error();
  if (target) (cursor->cursor.*move)(*target);
  return stands(cursor);
}

bool step(nacre_cursor* cursor, void (Cursor::*move)() noexcept) {
  if (!stands(cursor)) return false;
  (cursor->cursor.*move)();
  return stands(cursor);
}

}  // namespace

nacre_status nacre_scan(const nacre_keyspace* keyspace, const nacre_scan_options* options, nacre_entry_fn visit,
                        void* context, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed(keyspace, "the keyspace is NULL"));
    if (visit == nullptr) return invalid_argument(Operation::kScan, "the callback is NULL");
    NACRE_TRY_ASSIGN(const ScanOptions how, as_scan_options(options));
    Scan scan = keyspace->keyspace.scan(how);
    for (const auto& [key, value] : scan) {
      if (!visit(context, as_c(key), as_c(value))) return {};
    }
    return scan.status();
  });
}

nacre_status nacre_cursor_create(const nacre_keyspace* keyspace, const nacre_scan_options* options,
                                 nacre_cursor** cursor, nacre_error* error) {
  return hand_out(cursor, error, [&]() -> Result<nacre_cursor*> {
    NACRE_TRY(needed(keyspace, "the keyspace is NULL"));
    NACRE_TRY_ASSIGN(const ScanOptions how, as_scan_options(options));
    Cursor made = keyspace->keyspace.cursor(how);
    NACRE_TRY(made.status());
    return new nacre_cursor{.cursor = std::move(made), .asked = {}};
  });
}

bool nacre_cursor_seek_first(nacre_cursor* cursor) { return position(cursor, &Cursor::seek_first); }
bool nacre_cursor_seek_last(nacre_cursor* cursor) { return position(cursor, &Cursor::seek_last); }
bool nacre_cursor_seek(nacre_cursor* cursor, nacre_bytes key) { return position(cursor, key, &Cursor::seek); }
bool nacre_cursor_seek_before(nacre_cursor* cursor, nacre_bytes key) {
  return position(cursor, key, &Cursor::seek_before);
}
bool nacre_cursor_next(nacre_cursor* cursor) { return step(cursor, &Cursor::next); }
bool nacre_cursor_prev(nacre_cursor* cursor) { return step(cursor, &Cursor::prev); }

bool nacre_cursor_valid(const nacre_cursor* cursor) { return stands(cursor); }
nacre_bytes nacre_cursor_key(const nacre_cursor* cursor) {
  return stands(cursor) ? as_c(cursor->cursor.key()) : nacre_bytes{};
}
nacre_bytes nacre_cursor_value(const nacre_cursor* cursor) {
  return stands(cursor) ? as_c(cursor->cursor.value()) : nacre_bytes{};
}

nacre_status nacre_cursor_status(const nacre_cursor* cursor, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed(cursor, "the cursor is NULL"));
    NACRE_TRY(cursor->asked);
    return cursor->cursor.status();
  });
}

void nacre_cursor_free(nacre_cursor* cursor) { delete cursor; }
