// The options of import and export on the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/transfer.h"

namespace nacre::cli {

void add_import_options(CLI::App& command, ImportArguments& arguments);
void add_export_options(CLI::App& command, ExportArguments& arguments);

}  // namespace nacre::cli
