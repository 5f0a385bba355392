#include "cli/command.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/ctrl_c.h"
#include "cli/nearest.h"
#include "cli/terminal.h"
#include "cli/tsv.h"

namespace nacre::cli {

WriteOptions CommonOptions::write_options() const {
  if (durability == "disk") return {.durability = Durability::kDisk};
  if (durability == "memory") return {.durability = Durability::kMemory};
  if (durability == "os") return {.durability = Durability::kOs};
  return {};
}

int exit_code_of(const Error& error) {
  if (error.kind == ErrorKind::kInvalidArgument) return kUsage;
  // A file of the database that is gone is no answer to "is it there?".
  const bool named_by_user = error.file_kind == FileKind::kNone || error.file_kind == FileKind::kDirectory;
  return error.kind == ErrorKind::kNotFound && named_by_user ? kNotFound : kFailure;
}

int fail(const std::string& what, const Error& error) {
  std::fflush(stdout);
  std::string line = "nacre: ";
  append_visible(line, what.empty() ? "\"\"" : what);
  std::fprintf(stderr, "%s: %s\n", line.c_str(), error.to_string().c_str());
  return exit_code_of(error);
}

namespace {
bool output_failure_told = false;
}  // namespace

void output_failure_is_told() { output_failure_told = true; }

int finish_output(int exit_code) {
  if (!has_failed(stdout) && std::fflush(stdout) == 0) return exit_code;
  (void)has_failed(stdout);                                            // keeps the reason
  if (output_failure_told || is_closed_pipe(stdout)) return kFailure;  // whoever closed it knows
  std::fprintf(stderr, "nacre: standard output: writing failed; what is there is not complete%s\n",
               why_failed().c_str());
  return kFailure;
}

int fail_usage(const std::string& words) {
  std::string line = "nacre: ";
  append_visible(line, words);
  std::fprintf(stderr, "%s\n", line.c_str());
  return kUsage;
}

namespace {

// Says on standard error what an open dropped, or everything.
class Reports : public EventSink {
 public:
  explicit Reports(bool verbose) : verbose_(verbose) {}
  void on_event(const Event& event) override {
    if (verbose_) std::fprintf(stderr, "nacre: %s\n", visible(to_string(event)).c_str());
    if (event.kind != EventKind::kTornTail) return;
    std::fprintf(
        stderr,
        "nacre: warning: the log is whole up to byte %llu of %06llu.wal; %llu bytes behind it, with %llu whole "
        "records, were never acknowledged as durable and are left out\n",
        static_cast<unsigned long long>(event.offset), static_cast<unsigned long long>(event.file_number),
        static_cast<unsigned long long>(event.bytes_in), static_cast<unsigned long long>(event.entries));
  }

 private:
  const bool verbose_;
};

void say_which_keyspaces(const Db& db, const std::string& wanted) {
  const std::vector<std::string> names = db.keyspaces();
  std::string line = "nacre: ";
  if (const std::string near = nearest(wanted, names); !near.empty())
    line += "did you mean \"" + visible(near) + "\"? ";
  line += names.size() == 1 ? "the only keyspace is " : "the keyspaces are ";
  constexpr size_t kMost = 10;
  for (size_t i = 0; i < std::min(names.size(), kMost); i++) {
    if (i != 0) line += ", ";
    append_visible(line, names[i]);
  }
  if (names.size() > kMost) line += " and " + std::to_string(names.size() - kMost) + " more";
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace

std::optional<Options> read_options(const CommonOptions& common) {
  if (common.options_file.empty()) return Options{};
  const auto options = options_from_file(common.options_file);
  if (options) return *options;
  fail_usage(options.error().to_string(common.options_file));
  return std::nullopt;
}

bool has_database(const std::string& directory) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::path(directory) / "CURRENT", ignored);
}

Runtime runtime_of(const CommonOptions& common) {
  Runtime runtime = Runtime::standard();
  runtime.events = std::make_shared<Reports>(common.verbose);
  runtime.log.format = common.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
  return runtime;
}

std::optional<Session> open_session(const CommonOptions& common, OpenMode mode, int* exit_code, Error* why) {
  std::optional<Options> options = read_options(common);
  if (!options) {
    *exit_code = kUsage;
    return std::nullopt;
  }
  if (mode != OpenMode::kCreateIfMissing) options->mode = mode;
  auto db = Db::open(common.database, *options, runtime_of(common));
  if (!db) {
    if (why != nullptr) *why = db.error();
    *exit_code = fail(common.database, db.error());
    return std::nullopt;
  }
  auto keyspace = db->keyspace(common.keyspace);
  if (!keyspace) {
    *exit_code = fail("keyspace " + (common.keyspace.empty() ? "\"\"" : common.keyspace), keyspace.error());
    if (*exit_code == kNotFound) say_which_keyspaces(*db, common.keyspace);
    return std::nullopt;
  }
  return Session{.db = *std::move(db), .keyspace = *std::move(keyspace)};
}

int finish(Session& session, int exit_code) {
  const auto closed = session.db.close();
  if (!closed && exit_code == kSuccess) return fail("close", closed.error());
  return exit_code;
}

std::optional<std::string> argument_bytes(const CommonOptions& common, const std::string& text) {
  if (!common.escaped) return text;
  std::string bytes;
  if (const char* wrong = unescape(text, bytes)) {
    fail_usage("\"" + text + "\": " + wrong);
    return std::nullopt;
  }
  return bytes;
}

bool confirmed(const std::string& question) {
  if (isatty(STDIN_FILENO) == 0) {
    fail_usage("this asks before it erases, and there is no terminal to ask on: add --yes");
    return false;
  }
  std::string line;
  append_visible_text(line, question);
  std::fprintf(stderr, "%s [y/N] ", line.c_str());
  std::fflush(stderr);
  const WaitsEndAtInterrupt waits_end;  // here Ctrl-C is an answer: no
  const char* const words = say_at_interrupt(nullptr);
  const int answer = std::getchar();
  for (int rest = answer; rest != '\n' && rest != EOF;) rest = std::getchar();
  if (answer == EOF) {
    std::fprintf(stderr, "\n");
    std::clearerr(stdin);
  }
  say_at_interrupt(words);
  return answer == 'y' || answer == 'Y';
}

std::optional<ScanOptions> scan_options(const CommonOptions& common, const ScanArguments& arguments) {
  ScanOptions options{.reverse = arguments.reverse, .limit = arguments.limit};
  const std::pair<const std::optional<std::string>*, std::optional<std::string>*> bounds[] = {
      {&arguments.prefix, &options.prefix}, {&arguments.from, &options.from}, {&arguments.to, &options.to}};
  for (const auto& [text, bound] : bounds) {
    if (!*text) continue;
    *bound = argument_bytes(common, **text);
    if (!*bound) return std::nullopt;
  }
  return options;
}

}  // namespace nacre::cli
