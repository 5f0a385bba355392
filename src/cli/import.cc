// import: its arguments, its files, and what it tells. The work is the Importer's.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "cli/byte_source.h"
#include "cli/importer.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

// What was kept, and how to go on from there.
class Report {
 public:
  // `closed`: the database was closed, or is left open, without an error.
  Report(const CommonOptions& common, const ImportArguments& arguments, const Importer& importer, uint64_t rejected,
         bool closed)
      : common_(common), arguments_(arguments), importer_(importer), rejected_(rejected), closed_(closed) {}

  void print_kept() const {
    const Place& settled = importer_.settled();
    const uint64_t kept = importer_.kept();
    if (kept == 0 && importer_.uncertain() == 0 && settled.records <= arguments_.skip_entries) {
      std::fprintf(stderr, "nacre: nothing of it is in the database\n");
      return;
    }
    std::string words = counted(kept) + (kept == 1 ? " is" : " are") + " in the database";
    if (!closed_) words = counted(kept) + " in all could be written before the close failed";
    if (arguments_.skip_entries > 0) words += ", behind the " + counted(arguments_.skip_entries) + " passed over";
    if (rejected_ > 0) words += ", " + std::to_string(rejected_) + " rejected";
    words += ": all through ";
    words += settled.lines > 0
                 ? "line " + std::to_string(settled.lines) + ", byte " + std::to_string(settled.bytes) + " of the input"
                 : "entry " + std::to_string(settled.records) + " of the input";
    words += importer_.uncertain() == 0 ? ", and nothing behind it"
                                        : "; the next " + counted(importer_.uncertain()) + " all are, or none of them";
    std::fprintf(stderr, "nacre: %s\n", words.c_str());
  }
  bool has_way_on() const { return importer_.settled().records > 0; }
  void print_way_on(const char* when) const { std::fprintf(stderr, "nacre: %s: %s\n", when, command().c_str()); }

 private:
  // A word of a command line as a shell must have it.
  static std::string quoted(const std::string& word) {
    constexpr Bytes kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
    return text + "'";
  }
  std::string command() const {
    std::string words = "nacre import " + quoted(common_.database);
    const auto option = [&](const char* name, const std::string& value) { words += std::string(name) + quoted(value); };
    if (!arguments_.file.empty()) option(" ", arguments_.file);
    if (!arguments_.format.empty()) option(" --format ", arguments_.format);
    if (!arguments_.encoding.empty()) option(" --encoding ", arguments_.encoding);
    if (arguments_.header) words += *arguments_.header ? " --header" : " --no-header";
    if (!common_.options_file.empty()) option(" --options ", common_.options_file);
    if (arguments_.keyspace) option(" --keyspace ", *arguments_.keyspace);
    if (common_.durability != CommonOptions{}.durability) option(" --durability ", common_.durability);
    if (arguments_.on_error != ImportArguments{}.on_error) option(" --on-error ", arguments_.on_error);
    if (!arguments_.errors_file.empty()) option(" --errors ", arguments_.errors_file);
    return words + " --skip-entries " + std::to_string(importer_.settled().records);
  }

  const CommonOptions& common_;
  const ImportArguments& arguments_;
  const Importer& importer_;
  uint64_t rejected_;
  bool closed_;
};

int report_failure(const ImportEnd& end, const Report& report, const std::string& input) {
  using Why = ImportEnd::Why;
  if (end.why == Why::kWrite) {
    (void)fail(input, end.error);
  } else {
    const std::string where = end.where.empty() ? input : input + " " + end.where;
    std::fprintf(stderr, "nacre: %s: %s\n", visible(where).c_str(), end.words.c_str());
  }
  report.print_kept();
  if (!report.has_way_on()) return kFailure;
  if (end.why == Why::kWrong)
    report.print_way_on("to go on from there, once that is corrected (--on-error skip passes over it)");
  else if (end.why != Why::kBroken)
    report.print_way_on("to go on from there");
  return kFailure;
}

// How fast is said of what took a while.
void print_success(const Importer& importer, uint64_t rejected, double seconds) {
  std::fprintf(stderr, "imported %s", counted(importer.kept()).c_str());
  if (seconds >= 1)
    std::fprintf(stderr, " in %.1f s, %.0f a second", seconds, static_cast<double>(importer.kept()) / seconds);
  if (rejected > 0) std::fprintf(stderr, "; %llu rejected", static_cast<unsigned long long>(rejected));
  std::fprintf(stderr, "\n");
}

// Null, or why the arguments do not go together.
const char* contradiction(const ImportArguments& arguments, TransferFormat format) {
  if (arguments.errors_file.empty()) return nullptr;
  if (arguments.on_error != "skip") return "--errors: nothing is rejected without --on-error skip";
  if (format == TransferFormat::kDump)
    return "--errors: the entries of a damaged block are lost, a file cannot keep them";
  return nullptr;
}

// How an import ends whose input cannot be its format at all, or cannot be read.
int fail_begin(Step step, const EntryReader& reader, const FileSource& source, const std::string& name) {
  if (step == Step::kInterrupted) return kFailure;
  if (step == Step::kFailed) return fail_file(name, "reading failed", source.error_number());
  std::fprintf(stderr, "nacre: %s %s: %s\n", visible(name).c_str(), to_string(reader.complaint()).c_str(),
               reader.complaint().words.c_str());
  return kFailure;
}

// The files of an import, open, and what was found in them so far.
struct Input {
  std::string name;
  FileSource& source;
  EntryReader& reader;
  Rejects& rejects;
};

enum class Opened : uint8_t { kBefore, kForThis, kAndMadeForThis };

// Fills the database and tells of it. If it was opened for that it is closed before: what is told of is safe.
int fill(Session& session, Opened opened, const CommonOptions& common, const ImportArguments& arguments, Input input) {
  const auto begin = std::chrono::steady_clock::now();
  Importer importer(session, opened == Opened::kAndMadeForThis, common, arguments, input.reader, input.rejects);
  input.source.when_idle([&importer] { importer.write_while_idle(); });
  ImportEnd end;
  {
    Progress progress("import", input.source.size_bytes(), arguments.quiet);
    end = importer.run(progress);
  }
  if (end.why == ImportEnd::Why::kInput)
    end.words = std::string("reading failed: ") + std::strerror(input.source.error_number());
  const int exit_code = opened == Opened::kBefore ? kSuccess : finish(session, kSuccess);
  const Report report(common, arguments, importer, input.rejects.count(), exit_code == kSuccess);
  if (end.why != ImportEnd::Why::kWhole) return report_failure(end, report, input.name);
  if (exit_code != kSuccess) report.print_kept();
  if (exit_code != kSuccess || arguments.quiet) return exit_code;
  if (input.reader.had_header() && !arguments.header)
    std::fprintf(stderr, "nacre: %s: its first line, key,value, is a header (--no-header: it is an entry)\n",
                 visible(input.name).c_str());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  print_success(importer, input.rejects.count(), took.count());
  return kSuccess;
}

// Into `session`, or if that is null into the database that `common` names, which is not opened before the input looks right.
int import_entries(Session* session, const CommonOptions& common, const ImportArguments& arguments,
                   const Interrupt& interrupt) {
  const auto choice = choose_format(arguments, true);
  if (!choice) return kUsage;
  if (const char* const reason = contradiction(arguments, choice->format)) return fail_usage(reason);
  const std::string name = arguments.file.empty() || arguments.file == "-" ? "standard input" : arguments.file;
  const QuietWrites quiet_writes;  // whoever reads our words may go, and the import goes on
  const auto source = FileSource::open(arguments.file, interrupt);
  if (source == nullptr) return fail_file(name, "cannot be read", errno);
  Rejects rejects(name, arguments.errors_file);
  if (!rejects.open()) return fail_file(arguments.errors_file, "cannot be written", errno);
  if (rejects.descriptor() >= 0 && source->is_file_of(rejects.descriptor()))
    return fail_usage("--errors: that is the file to import");
  const std::optional<Options> options = session != nullptr ? session->db.options() : read_options(common);
  if (!options) return kUsage;
  const size_t most = most_record_bytes(largest_entry_bytes(options->memory_bytes));
  const auto reader = make_reader(*choice, *source, std::max(most, InputBuffer::kMostBytes));
  if (const Step step = reader->begin(); step != Step::kEntry) return fail_begin(step, *reader, *source, name);
  if (arguments.keyspace && reader->keyspaces() > 1)
    return fail_usage("--keyspace: the dump has " + std::to_string(reader->keyspaces()) +
                      " keyspaces; without it each goes where it came from");
  const Input input{.name = name, .source = *source, .reader = *reader, .rejects = rejects};
  if (session != nullptr) return fill(*session, Opened::kBefore, common, arguments, input);
  CommonOptions here = common;
  if (choice->format == TransferFormat::kDump)
    here.keyspace = CommonOptions{}.keyspace;  // the dump says how to make it
  const Opened opened = has_database(common.database) ? Opened::kForThis : Opened::kAndMadeForThis;
  int exit_code = kSuccess;
  auto own = open_session(here, OpenMode::kCreateIfMissing, &exit_code);
  return own ? fill(*own, opened, common, arguments, input) : exit_code;
}

}  // namespace

int run_import(const CommonOptions& common, const ImportArguments& arguments) {
  CommonOptions here = common;
  if (arguments.keyspace) here.keyspace = *arguments.keyspace;
  const Interrupt interrupt;
  const int exit_code = import_entries(nullptr, here, arguments, interrupt);
  if (interrupt.noted() && exit_code == kFailure) interrupt.end_process();
  return exit_code;
}

int import_file(Session& session, const CommonOptions& common, const ImportArguments& arguments) {
  const Interrupt interrupt;
  if (!arguments.keyspace) return import_entries(&session, common, arguments, interrupt);
  auto keyspace = session.db.keyspace(*arguments.keyspace);
  if (!keyspace) return fail("keyspace " + *arguments.keyspace, keyspace.error());
  const Keyspace before = session.keyspace;
  session.keyspace = *std::move(keyspace);
  const int exit_code = import_entries(&session, common, arguments, interrupt);
  session.keyspace = before;
  return exit_code;
}

}  // namespace nacre::cli
