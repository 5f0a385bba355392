// TransferFormat: which formats import and export speak, and how one is chosen.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/encoding.h"
#include "cli/entry_reader.h"
#include "cli/entry_writer.h"
#include "cli/format_csv.h"
#include "cli/input_buffer.h"

namespace nacre::cli {

enum class TransferFormat : uint8_t { kTsv, kCsv, kJsonl, kDump };

const char* to_string(TransferFormat format);
std::optional<TransferFormat> format_named(const std::string& name);
// By the end of a file's name: .tsv .tab, .csv, .jsonl .ndjson .json, .dump.
std::optional<TransferFormat> format_of_file(const std::string& file);

Encoding default_encoding(TransferFormat format);
std::optional<Encoding> encoding_named(const std::string& name);
// Null, or why the two do not go together, in words.
const char* why_not(TransferFormat format, Encoding encoding);

struct FormatChoice {
  TransferFormat format = TransferFormat::kTsv;
  Encoding encoding = Encoding::kEscape;
  Header header = Header::kAuto;
};

// `most`: bytes of a record that is not too long.
std::unique_ptr<EntryReader> make_reader(const FormatChoice& choice, ByteSource& source,
                                         size_t most = InputBuffer::kMostBytes);
// `keyspaces`: how many the writer will be told of.
std::unique_ptr<EntryWriter> make_writer(const FormatChoice& choice, uint32_t keyspaces);

}  // namespace nacre::cli
