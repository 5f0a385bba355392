#include "cli/command_line.h"

#include <sys/utsname.h>

#include <charconv>

namespace nacre::cli {

namespace {

// The first line alone has a form that scripts may rely on.
std::string version_text() {
  const LibraryFacts facts = library_facts();
  utsname system{};
  std::string text = "nacre " + facts.version + "\ncompiler  " + facts.compiler + "\nbuild     " + facts.build +
                     "\ncodecs    " + facts.codecs + "\nio_uring  " + facts.io_uring;
  if (uname(&system) == 0)
    text += std::string("\nsystem    ") + system.sysname + " " + system.release + " " + system.machine;
  return text;
}

}  // namespace

std::string is_count(const std::string& text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end == text.data() + text.size()) return {};
  return "\"" + text + "\" is not a whole number from 0 to " + std::to_string(UINT64_MAX);
}

CommandLine::CommandLine() : app_("Nacre: an embedded key-value store. Keys and values are bytes.", "nacre") {
  app_.require_subcommand(1);
  app_.set_help_all_flag("--help-all", "Help for all commands");
  app_.set_version_flag("--version", version_text, "Version, and what a report of a bug should say");
  app_.footer(
      "Begin with: nacre shell DB. Help for one command: nacre COMMAND --help. The manual: man nacre.\n"
      "Exit codes: 0 success, 1 not found, 2 wrong usage, 3 failure.");
  add_data_commands(*this);
  add_transfer_commands(*this);
  add_admin_commands(*this);
  add_salvage_commands(*this);
  add_watching_commands(*this);
  add_shell_commands(*this);
}

CLI::App* CommandLine::add(const std::string& name, const std::string& words, std::function<int()> run,
                           const char* directory, const char* directory_words) {
  CLI::App* command = app_.add_subcommand(name, words);
  command->add_option(directory, arguments_.common.database, directory_words)->required();
  command->add_flag("--verbose", arguments_.common.verbose, "Print what the database reports to standard error");
  return takes_options(command, std::move(run));
}

CLI::App* CommandLine::add_without_database(const std::string& name, const std::string& words,
                                            std::function<int()> run) {
  return takes_options(app_.add_subcommand(name, words), std::move(run));
}

CLI::App* CommandLine::add_bare(const std::string& name, const std::string& words, std::function<int()> run) {
  CLI::App* command = app_.add_subcommand(name, words);
  command->callback([this, run = std::move(run)] { command_ = run; });
  return command;
}

CLI::App* CommandLine::takes_options(CLI::App* command, std::function<int()> run) {
  command->add_option("--options", arguments_.common.options_file,
                      "File of options for the database, as TOML; \"nacre options\" prints one");
  command->callback([this, run = std::move(run)] { command_ = run; });
  return command;
}

void CommandLine::writes(CLI::App* command) {
  command
      ->add_option(
          "--durability", arguments_.common.durability,
          "What a finished write survives: nothing, the process, a power cut; else as the options say, os by default")
      ->check(CLI::IsMember({"memory", "os", "disk"}));
  logs(command);
}

void CommandLine::logs(CLI::App* command) {
  command->add_option("--log-format", arguments_.common.log_format, "Of the lines in the LOG of the database")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

CLI::App* CommandLine::in_keyspace(CLI::App* command) {
  command->add_option("--keyspace", arguments_.common.keyspace, "Keyspace to work on")->capture_default_str();
  return command;
}

void CommandLine::takes_bytes(CLI::App* command) {
  command->add_flag("--escaped", arguments_.common.escaped,
                    "Read \\t \\n \\r \\\\ and \\xHH in keys and values given as arguments");
}

void CommandLine::prints_json(CLI::App* command) { command->add_flag("--json", arguments_.common.json, "Print JSON"); }

void CommandLine::takes_bounds(CLI::App* command, ScanArguments& bounds) {
  command->add_option("--prefix", bounds.prefix, "Only keys that begin with this");
  command->add_option("--from", bounds.from, "Only keys at or after this");
  command->add_option("--to", bounds.to, "Only keys before this");
}

}  // namespace nacre::cli
