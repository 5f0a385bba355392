#include "cli/shell/state.h"

#include <cerrno>
#include <cstring>

#include "cli/human.h"
#include "cli/terminal.h"

namespace nacre::cli {

Outcome wrong_usage(std::string words, size_t column) {
  return {.code = kUsage, .words = std::move(words), .column = column};
}

Outcome failed(const Error& error) {
  return {.code = static_cast<ExitCode>(exit_code_of(error)), .words = error.to_string()};
}

ShellState::ShellState(Session opened, const CommonOptions& chosen, Manner how)
    : session(std::move(opened)), common(chosen), manner(std::move(how)) {}

ShellState::~ShellState() {
  if (file_ != nullptr) std::fclose(file_);
}

size_t ShellState::columns() const {
  return to_terminal() ? static_cast<size_t>(terminal_columns(manner.out)) : SIZE_MAX;
}

EntryStyle ShellState::style() const {
  return {.form = common.json  ? EntryForm::kJson
                  : common.hex ? EntryForm::kHex
                               : EntryForm::kText,
          .terminal = to_terminal()};
}

void ShellState::note(const std::string& words) const {
  if (!manner.interactive) return;
  std::fflush(out());
  std::fprintf(manner.err, "%s\n", wrapped(words, 0, columns()).c_str());
}

bool ShellState::may(const std::string& question, bool yes, Outcome* refusal) const {
  if (yes) return true;
  std::fflush(out());
  if (!manner.confirm) {
    *refusal = wrong_usage("this asks before it erases, and there is nobody to ask: add --yes");
  } else if (manner.confirm(question)) {
    return true;
  } else {
    *refusal = {.code = kUsage, .words = "nothing was changed"};
  }
  return false;
}

Outcome ShellState::direct_output(const std::string& file) {
  if (file_ != nullptr) {
    const bool sound = std::ferror(file_) == 0;
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    if (!sound || !closed)
      return {.code = kFailure, .words = file_name_ + ": writing failed; what is there is not complete"};
  }
  if (file.empty()) return {};
  file_ = std::fopen(file.c_str(), "wb");
  file_name_ = file;
  if (file_ == nullptr) return {.code = kFailure, .words = file + ": cannot be written: " + std::strerror(errno)};
  return {};
}

std::string ShellState::open_work() const {
  if (transaction) return "the transaction was not committed: it is rolled back";
  if (batch && !batch->empty()) {
    return "the batch was not written: " + human_count(batch->count()) +
           (batch->count() == 1 ? " change is dropped" : " changes are dropped");
  }
  return {};
}

Result<void> ShellState::close() {
  transaction.reset();
  batch.reset();
  snapshot = {};
  rest.reset();  // holds the snapshot
  return session.db.close();
}

}  // namespace nacre::cli
