// History: the lines that were typed, in a file of one line each, readable by its owner alone.
//
// The file is $NACRE_HISTORY, or nacre/history below $XDG_STATE_HOME (~/.local/state). An empty NACRE_HISTORY keeps none. A line is
// appended when it is typed, so shells side by side lose nothing; a file that grew to twice kKept lines is cut when it is loaded.
// A line that begins with a blank, is empty, or repeats the one before is not kept. What cannot be read or written is left
// alone: history is a convenience. Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "nacre/bytes.h"

namespace nacre::cli {

// Where the environment wants it; empty: nowhere.
std::string history_file();

class History {
 public:
  static constexpr size_t kKept = 2000;

  // Loads the last kKept lines. An empty name: nothing is loaded or kept.
  explicit History(std::string file);

  const std::vector<std::string>& lines() const { return lines_; }
  // False if the line is none to keep. Otherwise it is in lines(), and in the file if that can be written.
  bool add(Bytes line);

 private:
  void load();
  void append(const std::string& text, bool replace) const;

  std::string file_;
  std::vector<std::string> lines_;
};

}  // namespace nacre::cli
