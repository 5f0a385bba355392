// keyspaces, create, drop, stats, check, flush, compact, sync, import, export.

#include <algorithm>

#include "cli/keyspace_list.h"
#include "cli/nearest.h"
#include "cli/shell/catalogue.h"
#include "cli/terminal.h"
#include "cli/transfer.h"

namespace nacre::cli {

namespace {

Outcome done_or(const Result<void>& result) { return result ? Outcome() : failed(result.error()); }

Outcome keyspaces(ShellState& state, const Call&) {
  const auto lines = list_keyspaces(state.session.db);
  if (!lines) return failed(lines.error());
  print_keyspaces(state.out(), *lines, state.common.json, state.to_terminal());
  return {};
}

Outcome create(ShellState& state, const Call& call) {
  KeyspacesArguments choices{.compression = call.value("compression"),
                             .bottom_compression = call.value("bottom-compression"),
                             .shape = call.value("shape")};
  Outcome wrong;
  for (const auto& [name, number] :
       {std::pair("filter-bits", &choices.filter_bits), {"block-bytes", &choices.block_bytes}}) {
    if (const auto word = call.options.find(name); word != call.options.end()) *number = count_of(word->second, &wrong);
  }
  if (wrong.code != kSuccess) return wrong;
  std::string words;
  const KeyspaceOptions options = keyspace_options(choices, words);
  if (!words.empty()) return wrong_usage(words);
  const auto created = state.session.db.create_keyspace(call.argument(0), options);
  if (!created) return failed(created.error());
  state.note("use " + as_word(call.argument(0)) + " works on it");
  return {};
}

Outcome drop(ShellState& state, const Call& call) {
  const std::string& name = call.argument(0);
  if (state.transaction || state.batch) return wrong_usage("a transaction or a batch is open: end it first");
  const std::vector<std::string> names = state.session.db.keyspaces();
  if (std::ranges::find(names, name) == names.end()) {
    return {.code = kNotFound,
            .words = "there is no keyspace \"" + name + "\"" + did_you_mean(name, names),
            .column = call.arguments[0].column};
  }
  Outcome refusal;
  if (!state.may("Drop keyspace " + visible(name) + " with all that is in it?", call.has("yes"), &refusal))
    return refusal;
  const bool used = state.session.keyspace.name() == name;
  const auto dropped = state.session.db.drop_keyspace(name);
  if (!dropped) return failed(dropped.error());
  state.rest.reset();
  if (used) {
    state.session.keyspace = state.session.db.default_keyspace();
    state.note("back in keyspace default");
  }
  return {};
}

Outcome stats(ShellState& state, const Call&) {
  CommonOptions common = state.common;
  common.all_keyspaces = true;
  print_stats(state.out(), common, state.session);
  return {};
}

Outcome check(ShellState& state, const Call&) {
  return {.code = static_cast<ExitCode>(check_session(state.out(), state.common, state.session))};
}

Outcome flush(ShellState& state, const Call&) { return done_or(state.session.db.flush()); }
Outcome compact(ShellState& state, const Call&) { return done_or(state.session.db.compact()); }
Outcome sync(ShellState& state, const Call&) { return done_or(state.session.db.sync()); }

// These two say themselves what went wrong.
Outcome import_words(ShellState& state, const Call& call) {
  if (state.transaction || state.batch)
    return wrong_usage("import writes at once: end the transaction or the batch first");
  ImportArguments arguments;
  arguments.file = call.argument(0);
  return {.code = static_cast<ExitCode>(import_file(state.session, state.common, arguments))};
}

Outcome export_words(ShellState& state, const Call& call) {
  if (state.transaction || state.snapshot.valid())
    return wrong_usage("export writes what is there now: end the transaction or release the snapshot first");
  std::fflush(state.out());
  ExportArguments arguments;
  arguments.file = call.argument(0);
  return {.code = static_cast<ExitCode>(export_file(state.session, state.common, arguments))};
}

}  // namespace

std::vector<Command> admin_words() {
  const std::vector<std::string> compressions = {"none", "lz4", "zstd"};
  return {
      {.name = "keyspaces",
       .summary = "list keyspaces",
       .details = "~ marks a number of entries that is estimated.",
       .run = keyspaces},
      {.name = "create",
       .usage = "KEYSPACE [--compression C] [--bottom-compression C] [--shape S] [--filter-bits N] [--block-bytes N]",
       .summary = "make a keyspace",
       .details = "C: none, lz4 or zstd. S: lazy-leveled, leveled or tiered.",
       .least = 1,
       .most = 1,
       .options = {{"compression", WordKind::kChoice, compressions},
                   {"bottom-compression", WordKind::kChoice, compressions},
                   {"shape", WordKind::kChoice, {"lazy-leveled", "leveled", "tiered"}},
                   {"filter-bits", WordKind::kNumber},
                   {"block-bytes", WordKind::kNumber}},
       .writes = true,
       .run = create},
      {.name = "drop",
       .usage = "KEYSPACE [--yes]",
       .summary = "drop a keyspace and its data",
       .least = 1,
       .most = 1,
       .argument = WordKind::kKeyspace,
       .options = {{"yes"}},
       .writes = true,
       .run = drop},
      {.name = "stats", .summary = "show levels and sizes", .run = stats},
      {.name = "check", .summary = "verify all that is stored", .run = check},
      {.name = "flush", .summary = "write memory into tables", .writes = true, .run = flush},
      {.name = "compact", .summary = "rewrite all into one run", .writes = true, .run = compact},
      {.name = "sync", .summary = "let writes survive a power cut", .writes = true, .run = sync},
      {.name = "import",
       .usage = "FILE",
       .summary = "store entries of a file",
       .least = 1,
       .most = 1,
       .argument = WordKind::kFile,
       .writes = true,
       .run = import_words},
      {.name = "export",
       .usage = "FILE",
       .summary = "write entries to a file",
       .least = 1,
       .most = 1,
       .argument = WordKind::kFile,
       .run = export_words},
  };
}

}  // namespace nacre::cli
