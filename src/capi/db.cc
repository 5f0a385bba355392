// The nacre_db: open, close, its keyspaces, and what concerns all of it.

#include "nacre/db.h"

#include <functional>
#include <string>

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/options.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

Result<void> needed_db(const nacre_db* db) { return needed(db, "the database is NULL"); }

// A call of the Db that takes nothing and answers nothing.
nacre_status plain_call(nacre_db* db, nacre_error* error, Result<void> (Db::*call)() noexcept) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_db(db));
    return (db->db.*call)();
  });
}

}  // namespace

nacre_status nacre_open(const char* path, const nacre_options* options, nacre_db** db, nacre_error* error) {
  return hand_out(db, error, [&]() -> Result<nacre_db*> {
    NACRE_TRY(needed(path, "the path is NULL"));
    NACRE_TRY_ASSIGN(const nacre_options given, taken(options));
    NACRE_TRY_ASSIGN(const Options how, as_options(given));
    NACRE_TRY_ASSIGN(const Surroundings with, surroundings_of(given));
    NACRE_TRY_ASSIGN(Db opened, Db::open(path, how, runtime_with(with)));
    return new nacre_db(std::move(opened), with);
  });
}

nacre_status nacre_close(nacre_db* db, nacre_error* error) { return plain_call(db, error, &Db::close); }
void nacre_db_free(nacre_db* db) { delete db; }

nacre_status nacre_sync(nacre_db* db, nacre_error* error) { return plain_call(db, error, &Db::sync); }
nacre_status nacre_flush(nacre_db* db, nacre_error* error) { return plain_call(db, error, &Db::flush); }
nacre_status nacre_compact(nacre_db* db, nacre_error* error) { return plain_call(db, error, &Db::compact); }
nacre_status nacre_settle(nacre_db* db, nacre_error* error) { return plain_call(db, error, &Db::settle); }

nacre_status nacre_db_get_options(const nacre_db* db, nacre_options* options, nacre_keyspace_options* keyspace,
                                  nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_db(db));
    NACRE_TRY(fillable(options));
    NACRE_TRY(fillable(keyspace));
    const Options now = db->db.options();
    nacre_options all = as_c(now, keyspace);
    all.on_event = db->surroundings.on_event;
    all.event_context = db->surroundings.event_context;
    all.log = &db->surroundings.log;
    all.slow_ns = db->surroundings.slow_ns;
    give(as_c(now.keyspace), keyspace);
    give(all, options);
    return {};
  });
}

nacre_status nacre_db_set_options(nacre_db* db, const nacre_options* options, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_db(db));
    NACRE_TRY_ASSIGN(const nacre_options given, taken(options));
    NACRE_TRY_ASSIGN(const Options how, as_options(given));
    NACRE_TRY_ASSIGN(const Surroundings with, surroundings_of(given));
    NACRE_TRY(check_same(db->surroundings, with));
    return db->db.set_options(how);
  });
}

const nacre_keyspace* nacre_default_keyspace(const nacre_db* db) {
  return db != nullptr ? &db->default_keyspace : nullptr;
}

nacre_status nacre_keyspace_open(nacre_db* db, nacre_bytes name, nacre_keyspace** keyspace, nacre_error* error) {
  return hand_out(keyspace, error, [&]() -> Result<nacre_keyspace*> {
    NACRE_TRY(needed_db(db));
    NACRE_TRY_ASSIGN(const Bytes named, as_bytes(name));
    NACRE_TRY_ASSIGN(Keyspace opened, db->db.keyspace(named));
    return new nacre_keyspace(std::move(opened));
  });
}

nacre_status nacre_keyspace_create(nacre_db* db, nacre_bytes name, const nacre_keyspace_options* options,
                                   nacre_keyspace** keyspace, nacre_error* error) {
  return hand_out(keyspace, error, [&]() -> Result<nacre_keyspace*> {
    NACRE_TRY(needed_db(db));
    NACRE_TRY_ASSIGN(const Bytes named, as_bytes(name));
    NACRE_TRY_ASSIGN(const KeyspaceOptions how, as_keyspace_options(options));
    NACRE_TRY_ASSIGN(Keyspace created, db->db.create_keyspace(named, how));
    return new nacre_keyspace(std::move(created));
  });
}

nacre_status nacre_keyspace_drop(nacre_db* db, nacre_bytes name, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_db(db));
    NACRE_TRY_ASSIGN(const Bytes named, as_bytes(name));
    return db->db.drop_keyspace(named);
  });
}

nacre_status nacre_keyspace_names(const nacre_db* db, nacre_name_fn visit, void* context, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_db(db));
    if (visit == nullptr) return invalid_argument(Operation::kNone, "the callback is NULL");
    for (const std::string& name : db->db.keyspaces()) visit(context, as_c(name));
    return {};
  });
}

nacre_status nacre_snapshot_create(const nacre_db* db, nacre_snapshot** snapshot, nacre_error* error) {
  return hand_out(snapshot, error, [&]() -> Result<nacre_snapshot*> {
    NACRE_TRY(needed_db(db));
    return new nacre_snapshot{db->db.snapshot()};
  });
}
uint64_t nacre_snapshot_sequence(const nacre_snapshot* snapshot) {
  return snapshot != nullptr ? snapshot->snapshot.sequence() : 0;
}
void nacre_snapshot_free(nacre_snapshot* snapshot) { delete snapshot; }

nacre_status nacre_check(nacre_db* db, nacre_finding_fn on_finding, nacre_progress_fn on_progress, void* context,
                         size_t* findings, nacre_error* error) {
  if (findings != nullptr) *findings = 0;
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_db(db));
    std::function<void(uint64_t, uint64_t)> progress;
    if (on_progress != nullptr) progress = [&](uint64_t done, uint64_t all) { on_progress(context, done, all); };
    NACRE_TRY_ASSIGN(const std::vector<CheckFinding> found, db->db.check(progress));
    for (const CheckFinding& finding : found) {
      const nacre_error failure = as_c(finding.error);
      if (on_finding != nullptr) on_finding(context, &failure, finding.detail.c_str());
    }
    if (findings != nullptr) *findings = found.size();
    return {};
  });
}
