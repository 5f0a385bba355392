#include "cli/shell/catalogue.h"

#include <algorithm>
#include <charconv>

#include "cli/nearest.h"

namespace nacre::cli {

std::optional<std::string> Call::value(const std::string& option) const {
  const auto found = options.find(option);
  return found == options.end() ? std::nullopt : std::optional(found->second.text);
}

std::span<const Command> catalogue() {
  static const std::vector<Command> all = [] {
    std::vector<Command> commands = data_words();
    for (const auto& group : {view_words(), admin_words(), manner_words()})
      commands.insert(commands.end(), group.begin(), group.end());
    return commands;
  }();
  return all;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : catalogue()) names.push_back(command.name);
  return names;
}

const Command* find_command(const std::string& name) {
  std::string lower;
  for (const char c : name) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto found = std::ranges::find(catalogue(), lower, &Command::name);
  return found == catalogue().end() ? nullptr : &*found;
}

namespace {

std::unexpected<LineError> wrong(const Word& word, std::string what) {
  return std::unexpected(LineError{.column = word.column, .what = std::move(what)});
}

// The option that `text` names, if it is written as one.
const CommandOption* option_of(const Command& command, const Word& word, std::string& name) {
  if (word.quoted) return nullptr;
  const bool dashed = word.text.starts_with("--");
  if (!dashed && command.most != 0) return nullptr;
  name = dashed ? word.text.substr(2, word.text.find('=') - 2) : word.text;
  const auto found = std::ranges::find(command.options, name, &CommandOption::name);
  return found == command.options.end() ? nullptr : &*found;
}

std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> names;
  for (const CommandOption& option : command.options) names.push_back("--" + option.name);
  return names;
}

std::unexpected<LineError> no_such_option(const Command& command, const Word& word) {
  const std::string name = word.text.starts_with("--") ? word.text.substr(0, word.text.find('=')) : "--" + word.text;
  return wrong(word, "\"" + word.text + "\" is no option of " + command.name +
                         did_you_mean(name, option_names(command)) +
                         (word.text.starts_with("--") ? " (quote a key that begins with --)" : ""));
}

std::expected<Call, LineError> check_count(const Command& command, std::span<const Word> words, Call call) {
  const std::string usage = "usage: " + command.name + (command.usage.empty() ? "" : " ") + command.usage;
  if (call.arguments.size() > command.most)
    return wrong(call.arguments[command.most],
                 "\"" + call.arguments[command.most].text + "\" is one too many; " + usage);
  if (call.arguments.size() < command.least) {
    const size_t column = words.empty() ? command.name.size() + 1 : words.back().column + words.back().text.size();
    return std::unexpected(LineError{.column = column, .what = "something is missing; " + usage});
  }
  return call;
}

}  // namespace

std::expected<Call, LineError> parse_call(const Command& command, std::span<const Word> words) {
  Call call;
  bool options_over = false;
  for (size_t i = 0; i < words.size(); i++) {
    const Word& word = words[i];
    if (!options_over && !word.quoted && word.text == "--") {
      options_over = true;
      continue;
    }
    std::string name;
    const CommandOption* option = options_over ? nullptr : option_of(command, word, name);
    if (option == nullptr) {
      const bool meant = !options_over && !word.quoted &&
                         (word.text.starts_with("--") || (command.most == 0 && !command.options.empty()));
      if (meant) return no_such_option(command, word);
      call.arguments.push_back(word);
      continue;
    }
    const size_t equals = word.text.starts_with("--") ? word.text.find('=') : std::string::npos;
    Word value{.column = word.column};
    if (option->value == WordKind::kNothing) {
      if (equals != std::string::npos) return wrong(word, "--" + name + " takes no value");
    } else if (equals != std::string::npos) {
      value.text = word.text.substr(equals + 1);
    } else if (++i < words.size()) {
      value = words[i];
    } else {
      return wrong(word, "--" + name + " needs a value behind it");
    }
    if (!call.options.emplace(name, std::move(value)).second) return wrong(word, "--" + name + " is there twice");
  }
  return check_count(command, words, std::move(call));
}

uint64_t count_of(const Word& word, Outcome* wrong_word) {
  uint64_t count = 0;
  const char* end = word.text.data() + word.text.size();
  const auto [stopped, error] = std::from_chars(word.text.data(), end, count);
  if (error != std::errc() || stopped != end || word.text.empty())
    *wrong_word = wrong_usage("\"" + word.text + "\" is not a whole number", word.column);
  return count;
}

}  // namespace nacre::cli
