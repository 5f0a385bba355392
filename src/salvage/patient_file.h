// PatientFile: a file of which pages that the system cannot read are zeros. What lies around them is read all the same, and checksums
// tell that they are no zeros.
//
// Thread safety: one thread.
#pragma once

#include <memory>
#include <span>

#include "nacre/runtime.h"

namespace nacre::salvage {

// Bytes that the system could not read.
struct Unreadable {
  uint64_t bytes = 0;
  uint64_t first = 0;  // where the first of them lies that was met
  uint64_t end = 0;    // behind the last: what lies before it is not counted again
};

// Fills `out`; pages that the system cannot read become zeros, and the answer is false.
bool read_what_can_be(ReadableFile& file, uint64_t offset, std::span<char> out, Unreadable* unreadable = nullptr);

class PatientFile final : public ReadableFile {
 public:
  explicit PatientFile(std::unique_ptr<ReadableFile> file) : file_(std::move(file)) {}

  // Never fails, and never brings less than the file had when it was opened.
  Result<size_t> read(uint64_t offset, std::span<char> out) override;
  uint64_t size_bytes() const override { return file_->size_bytes(); }
  void will_need(uint64_t offset, uint64_t bytes) override { file_->will_need(offset, bytes); }

  const Unreadable& unreadable() const { return unreadable_; }

 private:
  const std::unique_ptr<ReadableFile> file_;
  Unreadable unreadable_;
};

}  // namespace nacre::salvage
