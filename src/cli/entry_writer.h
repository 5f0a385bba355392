// EntryWriter: entries as the bytes of some format. Appends to a string that the caller empties when he likes; what was
// appended may lag behind, by a block, until end().
//
// Thread safety: one thread.
#pragma once

#include <string>

#include "nacre/bytes.h"
#include "nacre/options.h"

namespace nacre::cli {

class EntryWriter {
 public:
  virtual ~EntryWriter() = default;
  virtual void begin(std::string& out) { (void)out; }
  // The entries that follow are of this keyspace. Formats that know none keep silent.
  virtual void keyspace(std::string& out, Bytes name, const KeyspaceOptions& options) {
    (void)out, (void)name, (void)options;
  }
  virtual void append(std::string& out, Bytes key, Bytes value) = 0;
  virtual void end(std::string& out) { (void)out; }
};

}  // namespace nacre::cli
