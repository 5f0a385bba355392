// shell: a person at a terminal, lines of the command line, or a script.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "cli/ctrl_c.h"
#include "cli/nearest.h"
#include "cli/shell/history.h"
#include "cli/shell/interpreter.h"
#include "cli/shell/line_editor.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

std::string prompt_of(const ShellState& state) {
  std::string prompt = "nacre";
  if (const std::string name = state.session.keyspace.name(); name != "default")
    prompt += ":" + shortened(visible(name), 16);
  if (state.transaction) prompt += " (transaction)";
  if (state.batch) prompt += " (batch of " + std::to_string(state.batch->count()) + ")";
  if (state.snapshot.valid()) prompt += " (snapshot)";
  return prompt + "> ";
}

void greet(const ShellState& state, const std::string& database) {
  const size_t keyspaces = state.session.db.keyspaces().size();
  const std::string words = "database " + visible(database) + ", " + std::to_string(keyspaces) +
                            (keyspaces == 1 ? " keyspace" : " keyspaces") +
                            (state.manner.read_only ? ", only to read" : "") +
                            "; help lists the commands, Ctrl-D leaves";
  std::fprintf(state.manner.out, "%s\n", wrapped(words, 0, state.columns()).c_str());
}

int talk(Interpreter& interpreter, const std::string& database) {
  const InterruptCatcher catcher;
  ShellState& state = interpreter.state();
  state.manner.stop = &interrupt_flag();
  std::FILE* screen = is_terminal(stdout) ? stdout : stderr;
  LineEditor editor(screen, History(history_file()), [&state](Bytes line) { return complete(state, line); });
  greet(state, database);
  while (!state.leaving) {
    const auto line = editor.read(prompt_of(state));
    if (!line) break;
    interpreter.tell(interpreter.run(*line), "");
    take_interrupt();
  }
  return kSuccess;
}

int run_lines(Interpreter& interpreter, const ShellArguments& arguments) {
  ExitCode worst = kSuccess;
  size_t number = 0;
  for (const std::string& line : arguments.commands) {
    const Outcome outcome = interpreter.run(line);
    const std::string which = arguments.commands.size() == 1 ? "" : " " + std::to_string(++number);
    interpreter.tell(outcome, "nacre: --command" + which);
    worst = std::max(worst, outcome.code);
    if (interpreter.state().leaving || (outcome.code > kNotFound && !arguments.keep_going)) break;
  }
  return worst;
}

int run_file(Interpreter& interpreter, std::FILE* file, const std::string& name, bool keep_going) {
  return interpreter.run_script(file, name == "-" ? "nacre: standard input" : "nacre: " + name, keep_going);
}

// A person is asked before a mistyped path becomes a database.
bool may_create(const std::string& database) {
  if (has_database(database)) return true;
  return confirmed("There is no database in " + visible(database) + ". Make one?");
}

std::optional<Session> open_shell(const CommonOptions& common, const ShellArguments& arguments, bool person,
                                  int* exit_code) {
  if (person && !arguments.read_only && !may_create(common.database)) {
    *exit_code = kNotFound;
    return std::nullopt;
  }
  CommonOptions chosen = common;
  chosen.keyspace = "default";
  auto session =
      open_session(chosen, arguments.read_only ? OpenMode::kReadOnly : OpenMode::kCreateIfMissing, exit_code);
  if (!session || common.keyspace == "default") return session;
  const std::vector<std::string> names = session->db.keyspaces();
  if (std::ranges::find(names, common.keyspace) == names.end()) {
    fail_usage("there is no keyspace \"" + common.keyspace + "\"" + did_you_mean(common.keyspace, names));
    *exit_code = kNotFound;
    return std::nullopt;
  }
  auto keyspace = session->db.keyspace(common.keyspace);
  if (!keyspace) {
    *exit_code = fail("keyspace " + common.keyspace, keyspace.error());
    return std::nullopt;
  }
  session->keyspace = *std::move(keyspace);
  return session;
}

}  // namespace

int run_shell(const CommonOptions& common, const ShellArguments& arguments) {
  const bool script = !arguments.commands.empty() || arguments.file;
  const bool person = !script && is_terminal(stdin) && (is_terminal(stdout) || is_terminal(stderr));
  const std::string name = arguments.file.value_or("-");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(name == "-" ? nullptr : open_script(name), std::fclose);
  if (file == nullptr && name != "-") {  // told before a database is made for it
    std::fprintf(stderr, "nacre: %s: cannot be read: %s\n", visible(name).c_str(), std::strerror(errno));
    return kFailure;
  }
  int exit_code = kSuccess;
  auto session = open_shell(common, arguments, person, &exit_code);
  if (!session) return exit_code;
  // A pipe that closes must not end the process with a batch half gathered: the shell ends itself.
  (void)std::signal(SIGPIPE, SIG_IGN);
  Manner manner{.interactive = person, .terminal = is_terminal(stdout), .read_only = arguments.read_only};
  if (person) manner.confirm = confirmed;
  Interpreter interpreter(*std::move(session), common, manner);
  exit_code = person ? talk(interpreter, common.database)
              : arguments.commands.empty()
                  ? run_file(interpreter, file != nullptr ? file.get() : stdin, name, arguments.keep_going)
                  : run_lines(interpreter, arguments);
  ShellState& state = interpreter.state();
  if (const std::string left = state.open_work(); !left.empty()) {
    std::fprintf(stderr, "nacre: %s\n", left.c_str());
    if (!person) exit_code = std::max<int>(exit_code, kFailure);
  }
  const Outcome written = state.direct_output("");
  interpreter.tell(written, "nacre");
  exit_code = std::max<int>(exit_code, written.code);
  if (const auto closed = state.close(); !closed && exit_code == kSuccess) return fail("close", closed.error());
  return exit_code;
}

}  // namespace nacre::cli
