// durability, mode, timing, output, read, help, exit.

#include <algorithm>

#include "cli/nearest.h"
#include "cli/shell/catalogue.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

// The one argument, which must be one of the command's choices; empty with words in `wrong` if it is not.
std::string choice(const char* command, const Call& call, Outcome* wrong) {
  const std::vector<std::string>& known = find_command(command)->choices;
  const Word& word = call.arguments[0];
  if (std::ranges::find(known, word.text) != known.end()) return word.text;
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  *wrong = wrong_usage(std::string(command) + " is one of " + list + did_you_mean(word.text, known), word.column);
  return {};
}

Outcome durability(ShellState& state, const Call& call) {
  if (call.arguments.empty()) {
    const Durability of_handle = state.session.db.options().durability;
    const Durability in_force = state.common.write_options().durability.value_or(of_handle);
    std::fprintf(state.out(), "%s\n", std::string(to_string(in_force)).c_str());
    return {};
  }
  Outcome wrong;
  const std::string chosen = choice("durability", call, &wrong);
  if (!chosen.empty()) state.common.durability = chosen;
  return wrong;
}

Outcome mode(ShellState& state, const Call& call) {
  if (call.arguments.empty()) {
    std::fprintf(state.out(), "%s\n", state.common.json ? "json" : state.common.hex ? "hex" : "text");
    return {};
  }
  Outcome wrong;
  const std::string chosen = choice("mode", call, &wrong);
  if (wrong.code != kSuccess) return wrong;
  state.common.json = chosen == "json";
  state.common.hex = chosen == "hex";
  return {};
}

Outcome timing(ShellState& state, const Call& call) {
  Outcome wrong;
  const std::string chosen = call.arguments.empty() ? (state.timing ? "off" : "on") : choice("timing", call, &wrong);
  if (wrong.code != kSuccess) return wrong;
  state.timing = chosen == "on";
  return {};
}

Outcome output(ShellState& state, const Call& call) {
  return state.direct_output(call.arguments.empty() ? "" : call.argument(0));
}

Outcome read(ShellState& state, const Call& call) { return state.read_script(call.argument(0)); }

std::string usage_of(const Command& command) {
  return command.name + (command.usage.empty() ? "" : " ") + command.usage;
}

void print_list(std::FILE* out, size_t columns) {
  size_t width = 0;
  for (const Command& command : catalogue()) width = std::max(width, command.name.size());
  const size_t indent = width + 4;
  for (const Command& command : catalogue()) {
    std::string summary = wrapped(command.summary, 0, std::max<size_t>(columns, indent + 16) - indent);
    for (size_t end = 0; (end = summary.find('\n', end)) != std::string::npos; end += indent)
      summary.insert(++end, indent, ' ');
    std::fprintf(out, "  %-*s  %s\n", static_cast<int>(width), command.name.c_str(), summary.c_str());
  }
  std::fprintf(out, "%s\n",
               wrapped("help COMMAND says more. Quotes: \"a b\\n\\xff\" with escapes, 'a b' as it is. TAB completes, "
                       "Ctrl-C stops a scan or clears the line, Ctrl-D leaves.",
                       0, columns)
                   .c_str());
}

Outcome help(ShellState& state, const Call& call) {
  const size_t columns = std::min<size_t>(state.columns(), 100);
  if (call.arguments.empty()) {
    print_list(state.out(), columns);
    return {};
  }
  const Command* command = find_command(call.argument(0));
  if (command == nullptr) {
    return wrong_usage(
        "there is no command \"" + call.argument(0) + "\"" + did_you_mean(call.argument(0), command_names()),
        call.arguments[0].column);
  }
  std::fprintf(state.out(), "%s\n%s\n", wrapped(usage_of(*command), 2, columns).c_str(),
               wrapped(command->summary + (command->writes ? " (not when read-only)" : ""), 2, columns).c_str());
  if (!command->details.empty()) std::fprintf(state.out(), "%s\n", wrapped(command->details, 2, columns).c_str());
  return {};
}

Outcome leave(ShellState& state, const Call&) {
  state.leaving = true;
  return {};
}

}  // namespace

std::vector<Command> manner_words() {
  return {
      {.name = "durability",
       .usage = "[memory|os|disk]",
       .summary = "what writes survive from here on",
       .details = "memory: a clean end of the shell. os: the death of the process. disk: a power cut. "
                  "sync lets earlier writes survive one, too.",
       .most = 1,
       .argument = WordKind::kChoice,
       .choices = {"memory", "os", "disk"},
       .run = durability},
      {.name = "mode",
       .usage = "[text|json|hex]",
       .summary = "how entries are printed",
       .most = 1,
       .argument = WordKind::kChoice,
       .choices = {"text", "json", "hex"},
       .run = mode},
      {.name = "timing",
       .usage = "[on|off]",
       .summary = "tell how long commands take",
       .most = 1,
       .argument = WordKind::kChoice,
       .choices = {"on", "off"},
       .run = timing},
      {.name = "output",
       .usage = "[FILE]",
       .summary = "print to a file; none: here",
       .details = "What is in the file is replaced. Errors and notes still come here.",
       .most = 1,
       .argument = WordKind::kFile,
       .run = output},
      {.name = "read",
       .usage = "FILE",
       .summary = "run the lines of a file",
       .least = 1,
       .most = 1,
       .argument = WordKind::kFile,
       .run = read},
      {.name = "help",
       .usage = "[COMMAND]",
       .summary = "this list, or one command",
       .most = 1,
       .argument = WordKind::kCommand,
       .run = help},
      {.name = "exit", .summary = "leave, as Ctrl-D does", .run = leave},
      {.name = "quit", .summary = "leave, too", .run = leave},
  };
}

}  // namespace nacre::cli
