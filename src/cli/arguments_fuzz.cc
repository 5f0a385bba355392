// The tool's command line: any words are wrong usage or one command with what was asked for; nothing else happens. The commands are
// replaced by ones that look at their arguments, and main.cc is compiled with its main() under another name (fuzz/CMakeLists.txt).

#include <cstring>
#include <iostream>
#include <sstream>

#include "base/fuzzing.h"
#include "cli/command.h"
#include "cli/transfer.h"

int nacre_tool_main(int argc, char** argv);

namespace nacre::cli {
namespace {

struct Called {
  int commands = 0;
  CommonOptions common;
  ScanArguments scan;
};
Called called;

int note(const CommonOptions& common) {
  called.commands++;
  called.common = common;
  NACRE_CHECK(common.durability.empty() || common.durability == "memory" || common.durability == "os" ||
              common.durability == "disk");
  return kSuccess;
}

}  // namespace

int run_put(const CommonOptions& common, const PutArguments&) { return note(common); }
int run_get(const CommonOptions& common, const std::vector<std::string>& keys) {
  NACRE_CHECK(!keys.empty());
  return note(common);
}
int run_del(const CommonOptions& common, const std::vector<std::string>&, const DelArguments&) { return note(common); }
int run_scan(const CommonOptions& common, const ScanArguments& arguments) {
  called.scan = arguments;
  NACRE_CHECK(arguments.count + arguments.keys_only + arguments.values_only <= 1);
  return note(common);
}
int run_keyspaces(const CommonOptions& common, const KeyspacesArguments& arguments) {
  NACRE_CHECK(arguments.action == "list" || arguments.action == "create" || arguments.action == "drop");
  return note(common);
}
int run_stats(const CommonOptions& common) { return note(common); }
int run_check(const CommonOptions& common) { return note(common); }
int run_flush(const CommonOptions& common) { return note(common); }
int run_compact(const CommonOptions& common) { return note(common); }
int run_options(const CommonOptions& common) { return note(common); }
int run_import(const CommonOptions& common, const ImportArguments& arguments) {
  NACRE_CHECK(arguments.format.empty() || format_named(arguments.format));
  NACRE_CHECK(arguments.encoding.empty() || encoding_named(arguments.encoding));
  NACRE_CHECK(arguments.on_error == "stop" || arguments.on_error == "skip");
  return note(common);
}
int run_export(const CommonOptions& common, const ExportArguments& arguments) {
  NACRE_CHECK(arguments.format.empty() || format_named(arguments.format));
  NACRE_CHECK(arguments.encoding.empty() || encoding_named(arguments.encoding));
  called.scan = arguments.scan;
  return note(common);
}
int run_shell(const CommonOptions& common, const ShellArguments& arguments) {
  NACRE_CHECK(arguments.commands.empty() || !arguments.file);
  return note(common);
}
int run_bench(const CommonOptions& common, const BenchArguments&) { return note(common); }
int run_top(const CommonOptions& common, const TopArguments&) { return note(common); }
int run_serve_metrics(const CommonOptions& common, const std::string&) { return note(common); }
int run_dump(const CommonOptions& common, const DumpArguments&) { return note(common); }
int run_repair(const CommonOptions& common, const RepairArguments&) { return note(common); }
int finish_output(int exit_code) { return exit_code; }

namespace {

// Silences what is printed for a person while it lives.
class Silence {
 public:
  Silence() : out_(std::cout.rdbuf(text_.rdbuf())), error_(std::cerr.rdbuf(text_.rdbuf())) {}
  ~Silence() {
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(error_);
  }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* out_;
  std::streambuf* error_;
};

// A line is a word.
void run(Bytes bytes) {
  std::vector<std::string> words = {"nacre"};
  for (size_t begin = 0; begin <= bytes.size() && words.size() < 20;) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size());
    words.emplace_back(bytes.substr(begin, end - begin));
    if (const size_t zero = words.back().find('\0'); zero != std::string::npos) words.back().resize(zero);
    begin = end + 1;
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  called = {};
  const Silence silence;
  const int code = nacre_tool_main(static_cast<int>(words.size()), arguments.data());
  NACRE_CHECK(code == kSuccess || code == kUsage);
  NACRE_CHECK(code == kUsage ? called.commands == 0 && !silence.text().empty() : called.commands <= 1);
  if (called.commands == 1 && called.scan.limit != UINT64_MAX) {
    const std::string limit = std::to_string(called.scan.limit);  // was one of the words
    NACRE_CHECK(std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return word.find(limit) != std::string::npos || word.find('0') != std::string::npos;
    }));
  }
}

std::vector<std::string> seeds() {
  return {"put\ndb\nkey\nvalue\n--durability\ndisk",
          "get\ndb\nkey\n--json\n--escaped",
          "del\ndb\nk\n--keyspace\nother",
          "scan\ndb\n--prefix\np\n--from\na\n--to\nz\n--reverse\n--limit\n10",
          "import\ndb\nfile\n--format\ncsv\n--no-header\n--encoding\nhex\n--on-error\nskip\n--errors\nf\n--skip-"
          "entries\n7\n--quiet",
          "export\ndb\n--format\ndump\n--all-keyspaces\n--force",
          "export\ndb\n-\n--from\na\n--limit\n5\n--header\n--keyspace\nk",
          "stats\ndb\n--keyspace\nk",
          "check\ndb\n--json",
          "compact\ndb\n--options\nfile.toml",
          "options",
          "top\ndb\n--count\n2",
          "serve-metrics\ndb\n--listen\n127.0.0.1:0",
          "dump\nfile\n--keys\n--block\n3",
          "repair\ndb\nnew\n--log-past-damage",
          "--help-all",
          "--version",
          "scan\ndb\n--limit\n-1",
          "scan\n--help",
          "put\ndb\nkey\n--value-file\nfile",
          "get\ndb\na\nb\n--hex",
          "del\ndb\n--prefix\np\n--yes",
          "scan\ndb\n--count\n--keys-only",
          "keyspaces\ndb\ncreate\nname\n--shape\ntiered\n--filter-bits\n8",
          "shell\ndb\n--command\nget k\n--command\nscan\n--read-only",
          "shell\ndb\n--file\n-\n--keep-going",
          "bench\n.\n--entries\n1000",
          "gte\ndb\nk"};
}

const fuzz::Registration kHere(
    {.name = "arguments", .run = run, .seeds = seeds, .heap_budget_bytes = uint64_t{8} << 20, .replay_mutations = 40});

}  // namespace
}  // namespace nacre::cli
