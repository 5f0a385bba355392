// For the tests of the shell: a database in a temporary directory and an interpreter over it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "cli/shell/interpreter.h"

namespace nacre::cli {

class Scratch {
 public:
  explicit Scratch(bool read_only = false) : folder_(folder()) { open(read_only); }
  ~Scratch() {
    shell_.reset();
    std::fclose(out_);
    std::fclose(err_);
    std::filesystem::remove_all(folder_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Runs a line; what it printed, and behind "! " what is wrong.
  std::string operator()(const std::string& line) {
    last_ = shell_->run(line);
    std::string text = taken();
    if (last_.code != kSuccess) text += "! " + last_.words;
    return text;
  }
  Outcome last() const { return last_; }
  ShellState& state() { return shell_->state(); }
  Interpreter& shell() { return *shell_; }
  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  std::string taken() { return take(out_); }
  std::string told() { return take(err_); }

  void reopen(bool read_only) {
    ASSERT_TRUE(state().close());
    open(read_only);
  }

 private:
  static std::string folder() {
    std::string path = (std::filesystem::temp_directory_path() / "nacre-shell-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) std::abort();
    return path;
  }
  void open(bool read_only) {
    shell_.reset();
    CommonOptions common{.database = folder_ + "/db"};
    int exit_code = kSuccess;
    auto session = open_session(common, read_only ? OpenMode::kReadOnly : OpenMode::kCreateIfMissing, &exit_code);
    if (!session) std::abort();
    shell_.emplace(*std::move(session), common, Manner{.out = out_, .err = err_, .read_only = read_only});
  }
  static std::string take(std::FILE* file) {
    std::fflush(file);
    std::string text(static_cast<size_t>(std::ftell(file)), '\0');
    std::rewind(file);
    if (std::fread(text.data(), 1, text.size(), file) != text.size()) std::abort();
    std::rewind(file);
    return text;
  }

  std::string folder_;
  std::FILE* out_ = std::tmpfile();
  std::FILE* err_ = std::tmpfile();
  std::optional<Interpreter> shell_;
  Outcome last_;
};

}  // namespace nacre::cli
