#include "cli/line_reader.h"

namespace nacre::cli {

std::string to_string(const Complaint& complaint) {
  if (complaint.line == 0) return "byte " + std::to_string(complaint.offset);
  std::string text = "line " + std::to_string(complaint.line);
  if (complaint.column != 0) text += " column " + std::to_string(complaint.column);
  return text;
}

Step ending(const InputBuffer& input) {
  switch (input.source().state()) {
    case ByteSource::State::kFailed: return Step::kFailed;
    case ByteSource::State::kInterrupted: return Step::kInterrupted;
    case ByteSource::State::kEnd: return Step::kEnd;
    case ByteSource::State::kOpen: break;
  }
  return Step::kBroken;
}

bool LineReader::wrong(std::string words, size_t at) {
  complaint_.words = std::move(words);
  complaint_.column = at + 1;
  complaint_.offset += at;
  return false;
}

Step LineReader::next(Entry& entry) {
  size_t end = input_.ahead().find('\n');
  while (end == Bytes::npos) {
    const size_t searched = input_.ahead().size();
    if (input_.more()) {
      end = input_.ahead().find('\n', searched);
      continue;
    }
    const Step why = ending(input_);
    if (why == Step::kEnd && searched > 0) break;  // the last line, without its line feed
    if (why == Step::kBroken) complaint_ = {place_.lines + 1, 0, place_.bytes, kTooLong};
    return why;
  }
  Bytes line = input_.ahead();
  const size_t taken = end == Bytes::npos ? line.size() : end + 1;
  rejected_ = line.substr(0, taken);
  line = line.substr(0, end);
  complaint_.line = place_.lines + 1;
  complaint_.offset = place_.bytes;
  const bool good = parse(line, entry);
  input_.consume(taken);
  place_.records++;
  place_.lines++;
  place_.bytes = input_.offset();
  return good ? Step::kEntry : Step::kBad;
}

}  // namespace nacre::cli
