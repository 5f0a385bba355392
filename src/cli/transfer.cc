#include "cli/transfer.h"

#include <cstdio>
#include <cstring>

#include "cli/terminal.h"

namespace nacre::cli {

namespace {

std::optional<TransferFormat> named_or_guessed(const TransferArguments& arguments) {
  if (!arguments.format.empty()) return format_named(arguments.format);
  const auto guessed = format_of_file(arguments.file);
  if (guessed && guessed != TransferFormat::kTsv && !arguments.quiet) {
    std::fprintf(stderr, "nacre: %s: taken as %s, by its name (--format says otherwise)\n",
                 visible(arguments.file).c_str(), to_string(*guessed));
  }
  return guessed ? guessed : TransferFormat::kTsv;
}

std::nullopt_t refuse(const std::string& words) {
  fail_usage(words);
  return std::nullopt;
}

}  // namespace

std::optional<FormatChoice> choose_format(const TransferArguments& arguments, bool reading) {
  const auto format = named_or_guessed(arguments);
  if (!format) return refuse("there is no format " + arguments.format);
  FormatChoice choice{.format = *format, .encoding = default_encoding(*format)};
  if (!arguments.encoding.empty()) {
    if (reading && *format == TransferFormat::kJsonl)
      return refuse(
          "--encoding: JSON lines say it themselves, by the names of their members (key_hex, key_base64, ...)");
    const auto encoding = encoding_named(arguments.encoding);
    if (!encoding) return refuse("there is no encoding " + arguments.encoding);
    if (*format == TransferFormat::kDump) return refuse("--encoding: a dump holds bytes as they are");
    choice.encoding = *encoding;
  }
  if (const char* const reason = why_not(*format, choice.encoding)) return refuse(std::string("--encoding: ") + reason);
  if (arguments.header) {
    if (*format != TransferFormat::kCsv) return refuse("--header and --no-header: only csv has a header");
    choice.header = *arguments.header ? Header::kYes : Header::kNo;
  }
  return choice;
}

std::string counted(uint64_t entries) { return std::to_string(entries) + (entries == 1 ? " entry" : " entries"); }

int fail_file(const std::string& file, const std::string& what, int error_number) {
  const std::string why = error_number == 0 ? "" : std::string(": ") + std::strerror(error_number);
  std::fprintf(stderr, "nacre: %s: %s%s\n", visible(file).c_str(), what.c_str(), why.c_str());
  return kFailure;
}

}  // namespace nacre::cli
