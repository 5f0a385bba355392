#include "cli/transfer_format.h"

#include "cli/format_dump.h"
#include "cli/format_jsonl.h"
#include "cli/format_tsv.h"

namespace nacre::cli {

const char* to_string(TransferFormat format) {
  constexpr const char* kNames[] = {"tsv", "csv", "jsonl", "dump"};
  return kNames[static_cast<size_t>(format)];
}

std::optional<TransferFormat> format_named(const std::string& name) {
  for (const TransferFormat format :
       {TransferFormat::kTsv, TransferFormat::kCsv, TransferFormat::kJsonl, TransferFormat::kDump}) {
    if (name == to_string(format)) return format;
  }
  return std::nullopt;
}

std::optional<TransferFormat> format_of_file(const std::string& file) {
  constexpr std::pair<const char*, TransferFormat> kEnds[] = {
      {".tsv", TransferFormat::kTsv},     {".tab", TransferFormat::kTsv},      {".csv", TransferFormat::kCsv},
      {".jsonl", TransferFormat::kJsonl}, {".ndjson", TransferFormat::kJsonl}, {".json", TransferFormat::kJsonl},
      {".dump", TransferFormat::kDump}};
  for (const auto& [end, format] : kEnds) {
    if (file.ends_with(end)) return format;
  }
  return std::nullopt;
}

Encoding default_encoding(TransferFormat format) {
  switch (format) {
    case TransferFormat::kTsv: return Encoding::kEscape;
    case TransferFormat::kJsonl: return Encoding::kHex;
    case TransferFormat::kCsv:
    case TransferFormat::kDump: break;
  }
  return Encoding::kNone;
}

std::optional<Encoding> encoding_named(const std::string& name) {
  for (const Encoding encoding : {Encoding::kNone, Encoding::kEscape, Encoding::kHex, Encoding::kBase64}) {
    if (name == to_string(encoding)) return encoding;
  }
  return std::nullopt;
}

const char* why_not(TransferFormat format, Encoding encoding) {
  if (encoding != Encoding::kNone) return nullptr;
  if (format == TransferFormat::kTsv)
    return "tsv cannot hold tabs and line feeds as they are: take escape, hex or base64";
  if (format == TransferFormat::kJsonl) return "JSON cannot hold all bytes as they are: take escape, hex or base64";
  return nullptr;
}

std::unique_ptr<EntryReader> make_reader(const FormatChoice& choice, ByteSource& source, size_t most) {
  switch (choice.format) {
    case TransferFormat::kTsv: return std::make_unique<TsvReader>(source, choice.encoding, most);
    case TransferFormat::kCsv: return std::make_unique<CsvReader>(source, choice.encoding, choice.header, most);
    case TransferFormat::kJsonl: return std::make_unique<JsonlReader>(source, most);
    case TransferFormat::kDump: break;
  }
  return std::make_unique<DumpReader>(source, most);
}

std::unique_ptr<EntryWriter> make_writer(const FormatChoice& choice, uint32_t keyspaces) {
  switch (choice.format) {
    case TransferFormat::kTsv: return std::make_unique<TsvWriter>(choice.encoding);
    case TransferFormat::kCsv: return std::make_unique<CsvWriter>(choice.encoding, choice.header != Header::kNo);
    case TransferFormat::kJsonl: return std::make_unique<JsonlWriter>(choice.encoding);
    case TransferFormat::kDump: break;
  }
  return std::make_unique<DumpWriter>(keyspaces);
}

}  // namespace nacre::cli
