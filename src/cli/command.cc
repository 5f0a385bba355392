#include "cli/command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

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
  // A file of the database that is gone is no answer to "is it there?".
  const bool named_by_user = error.file_kind == FileKind::kNone || error.file_kind == FileKind::kDirectory;
  return error.kind == ErrorKind::kNotFound && named_by_user ? kNotFound : kFailure;
}

int finish_output(int exit_code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  std::fprintf(stderr, "nacre: standard output: writing failed; what is there is not complete: %s\n",
               std::strerror(errno));
  return kFailure;
}

int fail_usage(const std::string& words) {
  std::fprintf(stderr, "nacre: %s\n", words.c_str());
  return kUsage;
}

namespace {

// Says on standard error what an open dropped.
class TornTails : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.kind != EventKind::kTornTail) return;
    std::fprintf(
        stderr,
        "nacre: warning: the log is whole up to byte %llu of %06llu.wal; %llu bytes behind it, with %llu whole "
        "records, were never acknowledged as durable and are left out\n",
        static_cast<unsigned long long>(event.offset), static_cast<unsigned long long>(event.file_number),
        static_cast<unsigned long long>(event.bytes_in), static_cast<unsigned long long>(event.entries));
  }
};

}  // namespace

std::optional<Session> open_session(const CommonOptions& common, OpenMode mode, int* exit_code, Error* why) {
  Options options;
  options.mode = mode;
  Runtime runtime = Runtime::standard();
  runtime.events = std::make_shared<TornTails>();
  auto db = Db::open(common.database, options, runtime);
  if (!db) {
    if (why != nullptr) *why = db.error();
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
