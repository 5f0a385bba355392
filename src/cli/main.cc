// nacre: the command line tool. Parses arguments and hands over to the commands (command.h).

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>

#include "cli/command.h"
#include "cli/standard_streams.h"
#include "cli/transfer_arguments.h"

namespace {

using nacre::cli::CommonOptions;
using nacre::cli::ScanArguments;

struct Arguments {
  CommonOptions common;
  ScanArguments scan;
  nacre::cli::ImportArguments import_from;
  nacre::cli::ExportArguments export_to;
  std::string key;
  std::string value;
};

class Tool {
 public:
  explicit Tool(Arguments& arguments)
      : arguments_(arguments), app_("Nacre: an embedded key-value store. Keys and values are bytes.", "nacre") {
    app_.require_subcommand(1);
    app_.set_help_all_flag("--help-all", "Help for all commands");
    app_.failure_message(CLI::FailureMessage::help);
    app_.footer("Exit codes: 0 success, 1 not found, 2 wrong usage, 3 failure.");
    add_data_commands();
    add_transfer_commands();
    add_admin_commands();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? nacre::cli::kSuccess : nacre::cli::kUsage;
    }
    return nacre::cli::finish_output(command_());
  }

 private:
  CLI::App* add(const std::string& name, const std::string& words, std::function<int()> command) {
    CLI::App* sub = app_.add_subcommand(name, words);
    sub->add_option("DB", arguments_.common.database, "Directory of the database")->required();
    sub->callback([this, command = std::move(command)] { command_ = command; });
    return sub;
  }
  void writes(CLI::App* sub) {
    sub->add_option("--durability", arguments_.common.durability,
                    "What a finished write survives: nothing, the process, a power cut")
        ->check(CLI::IsMember({"memory", "os", "disk"}))
        ->capture_default_str();
  }
  CLI::App* in_keyspace(CLI::App* sub) {
    sub->add_option("--keyspace", arguments_.common.keyspace, "Keyspace to work on")->capture_default_str();
    return sub;
  }
  void takes_bytes(CLI::App* sub) {
    sub->add_flag("--escaped", arguments_.common.escaped,
                  "Read \\t \\n \\r \\\\ and \\xHH in keys and values given as arguments");
  }
  void prints(CLI::App* sub) { sub->add_flag("--json", arguments_.common.json, "Print JSON"); }
  void takes_key(CLI::App* sub) { sub->add_option("KEY", arguments_.key, "Key")->required(); }

  void add_data_commands() {
    using namespace nacre::cli;
    CLI::App* put = in_keyspace(
        add("put", "Store a value", [this] { return run_put(arguments_.common, arguments_.key, arguments_.value); }));
    takes_key(put);
    put->add_option("VALUE", arguments_.value, "Value")->required();
    writes(put);
    takes_bytes(put);
    CLI::App* get = in_keyspace(
        add("get", "Print the value of a key", [this] { return run_get(arguments_.common, arguments_.key); }));
    takes_key(get);
    takes_bytes(get);
    prints(get);
    CLI::App* del =
        in_keyspace(add("del", "Erase a key", [this] { return run_del(arguments_.common, arguments_.key); }));
    takes_key(del);
    writes(del);
    takes_bytes(del);
    CLI::App* scan = in_keyspace(
        add("scan", "Print entries in key order", [this] { return run_scan(arguments_.common, arguments_.scan); }));
    add_scan_options(*scan, arguments_.scan);
    takes_bytes(scan);
    prints(scan);
  }

  void add_transfer_commands() {
    using namespace nacre::cli;
    CLI::App* in = add("import", "Store entries from a file or standard input",
                       [this] { return run_import(arguments_.common, arguments_.import_from); });
    add_import_options(*in, arguments_.import_from);
    writes(in);
    CLI::App* out = add("export", "Write entries to a file or standard output",
                        [this] { return run_export(arguments_.common, arguments_.export_to); });
    add_export_options(*out, arguments_.export_to);
    takes_bytes(out);
  }

  void add_admin_commands() {
    using namespace nacre::cli;
    CLI::App* stats =
        add("stats", "Show levels, sizes and amplification", [this] { return run_stats(arguments_.common); });
    stats->add_option("--keyspace", arguments_.common.keyspace, "Only this keyspace")->each([this](const std::string&) {
      arguments_.common.all_keyspaces = false;
    });
    prints(stats);
    prints(add("check", "Verify everything that is stored", [this] { return run_check(arguments_.common); }));
    add("compact", "Rewrite all data into one run a keyspace", [this] { return run_compact(arguments_.common); });
  }

  Arguments& arguments_;
  CLI::App app_;
  std::function<int()> command_;
};

}  // namespace

int main(int argc, char** argv) {
  nacre::cli::hold_standard_streams();
  Arguments arguments;
  return Tool(arguments).run(argc, argv);
}
