// The words of top, serve-metrics. They open no database: they read what its owner publishes.

#include "cli/command_line.h"

namespace nacre::cli {

void add_watching_commands(CommandLine& line) {
  Arguments& arguments = line.arguments();
  CLI::App* top = line.add_bare("top", "Watch a database that a process has open, live",
                                [&] { return run_top(arguments.common, arguments.top); });
  top->add_option("--keyspace", arguments.common.keyspace, "Only this keyspace")->each([&](const std::string&) {
    arguments.common.all_keyspaces = false;
  });
  top->add_flag("--once", arguments.top.once, "Print once what is published, and end");
  top->add_option("--count", arguments.top.count, "Print so many times, a second apart, and end; 0: without end")
      ->check(is_count, "UINT")
      ->excludes("--once");
  line.prints_json(top);
  CLI::App* serve = line.add_bare("serve-metrics",
                                  "Serve what a database publishes: /metrics for Prometheus, a live page, /stats.json",
                                  [&] { return run_serve_metrics(arguments.common, arguments.listen); });
  serve->add_option("--listen", arguments.listen, "Address and port; port 0: any that is free")->capture_default_str();
  for (CLI::App* command : {top, serve})
    command->add_option("DB", arguments.common.database, "Directory of the database")->required();
}

}  // namespace nacre::cli
