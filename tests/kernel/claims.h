// Claims: what a process under test tells the oracle, as frames through a pipe. What a pipe holds survives the process that wrote it and any crash of
// the file system under test.
//
//   frame   bytes after these four u32 | kind u8 | body          all numbers little-endian
//   'D'  part of a dump       keyspace u8, then entries: key u32, value u32, key, value
//   'O'  opened               the dump is complete; writing begins
//   'E'  could not open       error u8, words; or could not read when it checked
//   'A'  about to commit      thread u8, number u64, durability u8, then changes: kind u8, keyspace u8, key u32, value u32, key, value
//   'K'  acknowledged         thread u8, number u64
//   'F'  refused or in doubt  thread u8, number u64, error u8, words
//   'S'  about to sync        thread u8                            's'  synced: thread u8
//   'L'  a part of the dump: a keyspace that exists: name
//   'C'  about to create a keyspace: name                          'R'  about to drop a keyspace: name
//   'Q'  closed               error u8 plus 1, or 0; words
//   'X'  found something that must not be: words
//
// Invariant: frames are in the pipe in the order of the calls, over all threads. So if 'K' of one commit stands before 'A' of
// another, the first had returned before the second began, and no crash may keep the second without the first.
//
// Thread safety: all of it.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>

#include "nacre/nacre.h"

namespace nacre::kernel_tests {

class Frame {
 public:
  explicit Frame(char kind) : bytes_(4, '\0') { bytes_ += kind; }

  template <class Number>
  Frame& number(Number value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Frame& text(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  Frame& entry(std::string_view key, std::string_view value) {
    number(static_cast<uint32_t>(key.size())).number(static_cast<uint32_t>(value.size()));
    return text(key).text(value);
  }
  size_t size() const { return bytes_.size(); }

  const std::string& sealed() {
    const auto length = static_cast<uint32_t>(bytes_.size() - sizeof(uint32_t));
    std::memcpy(bytes_.data(), &length, sizeof length);
    return bytes_;
  }

 private:
  std::string bytes_;
};

class Claims {
 public:
  explicit Claims(int pipe) : pipe_(pipe) {}

  void send(Frame frame) {
    const std::string& bytes = frame.sealed();
    const std::lock_guard lock(mutex_);
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t wrote = ::write(pipe_, bytes.data() + done, bytes.size() - done);
      if (wrote <= 0) ::_exit(3);  // nobody listens any more
      done += static_cast<size_t>(wrote);
    }
  }
  void error(char kind, const Error& error) {
    send(Frame(kind).number(static_cast<uint8_t>(error.kind)).text(error.to_string()));
  }
  void closed(const Result<void>& result) {
    Frame frame('Q');
    frame.number(static_cast<uint8_t>(result ? 0 : 1 + static_cast<int>(result.error().kind)));
    if (!result) frame.text(result.error().to_string());
    send(std::move(frame));
  }

 private:
  std::mutex mutex_;
  const int pipe_;
};

}  // namespace nacre::kernel_tests
