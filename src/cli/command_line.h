// The command line of the tool: the words that can be said, and the command that they name. Each register_*.cc adds a group of
// commands; main.cc parses.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/transfer.h"

namespace nacre::cli {

// What the words of the command line are stored in. The options of one command are one struct.
struct Arguments {
  CommonOptions common;
  PutArguments put;
  std::vector<std::string> keys;
  DelArguments del;
  ScanArguments scan;
  KeyspacesArguments keyspaces;
  ShellArguments shell;
  BenchArguments bench;
  DumpArguments dump;
  TopArguments top;
  std::string listen = "127.0.0.1:9464";
  RepairArguments repair;
  ImportArguments import_from;
  ExportArguments export_to;
};

class CommandLine {
 public:
  CommandLine();

  // A command with its first argument, the database, or a directory of another kind; `run` is called after all words are parsed.
  CLI::App* add(const std::string& name, const std::string& words, std::function<int()> run,
                const char* directory = "DB", const char* directory_words = "Directory of the database");

  // Commands that open no database: with a file of options, and without.
  CLI::App* add_without_database(const std::string& name, const std::string& words, std::function<int()> run);
  CLI::App* add_bare(const std::string& name, const std::string& words, std::function<int()> run);

  // Options that several commands take.
  void writes(CLI::App* command);
  void logs(CLI::App* command);
  void takes_bytes(CLI::App* command);
  void prints_json(CLI::App* command);
  void takes_bounds(CLI::App* command, ScanArguments& bounds);
  CLI::App* in_keyspace(CLI::App* command);

  // Parses, and runs what was asked for. Returns the exit code of the tool.
  int run(int argc, char** argv);

  Arguments& arguments() { return arguments_; }

 private:
  CLI::App* takes_options(CLI::App* command, std::function<int()> run);

  Arguments arguments_;
  CLI::App app_;
  std::function<int()> command_;
};

// Says what is wrong with `text` as a whole number; nothing if it is one. strtoull would make something else of "-1".
std::string is_count(const std::string& text);

void add_data_commands(CommandLine& line);
void add_transfer_commands(CommandLine& line);
void add_admin_commands(CommandLine& line);
void add_salvage_commands(CommandLine& line);
void add_watching_commands(CommandLine& line);
void add_shell_commands(CommandLine& line);

}  // namespace nacre::cli
