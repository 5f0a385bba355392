// What the handles of nacre/c.h are: the objects of the C++ API, on the heap.
//
// Ownership: the caller's, from the call that made one to its _free.
#pragma once

#include <string>
#include <utility>

#include "capi/options.h"
#include "nacre/c.h"
#include "nacre/db.h"
#include "nacre/repair.h"
#include "nacre/stats.h"

struct nacre_keyspace {
  explicit nacre_keyspace(nacre::Keyspace opened) : keyspace(std::move(opened)), name(keyspace.name()) {}
  nacre::Keyspace keyspace;
  std::string name;
};

struct nacre_db {
  nacre_db(nacre::Db opened, const nacre::capi::Surroundings& with)
      : db(std::move(opened)), default_keyspace(db.default_keyspace()), surroundings(with) {}
  nacre::Db db;
  nacre_keyspace default_keyspace;
  const nacre::capi::Surroundings surroundings;
};

struct nacre_value {
  nacre::Value value;
};

struct nacre_string {
  std::string text;
};

struct nacre_batch {
  nacre::Batch batch;
  const char* wrong = nullptr;  // the first change that could not be added, in words
};

struct nacre_snapshot {
  nacre::Snapshot snapshot;
};

struct nacre_cursor {
  nacre::Cursor cursor;
  nacre::Result<void> asked;  // an error: the last positioning was wrong, and the cursor counts as standing nowhere
};

struct nacre_transaction {
  nacre::Transaction transaction;
  const nacre::engine::Core* core;  // only compared
};

struct nacre_metrics {
  nacre::Stats stats;
};

struct nacre_repair_report {
  nacre::RepairReport report;
};
