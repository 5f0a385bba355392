// The words of import, export.

#include "cli/command_line.h"
#include "cli/transfer_arguments.h"

namespace nacre::cli {

void add_transfer_commands(CommandLine& line) {
  Arguments& arguments = line.arguments();
  CLI::App* in = line.add("import", "Store entries from a file or standard input",
                          [&] { return run_import(arguments.common, arguments.import_from); });
  add_import_options(*in, arguments.import_from);
  line.writes(in);
  CLI::App* out = line.add("export", "Write entries to a file or standard output",
                           [&] { return run_export(arguments.common, arguments.export_to); });
  add_export_options(*out, arguments.export_to);
  line.takes_bytes(out);
}

}  // namespace nacre::cli
