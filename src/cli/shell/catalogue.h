// The commands of the shell: what each is called, takes and does.
//
// Options are written as on the command line of the tool, --name VALUE or --name=VALUE; a quoted word is never one. Commands that take
// no arguments but options understand them without dashes, too: `scan prefix user: limit 10`.
// Thread safety: the catalogue is built once and never changes.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "cli/shell/state.h"
#include "cli/shell/words.h"

namespace nacre::cli {

// What a word may be: how it is completed.
enum class WordKind : uint8_t { kNothing, kKey, kValue, kKeyspace, kFile, kNumber, kCommand, kChoice };

struct CommandOption {
  std::string name;  // without dashes
  WordKind value = WordKind::kNothing;
  std::vector<std::string> choices = {};
};

// The words behind the name of a command.
struct Call {
  std::vector<Word> arguments;
  std::map<std::string, Word> options;

  bool has(const std::string& option) const { return options.contains(option); }
  std::optional<std::string> value(const std::string& option) const;
  const std::string& argument(size_t i) const { return arguments[i].text; }
};

struct Command {
  std::string name;
  std::string usage;    // what comes behind the name
  std::string summary;  // one line
  std::string details;  // for `help NAME`, may be empty
  size_t least = 0;     // arguments
  size_t most = 0;
  WordKind argument = WordKind::kNothing;
  std::vector<std::string> choices = {};
  std::vector<CommandOption> options = {};
  bool writes = false;
  bool stoppable = false;  // looks at Ctrl-C
  Outcome (*run)(ShellState& state, const Call& call) = nullptr;
};

std::span<const Command> catalogue();
std::vector<std::string> command_names();
const Command* find_command(const std::string& name);

// The words behind the name, as the command takes them.
std::expected<Call, LineError> parse_call(const Command& command, std::span<const Word> words);

// Whole numbers from 0. Words about `word` in `wrong` if it is none.
uint64_t count_of(const Word& word, Outcome* wrong);

// The groups of the catalogue, each in its file.
std::vector<Command> data_words();    // get put del scan count more
std::vector<Command> view_words();    // use begin commit rollback batch write discard snapshot release
std::vector<Command> admin_words();   // keyspaces create drop stats check flush compact sync import export
std::vector<Command> manner_words();  // durability mode timing output read help exit

}  // namespace nacre::cli
