// DatabaseImage: the files of a small real database, to be damaged and opened; and the ways to damage and to mend them.
//
// Images are made once in a process, by the engine itself, in memory. Changes are drawn from an input, so that each input is one
// damaged directory. Thread safety: none.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fuzzing.h"
#include "nacre/nacre.h"
#include "os/memory_file_system.h"

namespace nacre::fuzz {

using Contents = std::map<std::string, std::string>;  // "keyspace/key", value

struct DatabaseImage {
  os::MemoryFileSystem::Image files;
  Contents contents;
  // Of a process that was killed: some of what it holds is only in the log, whose end may be torn.
  bool killed = false;
};

// Closed ones and a killed one; tables of each codec, range tombstones, two keyspaces.
const std::vector<DatabaseImage>& database_images();

// A runtime whose files are `files`. Its threads and its clock are those of the process.
Runtime runtime_of(const std::shared_ptr<os::MemoryFileSystem>& files);

Options small_options(OpenMode mode = OpenMode::kCreateIfMissing);

// One change: of bytes anywhere in a file, or of a whole file (removed, doubled, exchanged, cut). True if it was one bit.
bool change_files(os::MemoryFileSystem::Image& files, Input& input);

// Gives every file right checksums, as far as its bytes still say where they belong.
void mend_files(os::MemoryFileSystem::Image& files);

// What all keyspaces of the database hold, read forward and backward, or the error that reading ended with. `in_order`: both must
// agree, which they need not where mended checksums hide that the order of entries is wrong.
Result<Contents> read_all(Db& db, bool in_order = true);

}  // namespace nacre::fuzz
