// RunTables: the tables of a run as a cursor sees them: their bounds, and each table opened when it is first wanted.
//
// Thread safety: immutable; all calls from any thread.
#pragma once

#include "table/run_bounds.h"
#include "table/table.h"

namespace nacre::table {

class RunTables {
 public:
  virtual ~RunTables() = default;
  // Table i < bounds().size(). Lives as long as this object.
  virtual Result<Table*> open(size_t i) const = 0;

  const RunBounds& bounds() const { return bounds_; }

 protected:
  RunTables() = default;
  explicit RunTables(RunBounds bounds) : bounds_(std::move(bounds)) {}
  RunTables(const RunTables&) = default;
  RunTables& operator=(const RunTables&) = default;

 private:
  RunBounds bounds_;
};

// Of tables that are open already, in order. Borrows them.
class OpenTables final : public RunTables {
 public:
  explicit OpenTables(std::vector<Table*> tables) : RunTables(bounds_of(tables)), tables_(std::move(tables)) {}
  Result<Table*> open(size_t i) const override { return tables_[i]; }

 private:
  static RunBounds bounds_of(const std::vector<Table*>& tables) {
    std::vector<TableBounds> bounds;
    for (const Table* table : tables)
      bounds.push_back({.smallest = table->properties().smallest_key, .largest = table->properties().largest_key});
    return RunBounds(std::move(bounds));
  }

  std::vector<Table*> tables_;
};

}  // namespace nacre::table
