// The words of import, export.

#include "cli/command_line.h"

namespace nacre::cli {

void add_transfer_commands(CommandLine& line) {
  Arguments& arguments = line.arguments();
  CLI::App* in = line.add("import", "Store entries from a file or standard input",
                          [&] { return run_import(arguments.common, arguments.file); });
  CLI::App* out = line.add("export", "Write all entries to a file or standard output",
                           [&] { return run_export(arguments.common, arguments.file); });
  for (CLI::App* command : {in, out}) {
    line.in_keyspace(command);
    command->add_option("FILE", arguments.file, "File; - or none: standard input or output");
    command
        ->add_option("--format", arguments.format, "Only tsv: key, tab, value a line; escapes \\t \\n \\r \\\\ \\xHH")
        ->check(CLI::IsMember({"tsv"}))
        ->capture_default_str();
  }
  line.writes(in);
}

}  // namespace nacre::cli
