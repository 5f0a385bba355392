// What TAB offers: names of commands, options, keyspaces, files, and the keys of the open database.
//
// Keys are found by seeking, never by walking: the longest beginning that all keys share with what is typed comes from the first and the
// last of them. If there are few, they are offered; if there are many, the characters that may come next. Both are bounded in number and
// time, so TAB answers at once in a database of any size.
//
// Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "cli/shell/state.h"

namespace nacre::cli {

struct Completion {
  size_t begin = 0;                // byte of the line from which `text` replaces what is typed
  std::string text;                // quoted as it must be; with a blank behind it if nothing can follow in this word
  std::vector<std::string> shown;  // what it could become, readable; empty if it is unique or nothing fits
};

// `line`: up to the place where somebody types.
Completion complete(const ShellState& state, Bytes line);

}  // namespace nacre::cli
