// For tests and fuzzers of the formats: an input in memory, and all that a reader finds in it.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "cli/byte_source.h"
#include "cli/transfer_format.h"
#include "nacre/bytes.h"

namespace nacre::cli::testing {

// Gives `bytes`, which outlive it, `piece` at a time, then the end or `last`.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes, size_t piece = SIZE_MAX, State last = State::kEnd)
      : left_(bytes), piece_(piece), last_(last) {}

  size_t read(char* out, size_t room) override {
    const size_t got = std::min({room, piece_, left_.size()});
    if (got == 0) {
      state_ = last_;
      return 0;
    }
    std::memcpy(out, left_.data(), got);
    left_.remove_prefix(got);
    return got;
  }

 private:
  Bytes left_;
  size_t piece_;
  State last_;
};

struct Found {
  std::vector<std::pair<std::string, std::string>> entries;
  std::vector<std::string> keyspaces;
  std::vector<std::optional<KeyspaceOptions>> options;  // of these
  std::vector<Complaint> complaints;                    // of bad records, and the last one if the input was broken
  std::vector<std::string> rejected;
  Step end = Step::kEnd;
  Place place;
  bool had_header = false;
};

inline Found read_all(EntryReader& reader) {
  Found found;
  Step step = reader.begin();
  Entry entry;
  if (step == Step::kEntry) {
    while ((step = reader.next(entry)) <= Step::kBad) {
      if (step == Step::kEntry) found.entries.emplace_back(entry.key, entry.value);
      if (step == Step::kKeyspace) {
        found.keyspaces.emplace_back(reader.keyspace());
        found.options.push_back(reader.keyspace_options());
      }
      if (step != Step::kBad) continue;
      found.complaints.push_back(reader.complaint());
      found.rejected.emplace_back(reader.rejected());
    }
  }
  if (step == Step::kBroken) found.complaints.push_back(reader.complaint());
  found.end = step;
  found.place = reader.place();
  found.had_header = reader.had_header();
  return found;
}

inline Found read_all(const FormatChoice& choice, Bytes text, size_t piece = SIZE_MAX) {
  MemorySource source(text, piece);
  return read_all(*make_reader(choice, source));
}

inline std::string written(const FormatChoice& choice,
                           const std::vector<std::pair<std::string, std::string>>& entries) {
  const auto writer = make_writer(choice, 1);
  std::string text;
  writer->begin(text);
  writer->keyspace(text, "default", {});
  for (const auto& [key, value] : entries) writer->append(text, key, value);
  writer->end(text);
  return text;
}

// Every format with every encoding and header that goes with it.
inline std::vector<FormatChoice> all_choices() {
  std::vector<FormatChoice> choices;
  for (const TransferFormat format :
       {TransferFormat::kTsv, TransferFormat::kCsv, TransferFormat::kJsonl, TransferFormat::kDump}) {
    for (const Encoding encoding : {Encoding::kNone, Encoding::kEscape, Encoding::kHex, Encoding::kBase64}) {
      if (why_not(format, encoding) != nullptr || (format == TransferFormat::kDump && encoding != Encoding::kNone))
        continue;
      choices.push_back({format, encoding, Header::kAuto});
      if (format == TransferFormat::kCsv) choices.push_back({format, encoding, Header::kNo});
    }
  }
  return choices;
}

}  // namespace nacre::cli::testing
