// Rejects: the records that an import passes over, `--on-error skip`: counted, the first few told, all of them kept in a file
// (`--errors`) as they stood, so that they can be corrected and imported from there. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string>

#include "cli/entry_reader.h"

namespace nacre::cli {

class Rejects {
 public:
  static constexpr uint64_t kTold = 5;

  // `input` is what the input is called. No `file`: rejects are kept nowhere.
  Rejects(std::string input, std::string file) : input_(std::move(input)), file_(std::move(file)) {}
  ~Rejects();
  Rejects(const Rejects&) = delete;
  Rejects& operator=(const Rejects&) = delete;

  // Opens the file, to append to it. False, with errno, if that fails.
  bool open();
  // False, with errno, if the file could not be written.
  bool add(const Complaint& complaint, Bytes record);
  // Whether the next add() writes to standard error.
  bool will_be_told() const { return count_ <= kTold; }

  uint64_t count() const { return count_; }
  const std::string& file() const { return file_; }
  int descriptor() const { return descriptor_; }  // -1: no file

 private:
  std::string input_;
  std::string file_;
  int descriptor_ = -1;
  uint64_t count_ = 0;
};

}  // namespace nacre::cli
