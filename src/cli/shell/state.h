// ShellState: what lasts from one line of the shell to the next. Commands (catalogue.h) read and change it.
//
// At most one of these is open: a transaction, which reads and writes go through; a batch, which gathers writes; a snapshot, which
// reads look at. Each holds on to the database, so close() lets go of them first.
//
// Thread safety: one thread. Ownership: the state owns the database; the streams are borrowed.
#pragma once

#include <atomic>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/entry_text.h"

namespace nacre::cli {

// How a command went. `words` say what is wrong; empty after an error that was told already.
struct Outcome {
  ExitCode code = kSuccess;
  std::string words = {};
  size_t column = 0;  // of the line, 0: not of one place in it
};
Outcome wrong_usage(std::string words, size_t column = 0);
Outcome failed(const Error& error);

// How the shell meets its user.
struct Manner {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  bool interactive = false;                              // somebody waits for each line: scans stop at a page
  bool terminal = false;                                 // `out` is one
  std::function<bool(const std::string&)> confirm = {};  // none: there is nobody to ask
  const std::atomic<bool>* stop = nullptr;               // set by Ctrl-C
  bool read_only = false;
};

// What a scan was asked for; `more` goes on with it.
struct ScanRequest {
  ScanOptions options;
  EntryParts parts = EntryParts::kBoth;
  uint64_t page = UINT64_MAX;  // entries at once
  bool full = false;           // lines are not cut to the terminal
};

class ShellState {
 public:
  ShellState(Session opened, const CommonOptions& chosen, Manner how);
  ~ShellState();
  ShellState(const ShellState&) = delete;
  ShellState& operator=(const ShellState&) = delete;

  Session session;
  CommonOptions common;  // durability; json, hex: the mode
  Manner manner;
  bool timing = false;
  bool leaving = false;
  std::optional<Transaction> transaction;
  std::optional<Batch> batch;
  Snapshot snapshot;
  std::optional<ScanRequest> rest;
  std::function<Outcome(const std::string&)> read_script;  // set by the interpreter

  // Where data goes: standard output, or the file of `output`.
  std::FILE* out() const { return file_ != nullptr ? file_ : manner.out; }
  bool to_terminal() const { return file_ == nullptr && manner.terminal; }
  size_t columns() const;
  EntryStyle style() const;
  bool stopped() const { return manner.stop != nullptr && manner.stop->load(std::memory_order_relaxed); }

  // A note, made visible, for whoever sits there; none in a script.
  void note(const std::string& words) const;
  // True if the user says yes, or said --yes. False with words in `refusal`.
  bool may(const std::string& question, bool yes, Outcome* refusal) const;

  // From here on data goes to `file`; empty: to standard output again.
  Outcome direct_output(const std::string& file);

  // What is open and not done, in words; empty if nothing.
  std::string open_work() const;
  // Rolls back what is open and closes the database.
  Result<void> close();

 private:
  std::FILE* file_ = nullptr;
  std::string file_name_;
};

}  // namespace nacre::cli
