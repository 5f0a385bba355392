// LineReader: what formats of one entry a line share: finding the lines.
#pragma once

#include "cli/entry_reader.h"
#include "cli/input_buffer.h"

namespace nacre::cli {

class LineReader : public EntryReader {
 public:
  LineReader(ByteSource& source, size_t most) : input_(source, most) {}
  Step next(Entry& entry) final;

 protected:
  // The entry of a line without its line feed. False: complaint_ has words and column.
  virtual bool parse(Bytes line, Entry& entry) = 0;
  // For parse: notes what is wrong at the line's byte `at`.
  bool wrong(std::string words, size_t at);

 private:
  InputBuffer input_;
};

// How a reader ends when its buffer gives no more: over, unreadable, interrupted.
Step ending(const InputBuffer& input);

// What a record is that needs more than the buffer may hold.
inline constexpr const char* kTooLong = "this is longer than any entry can be: nothing can be read from here on";

}  // namespace nacre::cli
