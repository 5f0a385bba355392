// The words of dump, repair.

#include "cli/command_line.h"

namespace nacre::cli {

void add_salvage_commands(CommandLine& line) {
  Arguments& arguments = line.arguments();
  CLI::App* dump = line.add_bare("dump", "Show what a file of a database, or its directory, consists of, damage included",
                                 [&] { return run_dump(arguments.common, arguments.dump); });
  dump->add_option("PATH", arguments.common.database, "Table, log segment, manifest, CURRENT, or directory")->required();
  dump->add_flag("--keys", arguments.dump.keys, "Every entry of a table, every operation of a log");
  dump->add_flag("--values", arguments.dump.values, "The same, with the values");
  dump->add_option("--block", arguments.dump.block, "Only this block of a table, with its entries")
      ->check(is_count, "UINT");
  line.prints_json(dump);
  CLI::App* repair = line.add_bare("repair", "Save what can be read of a damaged database into a new one",
                                   [&] { return run_repair(arguments.common, arguments.repair); });
  repair->add_option("SOURCE", arguments.common.database, "Directory of the damaged database; only read")->required();
  repair->add_option("INTO", arguments.repair.into, "Directory of the new one; empty or missing")->required();
  repair->add_flag("--log-past-damage", arguments.repair.log_past_damage,
                   "Apply what the log holds behind damage, too: later writes without earlier ones");
  line.prints_json(repair);
}

}  // namespace nacre::cli
