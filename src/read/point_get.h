// point_get: the newest version of one key that a reader at one sequence sees.
//
// Sources are asked newest first: memtables, then runs. The first source that says anything about the key - an entry, or a
// range tombstone over it - decides, for whatever older sources say was written before. In a run at most one table can
// hold the key, found over its fences; its filter answers most keys that are not there.
//
// No allocation, no lock, no copy, no write to shared memory when everything is cached.
//
// Thread safety: any thread. Lifetime: the caller holds an epoch guard, or a counted reference to the view; the value lies in
// `frame` or `memtable`, which the caller pins if it keeps the bytes beyond that.
#pragma once

#include "cache/row_cache.h"
#include "nacre/error.h"
#include "table/table.h"
#include "tree/read_view.h"

namespace nacre::read {

inline constexpr uint32_t kInMemory = ~uint32_t{0};

struct Lookup {
  bool present = false;  // a live entry: not erased, not covered by a range tombstone
  format::Sequence sequence =
      0;                       // of the entry or tombstone that decided; 0 if nothing was found or it is as old as all
  uint32_t level = kInMemory;  // of the run that decided; kInMemory: a memtable or nobody
  uint32_t runs_asked = 0;     // runs with a table that might hold the key
  bool last_run = false;       // the last of all runs was asked
  Bytes value;
  const cache::Frame* frame = nullptr;           // holds the value, unless null
  const memtable::Memtable* memtable = nullptr;  // holds the value, unless null
  base::IntrusivePtr<const cache::Row> row;      // holds the value, unless null

  // Runs asked beyond the one that a tree of a single run would have asked.
  uint32_t extra_runs() const { return runs_asked == 0 ? 0 : runs_asked - 1; }
};

// `rows` is asked before a table and told what the table answered; null: there is no row cache. `guess` is of the last run.
Result<Lookup> point_get(const tree::ReadView& view, Bytes key, uint64_t hash, format::Sequence at,
                         cache::RowCache* rows, table::Guess guess = table::Guess::kAbsent);

// The part of it over the memtables only; true if they decided.
bool memtable_get(const tree::ReadView& view, Bytes key, uint64_t hash, format::Sequence at, Lookup* lookup);

}  // namespace nacre::read
