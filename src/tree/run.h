// Run: tables in key order that do not overlap, so that at most one of them can hold a given key.
//
// A run is the unit of the read path: every get asks each run "which table?", so that question is answered from dense
// arrays without touching the tables (table/run_bounds.h). Bounds: a table covers [smallest, largest], or [smallest,
// largest) when it is marked so (its last word is a range tombstone).
//
// A Run is a small value: copies share the arrays, so deriving a version from another costs one count for each run that
// stays as it is. Pointers and spans handed out live as long as some copy of the Run does.
//
// Thread safety: immutable.
#pragma once

#include <span>
#include <vector>

#include "table/run_tables.h"
#include "tree/table_meta.h"

namespace nacre::tree {

struct Totals {
  uint64_t tables = 0;
  uint64_t file_bytes = 0;
  uint64_t data_bytes = 0;
  uint64_t entries = 0;
  uint64_t erases = 0;
  uint64_t range_tombstones = 0;

  void add(const format::TableRecord& table);
  void add(const Totals& other);
  friend bool operator==(const Totals&, const Totals&) = default;
};

class Run {
 public:
  // `tables` in any order, at least one. kInvalidArgument if two of them overlap.
  static Result<Run> make(uint32_t level, uint64_t id, std::vector<base::IntrusivePtr<TableMeta>> tables);

  uint32_t level() const { return level_; }
  uint64_t id() const { return id_; }
  std::span<const base::IntrusivePtr<TableMeta>> tables() const { return body_->tables; }
  std::span<const uint64_t> numbers() const { return body_->numbers; }  // of the tables, in their order
  const Totals& totals() const { return body_->totals; }
  Bytes smallest_key() const { return tables().front()->smallest_key(); }
  Bytes largest_key() const { return tables().back()->largest_key(); }
  bool is_same_as(const Run& other) const { return body_ == other.body_; }  // shares its tables

  // The one table that covers `key`, or null.
  const TableMeta* find(Bytes key) const {
    const size_t index = bounds().find(key);
    return index != body_->tables.size() ? body_->tables[index].get() : nullptr;
  }
  // Which table covers a key, or comes after it.
  const table::RunBounds& bounds() const { return body_->bounds(); }
  // What cursors walk over.
  const table::RunTables& open_tables() const { return *body_; }
  // The tables that cover some key of [first, last], or of [first, last) with `last_exclusive`.
  std::span<const base::IntrusivePtr<TableMeta>> overlapping(Bytes first, Bytes last, bool last_exclusive) const;

 private:
  struct Body final : base::RefCounted<Body>, table::RunTables {
    explicit Body(std::vector<base::IntrusivePtr<TableMeta>> sorted);
    Result<table::Table*> open(size_t i) const override { return tables[i]->table(); }

    const std::vector<base::IntrusivePtr<TableMeta>> tables;
    std::vector<uint64_t> numbers;
    Totals totals;
    base::MemoryCharge charge;
  };

  Run(uint32_t level, uint64_t id, base::IntrusivePtr<const Body> body)
      : level_(level), id_(id), body_(std::move(body)) {}

  uint32_t level_;
  uint64_t id_;
  base::IntrusivePtr<const Body> body_;
};

}  // namespace nacre::tree
