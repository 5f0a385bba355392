// inspect: what a file of a database holds, piece by piece, damage included.
//
// Tables, log segments, manifests, CURRENT, and whole directories are described as a stream of items, from the outside in. What is
// damaged is an item too, where it lies, and the description goes on behind it where it can. Nothing is changed,
// nothing is locked: a file of a database in use may be looked at, and is shown as it is at that moment. Memory: the index and a
// block of a table, and 8 MiB to search one whose index is damaged; a record of a log; all of a manifest.
//
// Thread safety: any number of calls at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nacre/bytes.h"
#include "nacre/error.h"
#include "nacre/export.h"
#include "nacre/runtime.h"

namespace nacre {

struct InspectField {
  enum class Kind : uint8_t { kNumber, kWord, kBytes };  // kBytes: a key or value, any bytes

  const char* name = "";
  Kind kind = Kind::kNumber;
  uint64_t number = 0;
  std::string text = {};  // of words and bytes
};

// One thing in the file: a header, a part, a block, an entry, a record, an operation, an edit, damage.
struct InspectItem {
  const char* what = "";
  uint32_t depth = 0;   // 1: belongs to the last item of depth 0, and so on
  uint64_t offset = 0;  // in the file
  uint64_t bytes = 0;   // that it takes there; 0: it has no place of its own
  bool damaged = false;
  std::vector<InspectField> fields = {};
};

struct InspectOptions {
  bool entries = false;                // of tables: every entry; of logs: every operation
  bool values = false;                 // with the values, which are counted else
  std::optional<uint64_t> block = {};  // of a table: this one only, counted from 0, with its entries
};

// Describes the file, or the database directory, at `path`. Ends when `on_item` answers false. kNotFound, kIo: it cannot be opened;
// or there is no database in the directory; kInvalidArgument: it is no file of a database, or a directory of somebody else. Damage is
// no error.
NACRE_API Result<void> inspect(const std::string& path, const InspectOptions& options,
                               const std::function<bool(const InspectItem&)>& on_item,
                               const Runtime& runtime = Runtime::standard()) noexcept;

}  // namespace nacre
