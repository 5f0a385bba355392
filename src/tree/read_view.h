// ReadView: all that a read of one keyspace looks at, as one immutable object.
//
// memtables (newest first: the one that takes writes, then those that wait for their flush), then the version's runs.
// Everything in an earlier place is newer, key by key, than everything in a later one. The view does not say up to
// which sequence to read: that is the reader's, and one view serves any sequence from the moment of its publication on.
//
// Why one object: a flush moves entries from a memtable into a table. A reader that took the memtables and the version
// one after the other could miss them, or see them in both; with a view, both change in one pointer store.
//
// Ownership: counted. The engine's pointer to the newest view is one reference; a point get borrows under an epoch
// guard instead of counting, long-lived cursors and snapshots count. A view pins its memtables, its tables and their
// files.
//
// Thread safety: immutable.
#pragma once

#include <vector>

#include "base/intrusive_ptr.h"
#include "memtable/memtable.h"
#include "tree/version.h"

namespace nacre::tree {

class ReadView : public base::RefCounted<ReadView> {
 public:
  ReadView(std::vector<base::IntrusivePtr<memtable::Memtable>> view_memtables, base::IntrusivePtr<Version> view_version)
      : memtables(std::move(view_memtables)), version(std::move(view_version)) {
    NACRE_CHECK(version);
  }

  const std::vector<base::IntrusivePtr<memtable::Memtable>> memtables;
  const base::IntrusivePtr<Version> version;
};

}  // namespace nacre::tree
