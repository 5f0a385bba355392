#include "cli/command.h"

#include <cstdio>

#include "cli/tsv.h"

namespace nacre::cli {

WriteOptions CommonOptions::write_options() const {
  if (durability == "disk") return {.durability = Durability::kDisk};
  if (durability == "memory") return {.durability = Durability::kMemory};
  return {.durability = Durability::kOs};
}

int fail(const std::string& what, const Error& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "nacre: %s: %s\n", what.c_str(), error.to_string().c_str());
  if (error.kind == ErrorKind::kInvalidArgument) return kUsage;
  return error.kind == ErrorKind::kNotFound ? kNotFound : kFailure;
}

int fail_usage(const std::string& words) {
  std::fprintf(stderr, "nacre: %s\n", words.c_str());
  return kUsage;
}

std::optional<Session> open_session(const CommonOptions& common, OpenMode mode, int* exit_code) {
  Options options;
  options.mode = mode;
  auto db = Db::open(common.database, options);
  if (!db) {
    *exit_code = fail(common.database, db.error());
    return std::nullopt;
  }
  auto keyspace = db->keyspace(common.keyspace);
  if (!keyspace) {
    *exit_code = fail("keyspace " + common.keyspace, keyspace.error());
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

}  // namespace nacre::cli
