// The words of shell and bench.

#include "cli/command_line.h"

namespace nacre::cli {

void add_shell_commands(CommandLine& line) {
  Arguments& arguments = line.arguments();
  ShellArguments& what = arguments.shell;
  CLI::App* shell = line.in_keyspace(line.add("shell", "Work in a database, line by line, or run a script",
                                              [&] { return run_shell(arguments.common, arguments.shell); }));
  CLI::Option* command =
      shell->add_option("--command", what.commands, "Run this line instead of reading any; can be repeated")
          ->type_size(1)
          ->allow_extra_args(false);
  shell->add_option("--file", what.file, "Run the lines of this file; -: standard input")->excludes(command);
  shell->add_flag("--keep-going", what.keep_going, "In a script: go on after an error");
  shell->add_flag("--read-only", what.read_only, "Change nothing: commands that write are refused");
  line.writes(shell);
  line.prints_json(shell);

  BenchArguments& bench = arguments.bench;
  CLI::App* measure = line.add(
      "bench", "Measure this machine: fill, read, scan a database of its own inside DIR",
      [&] { return run_bench(arguments.common, arguments.bench); }, "DIR",
      "Directory that exists; a database is made in it, and removed");
  measure->add_option("--entries", bench.entries, "Entries to write")->check(is_count, "UINT")->capture_default_str();
  measure->add_option("--value-bytes", bench.value_bytes, "Bytes of a value")
      ->check(is_count, "UINT")
      ->capture_default_str();
  line.writes(measure);
  line.prints_json(measure);
}

}  // namespace nacre::cli
