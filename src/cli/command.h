// What every command of the tool shares: its common options, its exit codes, its way to say what went wrong.
//
// Exit codes: 0 success, 1 not found, 2 wrong usage, 3 failure. Data goes to standard output, words about it to standard
// error.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "nacre/nacre.h"

namespace nacre::cli {

enum ExitCode : int { kSuccess = 0, kNotFound = 1, kUsage = 2, kFailure = 3 };

struct CommonOptions {
  std::string database;
  std::string options_file;  // empty: none
  std::string keyspace = "default";
  bool all_keyspaces = true;  // of stats: none was named
  std::string durability;     // empty: what the options say
  bool json = false;
  bool hex = false;
  std::string log_format = "text";
  bool verbose = false;  // events go to standard error
  bool escaped = false;  // keys and values on the command line use the escapes of the TSV format

  WriteOptions write_options() const;
};

// An open database and the keyspace that the command works on.
struct Session {
  Db db;
  Keyspace keyspace;
};

// What the file of options says, or the defaults. On failure prints why and returns nothing.
std::optional<Options> read_options(const CommonOptions& common);

// Where the events of its database go: LOG in the format that was asked for, and standard error.
Runtime runtime_of(const CommonOptions& common);

// Opens what `common` names, with its options; of these `mode` counts, unless it is to create and the file says how. On failure prints why and returns nothing; `exit_code` then says how to end, and `why`, if not
// null, has the error.
std::optional<Session> open_session(const CommonOptions& common, OpenMode mode, int* exit_code, Error* why = nullptr);

// What the key and the value of an entry may have together in a database with so much memory: a batch may take a quarter of it, and
// the entry's encoding takes some of that.
constexpr uint64_t largest_entry_bytes(uint64_t memory_bytes) { return memory_bytes / 4 - 64; }

// Whether a database lies in that directory; so it seems, no file is read.
bool has_database(const std::string& directory);

// How a command ends that met `error`.
int exit_code_of(const Error& error);
// Prints "nacre: <what>: <error>" and returns the exit code for it.
int fail(const std::string& what, const Error& error);
int fail_usage(const std::string& words);

// What a command ends with: `exit_code`, or a failure, with words, if what it printed did not get out.
int finish_output(int exit_code);
// Words were said already.
void output_failure_is_told();

// Closes the session; a command that wrote has succeeded only if this has.
int finish(Session& session, int exit_code);

// An argument of the command line as bytes: as it is, or unescaped. Nothing after a usage error was printed.
std::optional<std::string> argument_bytes(const CommonOptions& common, const std::string& text);

// Asks on the terminal, `question` with what is stored made visible (terminal.h); false unless the answer begins with y. Without a terminal nobody is asked, and words say that --yes is needed.
bool confirmed(const std::string& question);

struct ScanArguments {
  std::optional<std::string> prefix;
  std::optional<std::string> from;
  std::optional<std::string> to;
  bool reverse = false;
  uint64_t limit = UINT64_MAX;
  bool count = false;
  bool keys_only = false;
  bool values_only = false;
};

struct PutArguments {
  std::string key;
  std::optional<std::string> value;  // "-": standard input
  std::optional<std::string> value_file;
};

struct DelArguments {
  ScanArguments bounds;  // prefix, from and to
  bool yes = false;
};

struct KeyspacesArguments {
  std::string action = "list";
  std::string name;
  std::optional<std::string> compression;
  std::optional<std::string> bottom_compression;
  std::optional<std::string> shape;
  std::optional<uint64_t> filter_bits;
  std::optional<uint64_t> block_bytes;
  bool yes = false;
};

struct ShellArguments {
  std::vector<std::string> commands;
  std::optional<std::string> file;
  bool keep_going = false;
  bool read_only = false;
};

struct BenchArguments {
  uint64_t entries = 500'000;
  uint64_t value_bytes = 100;
};

struct DumpArguments {
  bool keys = false;
  bool values = false;
  std::optional<uint64_t> block;
};

struct RepairArguments {
  std::string into;
  bool log_past_damage = false;
};

struct TopArguments {
  bool once = false;
  std::optional<uint64_t> count;
};

// The bounds as bytes. Nothing after a usage error was printed.
std::optional<ScanOptions> scan_options(const CommonOptions& common, const ScanArguments& arguments);

int run_put(const CommonOptions& common, const PutArguments& arguments);
int run_get(const CommonOptions& common, const std::vector<std::string>& keys);
int run_del(const CommonOptions& common, const std::vector<std::string>& keys, const DelArguments& arguments);
int run_scan(const CommonOptions& common, const ScanArguments& arguments);
int run_keyspaces(const CommonOptions& common, const KeyspacesArguments& arguments);
int run_stats(const CommonOptions& common);
int run_top(const CommonOptions& common, const TopArguments& arguments);
int run_serve_metrics(const CommonOptions& common, const std::string& listen);
int run_check(const CommonOptions& common);
int run_flush(const CommonOptions& common);
int run_compact(const CommonOptions& common);
int run_options(const CommonOptions& common);
int run_dump(const CommonOptions& common, const DumpArguments& arguments);
int run_repair(const CommonOptions& common, const RepairArguments& arguments);
int run_shell(const CommonOptions& common, const ShellArguments& arguments);
int run_bench(const CommonOptions& common, const BenchArguments& arguments);

// The same inside an open session, which they leave open.
void print_stats(std::FILE* out, const CommonOptions& common, Session& session);
int check_session(std::FILE* out, const CommonOptions& common, Session& session);

}  // namespace nacre::cli
