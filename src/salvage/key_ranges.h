// KeyRanges: a set of keys, held as ranges that do not overlap. A key in it may be marked as relied upon.
//
// Thread safety: one thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "nacre/bytes.h"
#include "salvage/findings.h"

namespace nacre::salvage {

class KeyRanges {
 public:
  // Ranges that overlap become one.
  void add(const KeyRange& range);
  bool contains(Bytes key) const { return find(key) != ranges_.end(); }

  // Marks the range that holds the key, if there is one.
  void rely_on(Bytes key);
  // Whether a range that overlaps this one was marked.
  bool relied_on(const KeyRange& range) const;

 private:
  struct Rest {
    std::optional<std::string> to;  // included; nothing: to the end
    bool relied_on = false;
  };
  using Map = std::map<std::string, Rest, std::less<>>;  // by their first keys

  Map::const_iterator find(Bytes key) const;

  Map ranges_;
};

}  // namespace nacre::salvage
