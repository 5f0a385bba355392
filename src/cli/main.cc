// nacre: the command line tool. Parses arguments and hands over to the commands (command.h).

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <functional>

#include "cli/command.h"

namespace {

using nacre::cli::CommonOptions;
using nacre::cli::ScanArguments;

struct Arguments {
  CommonOptions common;
  ScanArguments scan;
  nacre::cli::TopArguments top;
  std::string listen = "127.0.0.1:9464";
  std::string key;
  std::string value;
  std::string file;
};

// What strtoull would make something else of.
std::string is_count(const std::string& text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end == text.data() + text.size()) return {};
  return "\"" + text + "\" is not a whole number from 0 to " + std::to_string(UINT64_MAX);
}

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
    scan->add_option("--prefix", arguments_.scan.prefix, "Only keys that begin with this");
    scan->add_option("--from", arguments_.scan.from, "Only keys at or after this");
    scan->add_option("--to", arguments_.scan.to, "Only keys before this");
    scan->add_flag("--reverse", arguments_.scan.reverse, "From the last key to the first");
    scan->add_option("--limit", arguments_.scan.limit, "At most so many entries")->check(is_count, "UINT");
    takes_bytes(scan);
    prints(scan);
  }

  void add_transfer_commands() {
    using namespace nacre::cli;
    CLI::App* in = add("import", "Store entries from a file or standard input",
                       [this] { return run_import(arguments_.common, arguments_.file); });
    CLI::App* out = add("export", "Write all entries to a file or standard output",
                        [this] { return run_export(arguments_.common, arguments_.file); });
    for (CLI::App* sub : {in, out}) {
      in_keyspace(sub);
      sub->add_option("FILE", arguments_.file, "File; - or none: standard input or output");
      sub->add_option("--format", format_, "Only tsv: key, tab, value a line; escapes \\t \\n \\r \\\\ \\xHH")
          ->check(CLI::IsMember({"tsv"}))
          ->capture_default_str();
    }
    writes(in);
  }

  void add_admin_commands() {
    using namespace nacre::cli;
    CLI::App* stats =
        add("stats", "Show levels, sizes and amplification", [this] { return run_stats(arguments_.common); });
    stats->add_option("--keyspace", arguments_.common.keyspace, "Only this keyspace")->each([this](const std::string&) {
      arguments_.common.all_keyspaces = false;
    });
    prints(stats);
    add_watching_commands();
    prints(add("check", "Verify everything that is stored", [this] { return run_check(arguments_.common); }));
    add("compact", "Rewrite all data into one run a keyspace", [this] { return run_compact(arguments_.common); });
  }

  void add_watching_commands() {
    using namespace nacre::cli;
    CLI::App* top = add("top", "Watch a database that a process has open, live",
                        [this] { return run_top(arguments_.common, arguments_.top); });
    top->add_option("--keyspace", arguments_.common.keyspace, "Only this keyspace")->each([this](const std::string&) {
      arguments_.common.all_keyspaces = false;
    });
    top->add_flag("--once", arguments_.top.once, "Print once what is published, and end");
    top->add_option("--count", arguments_.top.count, "Print so many times, a second apart, and end; 0: without end")
        ->check(is_count, "UINT");
    prints(top);
    CLI::App* serve = add("serve-metrics", "Serve what a database publishes: /metrics for Prometheus, a live page, /stats.json",
                          [this] { return run_serve_metrics(arguments_.common, arguments_.listen); });
    serve->add_option("--listen", arguments_.listen, "Address and port; port 0: any that is free")->capture_default_str();
  }

  Arguments& arguments_;
  std::string format_ = "tsv";
  CLI::App app_;
  std::function<int()> command_;
};

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  return Tool(arguments).run(argc, argv);
}
