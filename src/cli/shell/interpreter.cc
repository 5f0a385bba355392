#include "cli/shell/interpreter.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "cli/ctrl_c.h"
#include "cli/human.h"
#include "cli/nearest.h"
#include "cli/shell/catalogue.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

constexpr int kDeepestScript = 16;

// What Ctrl-C says at once while a command runs that cannot be stopped half way.
constexpr const char* kGoesOn =
    "\nThis cannot be stopped half way; the prompt comes back when it is done.\n"
    "A second Ctrl-C ends the shell at once: writes stay, but for those of durability memory.\n";

struct FreeLine {
  void operator()(char* line) const { std::free(line); }
};

}  // namespace

std::FILE* open_script(const std::string& name) {
  std::FILE* file = std::fopen(name.c_str(), "rb");
  struct stat status{};
  if (file != nullptr && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
    std::fclose(file);
    errno = EISDIR;
    return nullptr;
  }
  return file;
}

Interpreter::Interpreter(Session session, const CommonOptions& common, Manner manner)
    : state_(std::move(session), common, std::move(manner)) {
  state_.read_script = [this](const std::string& name) -> Outcome {
    if (depth_ == kDeepestScript)
      return wrong_usage("scripts read each other, " + std::to_string(kDeepestScript) + " deep");
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(open_script(name), std::fclose);
    if (file == nullptr) return {.code = kFailure, .words = name + ": cannot be read: " + std::strerror(errno)};
    const bool interactive = std::exchange(state_.manner.interactive, false);
    const ExitCode code = run_script(file.get(), name, false);
    state_.manner.interactive = interactive;
    return {.code = code};
  };
}

Outcome Interpreter::run_words(Bytes line) {
  const auto words = split_words(line);
  if (!words) return wrong_usage(words.error().what, words.error().column);
  if (words->empty()) return {};
  const Word& name = words->front();
  const Command* command = find_command(name.text);
  if (command == nullptr) {
    return wrong_usage(
        "there is no command \"" + name.text + "\"" + did_you_mean(name.text, command_names()) + " (help lists them)",
        name.column);
  }
  if (command->writes && state_.manner.read_only)
    return wrong_usage(command->name + " writes, and this shell only reads (--read-only)", name.column);
  const auto call = parse_call(*command, std::span(*words).subspan(1));
  if (!call) return wrong_usage(call.error().what, call.error().column);
  say_at_interrupt(command->stoppable ? nullptr : kGoesOn);
  Outcome outcome = command->run(state_, *call);
  say_at_interrupt(nullptr);
  return outcome;
}

Outcome Interpreter::run(Bytes line) {
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome = run_words(line);
  if (has_failed(state_.out()) || std::fflush(state_.out()) != 0) {
    (void)has_failed(state_.out());  // keeps the reason
    outcome = {.code = kFailure, .words = "output: writing failed; what is there is not complete" + why_failed()};
    if (state_.out() == state_.manner.out) {
      state_.leaving = true;  // nobody hears us any more
      output_failure_is_told();
      if (is_closed_pipe(state_.out())) outcome.words.clear();
    } else {
      (void)state_.direct_output("");
    }
  }
  if (state_.timing) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::fprintf(state_.manner.err, "took %s\n", human_time(took.count()).c_str());
  }
  return outcome;
}

void Interpreter::tell(const Outcome& outcome, const std::string& place) const {
  if (outcome.words.empty()) return;
  std::string line = place;
  if (outcome.column != 0) line += (place.empty() ? "column " : ", column ") + std::to_string(outcome.column);
  if (!line.empty()) line += ": ";
  std::string text;
  append_visible_text(text, line + outcome.words);  // quoted keys in it have their escapes
  std::fprintf(state_.manner.err, "%s\n", text.c_str());
}

ExitCode Interpreter::run_script(std::FILE* script, const std::string& name, bool keep_going) {
  char* buffer = nullptr;
  size_t room = 0;
  ExitCode worst = kSuccess;
  depth_++;
  ssize_t length = 0;
  errno = 0;
  for (uint64_t number = 1; !state_.leaving && !state_.stopped() && (length = getline(&buffer, &room, script)) >= 0;
       number++) {
    const Outcome outcome = run(Bytes(buffer, static_cast<size_t>(length)));
    tell(outcome, name + " line " + std::to_string(number));
    worst = std::max(worst, outcome.code);
    if (outcome.code > kNotFound && !keep_going) break;
    errno = 0;
  }
  if (std::ferror(script) != 0) {
    tell({.code = kFailure, .words = std::string("reading failed: ") + std::strerror(errno)}, name);
    worst = kFailure;
  }
  const std::unique_ptr<char, FreeLine> free_line(buffer);
  depth_--;
  return worst;
}

}  // namespace nacre::cli
