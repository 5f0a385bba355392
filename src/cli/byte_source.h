// ByteSource: where the bytes of an input come from, and FileSource, a file or a pipe that a signal can interrupt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace nacre::cli {

class Interrupt;

class ByteSource {
 public:
  enum class State : uint8_t { kOpen, kEnd, kFailed, kInterrupted };

  virtual ~ByteSource() = default;
  // Waits for at least one byte and reads at most `room`. 0: state() says why, and no later call reads more.
  virtual size_t read(char* out, size_t room) = 0;
  // `idle` is called before a read has to wait for bytes that are not there yet.
  void when_idle(std::function<void()> idle) { idle_ = std::move(idle); }
  State state() const { return state_; }
  int error_number() const { return error_number_; }  // errno, once the state is kFailed

 protected:
  State state_ = State::kOpen;
  int error_number_ = 0;
  std::function<void()> idle_;
};

class FileSource : public ByteSource {
 public:
  // An empty name, or "-", is standard input. Null, with errno, if it cannot be opened or is a directory. `interrupt` outlives it.
  static std::unique_ptr<FileSource> open(const std::string& file, const Interrupt& interrupt);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  size_t read(char* out, size_t room) override;
  // What is left to read, 0 if unknown.
  uint64_t size_bytes() const { return size_bytes_; }
  // Whether `descriptor` is the same file.
  bool is_file_of(int descriptor) const;

 private:
  FileSource(int descriptor, const Interrupt& interrupt);
  bool wait_for_bytes();

  int descriptor_;
  const Interrupt& interrupt_;
  bool regular_ = false;
  uint64_t size_bytes_ = 0;
};

}  // namespace nacre::cli
