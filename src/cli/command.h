// What every command of the tool shares: its common options, its exit codes, its way to say what went wrong.
//
// Exit codes: 0 success, 1 not found, 2 wrong usage, 3 failure. Data goes to standard output, words about it to standard
// error.
#pragma once

#include <optional>
#include <string>

#include "nacre/nacre.h"

namespace nacre::cli {

enum ExitCode : int { kSuccess = 0, kNotFound = 1, kUsage = 2, kFailure = 3 };

struct CommonOptions {
  std::string database;
  std::string keyspace = "default";
  bool all_keyspaces = true;  // of stats: none was named
  std::string durability = "os";
  bool json = false;
  bool escaped = false;  // keys and values on the command line use the escapes of the TSV format

  WriteOptions write_options() const;
};

// An open database and the keyspace that the command works on.
struct Session {
  Db db;
  Keyspace keyspace;
};

// Opens what `common` names. On failure prints why and returns nothing; `exit_code` then says how to end, and `why`, if not
// null, has the error.
std::optional<Session> open_session(const CommonOptions& common, OpenMode mode, int* exit_code, Error* why = nullptr);

// Prints "nacre: <what>: <error>" and returns the exit code for it.
int fail(const std::string& what, const Error& error);
int fail_usage(const std::string& words);

// What a command ends with: `exit_code`, or a failure if what it printed did not get out.
int finish_output(int exit_code);

// Closes the session; a command that wrote has succeeded only if this has.
int finish(Session& session, int exit_code);

// An argument of the command line as bytes: as it is, or unescaped. Nothing after a usage error was printed.
std::optional<std::string> argument_bytes(const CommonOptions& common, const std::string& text);

struct ScanArguments {
  std::optional<std::string> prefix;
  std::optional<std::string> from;
  std::optional<std::string> to;
  bool reverse = false;
  uint64_t limit = UINT64_MAX;
};

// The bounds as bytes. Nothing after a usage error was printed.
std::optional<ScanOptions> scan_options(const CommonOptions& common, const ScanArguments& arguments);

int run_put(const CommonOptions& common, const std::string& key, const std::string& value);
int run_get(const CommonOptions& common, const std::string& key);
int run_del(const CommonOptions& common, const std::string& key);
int run_scan(const CommonOptions& common, const ScanArguments& arguments);
int run_stats(const CommonOptions& common);
int run_check(const CommonOptions& common);
int run_compact(const CommonOptions& common);

}  // namespace nacre::cli
