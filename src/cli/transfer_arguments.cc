#include "cli/transfer_arguments.h"

#include "cli/command_line.h"

namespace nacre::cli {

namespace {

void add_common_options(CLI::App& command, TransferArguments& arguments) {
  command.add_option("FILE", arguments.file, "File; - or none: standard input or output");
  command.add_option("--keyspace", arguments.keyspace,
                     "Keyspace to work on; none: default, or those that a dump names");
  command
      .add_option("--format", arguments.format,
                  "tsv: key, tab, value a line; csv: RFC 4180; jsonl: an object a line; dump: binary, checksummed. "
                  "None: by the file's name, or else tsv")
      ->check(CLI::IsMember({"tsv", "csv", "jsonl", "dump"}));
  command
      .add_option(
          "--encoding", arguments.encoding,
          "How text stands for bytes. none: as they are (only csv, its default); escape: \\t \\n \\r \\\\ \\xHH "
          "(default of tsv); hex; base64. In jsonl only what is not UTF-8, by default as hex")
      ->check(CLI::IsMember({"none", "escape", "hex", "base64"}));
  command.add_flag_callback(
      "--header", [&arguments] { arguments.header = true; },
      "Of csv: the first line names the fields, whatever it says. Written by default; read by default if it is key,value");
  command.add_flag_callback(
      "--no-header", [&arguments] { arguments.header = false; }, "Of csv: the first line is an entry");
  command.add_flag("--quiet", arguments.quiet, "Say nothing but what went wrong");
}

void add_scan_options(CLI::App& command, ScanArguments& arguments) {
  command.add_option("--prefix", arguments.prefix, "Only keys that begin with this");
  command.add_option("--from", arguments.from, "Only keys at or after this");
  command.add_option("--to", arguments.to, "Only keys before this");
  command.add_flag("--reverse", arguments.reverse, "From the last key to the first");
  command.add_option("--limit", arguments.limit, "At most so many entries")->check(is_count, "UINT");
}

}  // namespace

void add_import_options(CLI::App& command, ImportArguments& arguments) {
  add_common_options(command, arguments);
  command
      .add_option("--skip-entries", arguments.skip_entries,
                  "Pass over so many first entries, wrong ones included: to go on")
      ->check(is_count, "UINT");
  command.add_option("--on-error", arguments.on_error, "What a wrong entry does: stop, or skip (it is passed over)")
      ->check(CLI::IsMember({"stop", "skip"}))
      ->capture_default_str();
  command.add_option("--errors", arguments.errors_file, "Append the wrong entries to this file, as they stand");
  command.footer("Ctrl-C writes what was read, says how far that is, and how to go on; a second one ends at once.");
}

void add_export_options(CLI::App& command, ExportArguments& arguments) {
  add_common_options(command, arguments);
  add_scan_options(command, arguments.scan);
  command.add_flag("--all-keyspaces", arguments.all_keyspaces, "All keyspaces in one dump");
  command.add_flag("--force", arguments.force, "Replace an existing file");
}

}  // namespace nacre::cli
