// nacre: the command line tool. Parses its words and says what is wrong with them; the commands are in command.h.

#include <algorithm>
#include <clocale>
#include <iostream>
#include <sstream>

#include "cli/command_line.h"
#include "cli/nearest.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace {

using nacre::cli::did_you_mean;

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// What is wrong with `extra`, which no command and no option expected.
std::string unexpected(const CLI::App& app, const CLI::App* command, const std::string& extra) {
  if (command == nullptr && !extra.starts_with('-'))
    return "there is no command \"" + extra + "\"" + did_you_mean(extra, command_names(app));
  if (command == nullptr) return "\"" + extra + "\" is no option" + did_you_mean(extra, option_names(app));
  if (!extra.starts_with('-')) return "\"" + extra + "\" is one argument too many";
  const std::vector<std::string> known = option_names(*command);
  if (std::find(known.begin(), known.end(), extra) != known.end())
    return "\"" + extra + "\" belongs behind its command: nacre " + command->get_name() + " " + extra;
  return "\"" + extra + "\" is no option of " + command->get_name() +
         did_you_mean(extra.substr(0, extra.find('=')), option_names(*command)) +
         " (write -- before arguments that begin with a dash)";
}

// What the parser says of a value or its absence, in the words of this tool.
std::string reworded(const std::string& what) {
  const std::string name = what.substr(0, what.find(": "));
  const std::string rest = what.substr(std::min(what.size(), name.size() + 2));
  if (rest.starts_with("1 required ") && rest.ends_with(" missing")) return name + " needs a value behind it";
  const size_t list_begin = rest.rfind(" not in {");
  if (list_begin == std::string::npos || !rest.ends_with('}')) return what;
  const std::string value = rest.substr(0, list_begin);
  std::istringstream list(rest.substr(list_begin + 9, rest.size() - list_begin - 10));
  std::vector<std::string> choices;
  std::string listed;
  for (std::string choice; std::getline(list, choice, ',');) {
    listed += (choices.empty() ? "" : ", ") + choice;
    choices.push_back(choice);
  }
  return name + ": \"" + value + "\" is none of " + listed + did_you_mean(value, choices);
}

int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {  // help or version was asked for
    app.exit(error);
    std::cout.flush();
    return nacre::cli::finish_output(nacre::cli::kSuccess);
  }
  const auto chosen = app.get_subcommands();
  const CLI::App* command = chosen.empty() ? nullptr : chosen.front();
  std::string words = reworded(error.what());
  const std::vector<std::string> extras = app.remaining(true);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && !extras.empty()) {
    words = unexpected(app, command, extras.front());
  } else if (command == nullptr && error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError)) {
    words = extras.empty() ? "which command?" : unexpected(app, command, extras.front());
  }
  std::string shown;
  nacre::cli::append_visible(shown, words);
  std::cerr << "nacre: " << shown << "\n"
            << "Run \"nacre " << (command == nullptr ? std::string() : command->get_name() + " ")
            << "--help\" to see what there is.\n";
  return nacre::cli::kUsage;
}

}  // namespace

int nacre::cli::CommandLine::run(int argc, char** argv) {
  // "nacre help" and "nacre help put" mean what they would in other tools.
  std::vector<const char*> words(argv, argv + argc);
  if (argc >= 2 && std::string(argv[1]) == "help") {
    words = {argv[0], "--help"};
    if (argc >= 3) words = {argv[0], argv[2], "--help"};
    const std::vector<std::string> known = command_names(app_);
    if (argc >= 3 && std::ranges::find(known, argv[2]) == known.end()) words.pop_back();  // which is told
  }
  try {
    app_.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::ParseError& error) {
    return report(app_, error);
  }
  return finish_output(command_());
}

int main(int argc, char** argv) {
  nacre::cli::hold_standard_streams();
  nacre::cli::choose_character_set();
  return nacre::cli::CommandLine().run(argc, argv);
}
