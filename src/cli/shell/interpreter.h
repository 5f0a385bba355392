// Interpreter: a line of the shell in, its output out. It knows no terminal: a line editor, a script and a test use it alike.
//
//   Interpreter shell(session, common, manner);
//   Outcome outcome = shell.run("get user:1");   // what was asked for is in manner.out
//
// Thread safety: one thread.
#pragma once

#include "cli/shell/state.h"

namespace nacre::cli {

// A file of lines to run. Null, with errno, if it cannot be opened, or is a directory.
std::FILE* open_script(const std::string& name);

class Interpreter {
 public:
  Interpreter(Session session, const CommonOptions& common, Manner manner);

  Outcome run(Bytes line);

  // Runs every line of `script`, whose name is for messages, until the first error (or, `keep_going`, all of them). A key that is not
  // there is an answer and stops nothing. Errors are told where they happen, with line and column; the code is the worst of all.
  ExitCode run_script(std::FILE* script, const std::string& name, bool keep_going);
  // Tells `outcome` on manner.err, with the place that it is about.
  void tell(const Outcome& outcome, const std::string& place) const;

  ShellState& state() { return state_; }

 private:
  Outcome run_words(Bytes line);

  ShellState state_;
  int depth_ = 0;  // of scripts that read scripts
};

}  // namespace nacre::cli
