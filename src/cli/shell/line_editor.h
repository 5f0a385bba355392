// LineEditor: reads lines from a terminal, with editing, history and completion (libedit; why that one: docs/adr/0019).
//
// Ctrl-C gives the line up, Ctrl-D on an empty line ends the input. Thread safety: one thread; one editor a process.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/shell/completion.h"
#include "cli/shell/history.h"

namespace nacre::cli {

class LineEditor {
 public:
  using Completer = std::function<Completion(Bytes line)>;

  // Reads from standard input and draws on `out`.
  LineEditor(std::FILE* out, History history, Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // A line without its end; nothing at the end of the input. A line that was given up is empty.
  std::optional<std::string> read(const std::string& prompt);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace nacre::cli
