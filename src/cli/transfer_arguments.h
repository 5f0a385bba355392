// The options of import and export, and those of a scan, on the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/transfer.h"

namespace nacre::cli {

void add_scan_options(CLI::App& command, ScanArguments& arguments);
void add_import_options(CLI::App& command, ImportArguments& arguments);
void add_export_options(CLI::App& command, ExportArguments& arguments);

}  // namespace nacre::cli
