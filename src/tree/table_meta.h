// TableMeta: one table of the tree, as everybody who may still read it holds it.
//
// It carries what the manifest recorded of the table, and the open table itself once somebody needed it. It does not
// say where the table stands: a table that moves to another level stays the same TableMeta, with its open handle.
//
// Life. Versions hold counted references. When an edit takes the table out of the tree for good, the VersionSet marks
// it removed; when after that the last reference goes - the last version, view, iterator or job that could read it -
// its number is handed to the obsolete callback, exactly once, and the file may be deleted. Without the mark the last
// reference only closes the table: closing a database deletes nothing.
//
// Opening is lazy and lock-free: table() is one acquire load once the table is open. Threads that race to open it first
// may each open it; one handle wins, the others are closed again. An open that failed is tried again by the next call.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "base/intrusive_ptr.h"
#include "base/memory_account.h"
#include "base/result.h"
#include "format/uuid.h"
#include "format/version_edit.h"
#include "nacre/runtime.h"
#include "sync/sync.h"
#include "table/run_bounds.h"

namespace nacre::table {
class Table;
}

namespace nacre::tree {

class TableMeta;

// Opens and closes the tables of one database.
class TableOpener {
 public:
  virtual ~TableOpener() = default;
  // Which table a file says it is; nothing if it does not end as a table does. Reads little: it is asked about every
  // table when the database is opened.
  virtual Result<std::optional<format::TableIdentity>> identify(ReadableFile& file) = 0;
  // Returns a counted reference. Called from any thread, for one table perhaps by several at once.
  virtual Result<table::Table*> open(const TableMeta& meta) = 0;
  // Gives that reference back.
  virtual void close(table::Table* table) = 0;
};

struct ObsoleteTable {
  uint64_t number = 0;
  uint64_t file_bytes = 0;
};

// What all tables of one database share. It lives until the last of them is gone, which may be after the database's
// handle; disconnect() cuts the way to the callback's owner before that.
class TableHome {
 public:
  using ObsoleteCallback = std::function<void(const ObsoleteTable&)>;

  // `account` may be null; it must outlive all tables, as what `opener` uses must.
  TableHome(const format::Uuid& uuid, std::shared_ptr<TableOpener> opener, base::MemoryAccount* account,
            ObsoleteCallback on_obsolete);

  const format::Uuid& uuid() const { return uuid_; }
  TableOpener& opener() const { return *opener_; }
  base::MemoryAccount* account() const { return account_; }
  void report_obsolete(const ObsoleteTable& table) NACRE_EXCLUDES(mutex_);
  // After its return the callback is not running and will never be called again.
  void disconnect() NACRE_EXCLUDES(mutex_);

 private:
  const format::Uuid uuid_;
  const std::shared_ptr<TableOpener> opener_;
  base::MemoryAccount* const account_;
  sync::Mutex mutex_;
  ObsoleteCallback on_obsolete_ NACRE_GUARDED_BY(mutex_);
};

class TableMeta : public base::RefCounted<TableMeta> {
 public:
  TableMeta(format::TableRecord record, std::shared_ptr<TableHome> home);

  const format::TableRecord& record() const { return record_; }
  uint64_t number() const { return record_.number; }
  format::TableIdentity identity() const { return {.uuid = home_->uuid(), .number = record_.number}; }
  uint64_t file_bytes() const { return record_.file_bytes; }
  Bytes smallest_key() const { return record_.smallest_key; }
  Bytes largest_key() const { return record_.largest_key; }

  base::MemoryAccount* account() const { return home_->account(); }

  table::TableBounds bounds() const {
    return {.smallest = record_.smallest_key,
            .largest = record_.largest_key,
            .largest_exclusive = record_.largest_exclusive};
  }
  // False if the table says nothing about `key` or any key after it.
  bool reaches(Bytes key) const { return bounds().reaches(key); }
  bool covers(Bytes key) const { return key.compare(record_.smallest_key) >= 0 && reaches(key); }

  // The open table, opened now if need be; lives as long as this object.
  Result<table::Table*> table() const {
    if (table::Table* open = handle_.load(std::memory_order_acquire); open != nullptr) [[likely]]
      return open;
    return open_table();
  }
  // The same, or null if nobody has opened it.
  table::Table* table_if_open() const { return handle_.load(std::memory_order_acquire); }

  // Taken out of the tree for good. Called by the VersionSet while it holds a reference.
  void mark_removed() { removed_.store(true, std::memory_order_release); }
  bool is_removed() const { return removed_.load(std::memory_order_acquire); }

  void last_reference_gone();  // for RefCounted only

 private:
  ~TableMeta() = default;
  Result<table::Table*> open_table() const;

  const format::TableRecord record_;
  const std::shared_ptr<TableHome> home_;
  const base::MemoryCharge charge_;
  mutable std::atomic<table::Table*> handle_{nullptr};
  std::atomic<bool> removed_{false};
};

}  // namespace nacre::tree
