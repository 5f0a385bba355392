// export: entries from the database to a file or a pipe, as of one commit point.
//
// A reader that goes away, as `| head` does, ends an export as it ends cat: quietly, by SIGPIPE, or with an error where that
// signal is ignored.

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "cli/interrupt.h"
#include "cli/keyspace_list.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/transfer.h"

namespace nacre::cli {

namespace {

constexpr size_t kWriteBytes = 256 << 10;

// How many entries there are to write, as far as tables tell: versions that newer ones hide are counted, too. 0: they tell too little.
uint64_t estimated_entries(const Stats& stats, const std::vector<std::string>& keyspaces, const ScanOptions& options) {
  if (options.prefix || options.from || options.to) return 0;
  uint64_t entries = 0;
  uint64_t table_bytes = 0;
  uint64_t memtable_bytes = 0;  // whose entries nobody counted
  for (const KeyspaceStats& keyspace : stats.keyspaces) {
    if (std::ranges::find(keyspaces, keyspace.name) == keyspaces.end()) continue;
    entries += entries_in_tables(keyspace);
    memtable_bytes += keyspace.memtable_bytes;
    for (const LevelStats& level : keyspace.levels) table_bytes += level.bytes;
  }
  return memtable_bytes > table_bytes / 8 ? 0 : std::min(entries, options.limit);
}

class Exporter {
 public:
  Exporter(Session& session, EntryWriter& writer, OutputFile& out, const Interrupt& interrupt, bool quiet)
      : session_(session), writer_(writer), out_(out), interrupt_(interrupt), progress_("export", 0, quiet) {}

  // False: failure() or error() says why, or it was interrupted.
  bool run(const std::vector<std::string>& keyspaces, ScanOptions options) {
    options.snapshot = session_.db.snapshot();
    progress_.estimate(estimated_entries(session_.db.stats(), keyspaces, options));
    writer_.begin(text_);
    for (const std::string& name : keyspaces) {
      if (!write_keyspace(name, options)) return false;
    }
    writer_.end(text_);
    return write_text();
  }
  void clear_progress() { progress_.clear(); }
  uint64_t entries() const { return entries_; }
  const OutputFile::Failure& failure() const { return failure_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  bool write_keyspace(const std::string& name, const ScanOptions& options) {
    const auto keyspace = session_.db.keyspace(name);
    if (!keyspace) {
      error_ = keyspace.error();
      return false;
    }
    writer_.keyspace(text_, name, keyspace->options());
    Scan scan = keyspace->scan(options);
    for (const auto& [key, value] : scan) {
      writer_.append(text_, key, value);
      entries_++;
      if (text_.size() >= kWriteBytes && !write_text()) return false;
      progress_.update(bytes_ + text_.size(), entries_);
    }
    if (const auto status = scan.status(); !status) {
      error_ = status.error();
      return false;
    }
    return true;
  }
  bool write_text() {
    failure_ = out_.write(text_);
    bytes_ += text_.size();
    text_.clear();
    return !failure_ && !interrupt_.noted();
  }

  Session& session_;
  EntryWriter& writer_;
  OutputFile& out_;
  const Interrupt& interrupt_;
  Progress progress_;
  std::string text_;
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
  OutputFile::Failure failure_;
  std::optional<Error> error_;
};

// Null, or why the arguments do not go together.
const char* contradiction(const ExportArguments& arguments, TransferFormat format) {
  const ScanArguments& scan = arguments.scan;
  if (!arguments.all_keyspaces) return nullptr;
  if (format != TransferFormat::kDump)
    return "--all-keyspaces: only a dump says which keyspace an entry is of (--format dump)";
  if (arguments.keyspace) return "--all-keyspaces and --keyspace contradict each other";
  if (scan.prefix || scan.from || scan.to || scan.reverse || scan.limit != ScanArguments{}.limit)
    return "--all-keyspaces takes all of each: leave --prefix, --from, --to, --limit and --reverse out";
  return nullptr;
}

int fail_output(const OutputFile& out, const std::string& name, const OutputFile::Failure& failure,
                QuietWrites& quiet_writes) {
  if (out.standard() && failure.error_number == EPIPE) quiet_writes.end_by_closed_pipe();
  return fail_file(name, failure.words, failure.error_number);
}

// What an export is once its arguments are understood.
struct Plan {
  FormatChoice choice;
  ScanOptions bounds;
  std::vector<std::string> keyspaces;
};

int export_entries(Session& session, Plan plan, const ExportArguments& arguments, const Interrupt& interrupt) {
  QuietWrites quiet_writes;
  OutputFile out;
  const std::string name = arguments.file.empty() || arguments.file == "-" ? "standard output" : arguments.file;
  if (const auto failure = out.open(arguments.file, arguments.force))
    return fail_file(name, failure.words, failure.error_number);
  const auto writer = make_writer(plan.choice, static_cast<uint32_t>(plan.keyspaces.size()));
  uint64_t entries = 0;
  {
    Exporter exporter(session, *writer, out, interrupt, arguments.quiet);
    const bool whole = exporter.run(plan.keyspaces, plan.bounds);
    exporter.clear_progress();
    if (exporter.failure()) return fail_output(out, name, exporter.failure(), quiet_writes);
    if (exporter.error()) return fail("export", *exporter.error());
    if (!whole) {
      std::fprintf(stderr, "nacre: %s: interrupted; %s\n", visible(name).c_str(),
                   out.beside() ? "no file was written" : "what is there is not complete");
      return kFailure;
    }
    entries = exporter.entries();
  }
  if (const auto failure = out.finish()) return fail_output(out, name, failure, quiet_writes);
  if (!out.standard() && !arguments.quiet) std::fprintf(stderr, "exported %s\n", counted(entries).c_str());
  return kSuccess;
}

// Nothing after a usage error was printed. The keyspaces are left for the database to say.
std::optional<Plan> understood(const CommonOptions& common, const ExportArguments& arguments) {
  const auto choice = choose_format(arguments, false);
  if (!choice) return std::nullopt;
  if (const char* const reason = contradiction(arguments, choice->format)) {
    fail_usage(reason);
    return std::nullopt;
  }
  const auto bounds = scan_options(common, arguments.scan);
  if (!bounds) return std::nullopt;
  return Plan{.choice = *choice, .bounds = *bounds};
}

}  // namespace

int run_export(const CommonOptions& common, const ExportArguments& arguments) {
  auto plan = understood(common, arguments);
  if (!plan) return kUsage;
  CommonOptions here = common;
  if (arguments.keyspace) here.keyspace = *arguments.keyspace;
  int exit_code = kSuccess;
  const Interrupt interrupt;
  {
    auto session = open_session(here, OpenMode::kReadOnly, &exit_code);
    if (!session) return exit_code;
    plan->keyspaces = arguments.all_keyspaces ? session->db.keyspaces() : std::vector{here.keyspace};
    exit_code = export_entries(*session, *std::move(plan), arguments, interrupt);
  }
  if (interrupt.noted() && exit_code == kFailure) interrupt.end_process();
  return exit_code;
}

int export_file(Session& session, const CommonOptions& common, const ExportArguments& arguments) {
  auto plan = understood(common, arguments);
  if (!plan) return kUsage;
  plan->keyspaces = arguments.all_keyspaces ? session.db.keyspaces()
                                            : std::vector{arguments.keyspace.value_or(session.keyspace.name())};
  const Interrupt interrupt;
  return export_entries(session, *std::move(plan), arguments, interrupt);
}

}  // namespace nacre::cli
