// use; begin, commit, rollback; batch, write, discard; snapshot, release.

#include <algorithm>

#include "cli/human.h"
#include "cli/nearest.h"
#include "cli/shell/catalogue.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

// What is open and in the way of opening something else.
Outcome in_the_way(const ShellState& state) {
  if (state.transaction) return wrong_usage("a transaction is open: commit or rollback first");
  if (state.batch) return wrong_usage("a batch is open: write or discard it first");
  if (state.snapshot.valid()) return wrong_usage("a snapshot is held: release it first");
  return {};
}

Outcome use(ShellState& state, const Call& call) {
  const std::vector<std::string> names = state.session.db.keyspaces();
  if (std::ranges::find(names, call.argument(0)) == names.end()) {
    return {.code = kNotFound,
            .words = "there is no keyspace \"" + call.argument(0) + "\"" + did_you_mean(call.argument(0), names) +
                     " (keyspaces lists them, create NAME makes one)",
            .column = call.arguments[0].column};
  }
  auto keyspace = state.session.db.keyspace(call.argument(0));
  if (!keyspace) return failed(keyspace.error());
  state.session.keyspace = *std::move(keyspace);
  state.rest.reset();
  return {};
}

Outcome begin(ShellState& state, const Call&) {
  if (Outcome other = in_the_way(state); other.code != kSuccess) return other;
  state.transaction.emplace(state.session.db.begin());
  state.rest.reset();
  return {};
}

Outcome commit(ShellState& state, const Call&) {
  if (!state.transaction) return wrong_usage("there is no transaction: begin opens one");
  const auto committed = state.transaction->commit(state.common.write_options());
  state.transaction.reset();
  return committed ? Outcome() : failed(committed.error());
}

Outcome rollback(ShellState& state, const Call&) {
  if (!state.transaction) return wrong_usage("there is no transaction: begin opens one");
  state.transaction.reset();
  return {};
}

Outcome batch(ShellState& state, const Call&) {
  if (Outcome other = in_the_way(state); other.code != kSuccess) return other;
  state.batch.emplace();
  state.note("put and del are gathered until write; reads do not see them before");
  return {};
}

Outcome write(ShellState& state, const Call&) {
  if (!state.batch) return wrong_usage("there is no batch: batch opens one");
  const auto written = state.session.db.write(*state.batch, state.common.write_options());
  if (!written) return failed(written.error());  // the batch stays open: it may be tried again, or discarded
  state.note(human_count(state.batch->count()) + " changes written");
  state.batch.reset();
  return {};
}

Outcome discard(ShellState& state, const Call&) {
  if (!state.batch) return wrong_usage("there is no batch: batch opens one");
  state.batch.reset();
  return {};
}

Outcome snapshot(ShellState& state, const Call&) {
  if (Outcome other = in_the_way(state); other.code != kSuccess) return other;
  state.snapshot = state.session.db.snapshot();
  state.rest.reset();
  return {};
}

Outcome release(ShellState& state, const Call&) {
  if (!state.snapshot.valid()) return wrong_usage("there is no snapshot: snapshot takes one");
  state.snapshot = {};
  state.rest.reset();
  return {};
}

}  // namespace

std::vector<Command> view_words() {
  return {
      {.name = "use",
       .usage = "KEYSPACE",
       .summary = "work on another keyspace",
       .least = 1,
       .most = 1,
       .argument = WordKind::kKeyspace,
       .run = use},
      {.name = "begin",
       .summary = "open a transaction",
       .details = "get, put, del and scan go through it until commit or rollback: reads see one moment and its own "
                  "writes, others see nothing before commit. A scan inside it reads the whole range into memory.",
       .writes = true,
       .run = begin},
      {.name = "commit", .summary = "make a transaction real", .writes = true, .run = commit},
      {.name = "rollback", .summary = "forget a transaction", .writes = true, .run = rollback},
      {.name = "batch",
       .summary = "gather changes",
       .details = "put and del are gathered, in any keyspaces, and go in together with write: all of them or none.",
       .writes = true,
       .run = batch},
      {.name = "write", .summary = "write the batch", .writes = true, .run = write},
      {.name = "discard", .summary = "drop the batch", .writes = true, .run = discard},
      {.name = "snapshot",
       .summary = "hold a fixed view for reads",
       .details = "get, scan and count see the database as it is now, whatever is written, until release.",
       .run = snapshot},
      {.name = "release", .summary = "let go of the view", .run = release},
  };
}

}  // namespace nacre::cli
