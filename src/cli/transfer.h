// What import and export are asked for on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/transfer_format.h"

namespace nacre::cli {

struct TransferArguments {
  std::string file;      // empty or "-": standard input or output
  std::string format;    // empty: by the file's name, or else tsv
  std::string encoding;  // empty: that of the format
  std::optional<bool> header;
  std::optional<std::string> keyspace;
  bool quiet = false;
};

struct ImportArguments : TransferArguments {
  uint64_t skip_entries = 0;
  std::string on_error = "stop";  // or "skip"
  std::string errors_file;        // empty: none
};

struct ExportArguments : TransferArguments {
  ScanArguments scan;
  bool all_keyspaces = false;
  bool force = false;
};

int run_import(const CommonOptions& common, const ImportArguments& arguments);
int run_export(const CommonOptions& common, const ExportArguments& arguments);

// The same inside an open session, in its keyspace if none is named; they leave it open, and an interrupt is a failure.
int import_file(Session& session, const CommonOptions& common, const ImportArguments& arguments);
int export_file(Session& session, const CommonOptions& common, const ExportArguments& arguments);

// The format as it was named, or guessed, which is said unless it is tsv, what it would be anyway. Nothing after a usage error was printed.
std::optional<FormatChoice> choose_format(const TransferArguments& arguments, bool reading);

// "1 entry", "2 entries".
std::string counted(uint64_t entries);

// Prints "nacre: <file>: <what>: <the error's words>", the last unless it is 0, and returns the exit code.
int fail_file(const std::string& file, const std::string& what, int error_number);

}  // namespace nacre::cli
