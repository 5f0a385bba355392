// OutputFile: where an export goes. A file bears its name only once it is whole and synced: until then it stands beside, under
// NAME.PID.partial, and is removed if it is given up. Standard output and what is no regular file (a pipe, a device) are
// written as they are.
//
// Thread safety: one thread. Errors are errno and a word for what failed.
#pragma once

#include <cstdint>
#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

class OutputFile {
 public:
  // What went wrong: empty words mean nothing did.
  struct Failure {
    std::string words;
    int error_number = 0;
    explicit operator bool() const { return !words.empty(); }
  };

  OutputFile() = default;
  ~OutputFile();  // gives up what was not finished
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // An empty name, or "-", is standard output. `replace`: an existing file may be replaced.
  Failure open(const std::string& file, bool replace);
  Failure write(Bytes bytes);
  // Everything is written: the file gets its name.
  Failure finish();

  bool standard() const { return standard_; }
  bool beside() const { return !partial_.empty(); }

 private:
  void give_up();
  Failure open_beside();
  Failure give_name();

  std::string name_;
  std::string partial_;  // empty: written under its own name, or to standard output
  int descriptor_ = -1;
  bool standard_ = false;
  bool replace_ = false;
};

}  // namespace nacre::cli
