// get, put, del, scan, count, more.

#include <algorithm>

#include "cli/human.h"
#include "cli/range.h"
#include "cli/shell/catalogue.h"
#include "cli/shell/page.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

constexpr uint64_t kPage = 100;

void print(const ShellState& state, Bytes text) { std::fwrite(text.data(), 1, text.size(), state.out()); }

// ---- one key

Result<std::optional<std::string>> read_key(ShellState& state, const std::string& key) {
  if (state.transaction) return state.transaction->get(state.session.keyspace, key);
  const auto value = state.session.keyspace.get(key, state.snapshot);
  if (!value) return value.error();
  if (!*value) return std::optional<std::string>();
  return std::optional<std::string>((*value)->to_string());
}

Outcome get(ShellState& state, const Call& call) {
  Outcome outcome;
  for (const Word& word : call.arguments) {
    const auto value = read_key(state, word.text);
    if (!value) return failed(value.error());
    if (!*value) {
      outcome.code = kNotFound;
      outcome.words += (outcome.words.empty() ? "no such key: " : ", ") + as_word(word.text);
    } else {
      const EntryStyle style = state.style();
      print(state,
            call.arguments.size() == 1 ? value_line(style, word.text, **value) : entry_line(style, word.text, **value));
    }
  }
  return outcome;
}

Outcome put(ShellState& state, const Call& call) {
  const Keyspace& keyspace = state.session.keyspace;
  Result<void> done;
  if (state.batch) {
    state.batch->put(keyspace, call.argument(0), call.argument(1));
  } else if (state.transaction) {
    done = state.transaction->put(keyspace, call.argument(0), call.argument(1));
  } else {
    done = keyspace.put(call.argument(0), call.argument(1), state.common.write_options());
  }
  return done ? Outcome() : failed(done.error());
}

// ---- ranges

ScanOptions bounds_of(const ShellState& state, const Call& call) {
  return {.prefix = call.value("prefix"),
          .from = call.value("from"),
          .to = call.value("to"),
          .reverse = call.has("reverse"),
          .snapshot = state.snapshot};
}

Outcome del_range(ShellState& state, const Call& call) {
  if (state.transaction) return wrong_usage("a transaction erases single keys only: commit it, or roll it back, first");
  ScanOptions bounds = bounds_of(state, call);
  bounds.snapshot = {};  // what is there now is erased
  const auto span = span_of(state.session.keyspace, bounds);
  if (!span) return failed(span.error());
  if (!*span) return {.code = kNotFound, .words = "no key lies there"};
  Outcome refusal;
  if (!state.may("Erase " + in_words(**span) + "?", call.has("yes"), &refusal)) return refusal;
  if (state.batch) {
    add_erasure(*state.batch, state.session.keyspace, **span);
    return {};
  }
  Batch batch;
  add_erasure(batch, state.session.keyspace, **span);
  const auto written = state.session.db.write(batch, state.common.write_options());
  return written ? Outcome() : failed(written.error());
}

// Whether there is something to erase: now, whatever a snapshot shows.
Result<bool> is_there(ShellState& state, const std::string& key) {
  if (!state.transaction) return state.session.keyspace.contains(key);
  const auto value = state.transaction->get(state.session.keyspace, key);
  if (!value) return value.error();
  return value->has_value();
}

Outcome del(ShellState& state, const Call& call) {
  const bool range = call.has("prefix") || call.has("from") || call.has("to");
  if (range && !call.arguments.empty())
    return wrong_usage("del takes keys or a range, not both", call.arguments[0].column);
  if (range) return del_range(state, call);
  if (call.arguments.empty()) return wrong_usage("del needs a key, or a range: --prefix, --from, --to");
  const Keyspace& keyspace = state.session.keyspace;
  Outcome outcome;
  for (const Word& word : call.arguments) {
    if (state.batch) {
      state.batch->erase(keyspace, word.text);
      continue;
    }
    const auto present = is_there(state, word.text);
    if (!present) return failed(present.error());
    if (!*present) {
      outcome.code = kNotFound;
      outcome.words += (outcome.words.empty() ? "no such key: " : ", ") + as_word(word.text);
      continue;
    }
    const auto erased = state.transaction ? state.transaction->erase(keyspace, word.text)
                                          : keyspace.erase(word.text, state.common.write_options());
    if (!erased) return failed(erased.error());
  }
  return outcome;
}

// The first key behind all that begin with `prefix`; nothing if no key lies there.
std::optional<std::string> behind_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

// Calls `visit(key, value)` for the entries that the shell sees, until it says false. A transaction reads the whole range at once.
template <class F>
Result<void> visit_entries(ShellState& state, const ScanOptions& options, F visit) {
  if (!state.transaction) {
    Scan scan = state.session.keyspace.scan(options);
    for (const auto& [key, value] : scan) {
      if (state.stopped() || !visit(key, value)) break;
    }
    return scan.status();
  }
  const std::string prefix = options.prefix.value_or("");
  const std::string from = std::max(prefix, options.from.value_or(""));
  std::string to = behind_prefix(prefix).value_or(std::string(kMaxKeyBytes, '\xff'));
  if (options.to) to = std::min(to, *options.to);
  if (from >= to) return {};
  auto entries = state.transaction->read_range(state.session.keyspace, from, to);
  if (!entries) return entries.error();
  if (options.reverse) std::ranges::reverse(*entries);
  uint64_t left = options.limit;
  for (const auto& [key, value] : *entries) {
    if (left-- == 0 || state.stopped() || !visit(key, value)) break;
  }
  return {};
}

// ---- scan

// Prints a page; keeps in state.rest what is left.
Outcome show(ShellState& state, ScanRequest request) {
  EntryStyle style = state.style();
  style.parts = request.parts;
  const bool cut =
      style.terminal && !request.full && style.form != EntryForm::kJson && style.parts == EntryParts::kBoth;
  Page page(state.out(), state.columns());
  state.rest.reset();
  uint64_t shown_entries = 0;
  std::string last;
  const auto status = visit_entries(state, request.options, [&](Bytes key, Bytes value) {
    if (shown_entries == request.page) {
      state.rest = request;
      // Reverse: what lies before the last one that was shown.
      if (request.options.reverse) {
        state.rest->options.to = last;
      } else {
        state.rest->options.from = std::string(key);
      }
      return false;
    }
    if (cut) {
      page.add(shown(style, key), shown(style, value), value.size());
    } else {
      print(state, entry_line(style, key, value));
    }
    shown_entries++;
    if (shown_entries == request.page) last = key;
    return !has_failed(state.out());
  });
  page.flush();
  if (!status) return failed(status.error());
  if (state.stopped()) return {.code = kFailure, .words = "stopped by Ctrl-C"};
  if (state.rest) {
    if (request.options.limit != UINT64_MAX) state.rest->options.limit -= shown_entries;
    state.note(human_count(shown_entries) +
               " shown, and there is more: \"more\" goes on, scan --limit N shows N at once");
  }
  return {};
}

Outcome scan(ShellState& state, const Call& call) {
  ScanRequest request{.options = bounds_of(state, call), .full = call.has("full")};
  if (call.has("keys") && call.has("values")) return wrong_usage("--keys and --values leave nothing to show");
  if (call.has("keys")) request.parts = EntryParts::kKeys;
  if (call.has("values")) request.parts = EntryParts::kValues;
  if (const auto limit = call.options.find("limit"); limit != call.options.end()) {
    Outcome wrong;
    request.options.limit = count_of(limit->second, &wrong);
    if (wrong.code != kSuccess) return wrong;
  } else if (state.manner.interactive && state.out() == state.manner.out) {
    request.page = kPage;
  }
  return show(state, std::move(request));
}

Outcome more(ShellState& state, const Call&) {
  if (!state.rest) return wrong_usage("there is no scan to go on with: the last one came to its end");
  return show(state, *state.rest);
}

Outcome count(ShellState& state, const Call& call) {
  uint64_t entries = 0;
  const auto status = visit_entries(state, bounds_of(state, call), [&entries](Bytes, Bytes) {
    entries++;
    return true;
  });
  if (!status) return failed(status.error());
  if (state.stopped()) return {.code = kFailure, .words = "stopped by Ctrl-C at " + human_count(entries) + " entries"};
  std::fprintf(state.out(), state.common.json ? "{\"count\":%llu}\n" : "%llu\n",
               static_cast<unsigned long long>(entries));
  return {};
}

std::vector<CommandOption> with_bounds(std::vector<CommandOption> others) {
  std::vector<CommandOption> options = {{"prefix", WordKind::kKey}, {"from", WordKind::kKey}, {"to", WordKind::kKey}};
  options.insert(options.end(), others.begin(), others.end());
  return options;
}

constexpr const char* kBoundsWords =
    "--prefix P: only keys that begin with P. --from A: only keys at or after A. --to B: only keys before B.";

}  // namespace

std::vector<Command> data_words() {
  constexpr size_t kAny = 1'000'000;
  const std::string bounds = kBoundsWords;
  return {
      {.name = "get",
       .usage = "KEY...",
       .summary = "print values",
       .details = "One key: its value alone. Several: those that are there, as scan prints them.",
       .least = 1,
       .most = kAny,
       .argument = WordKind::kKey,
       .run = get},
      {.name = "put",
       .usage = "KEY VALUE",
       .summary = "store a value",
       .details = "Words with blanks or other bytes go in quotes: \"a b\\n\\xff\" with escapes, 'a b' as it is.",
       .least = 2,
       .most = 2,
       .argument = WordKind::kKey,
       .writes = true,
       .run = put},
      {.name = "del",
       .usage = "KEY... | --prefix P | --from A --to B [--yes]",
       .summary = "erase keys, or a range",
       .details = bounds + " A range asks first; --yes: do not ask.",
       .most = kAny,
       .argument = WordKind::kKey,
       .options = with_bounds({{"yes"}}),
       .writes = true,
       .run = del},
      {.name = "scan",
       .usage = "[--prefix P] [--from A] [--to B] [--limit N] [--reverse] [--keys|--values] [--full]",
       .summary = "print entries in key order",
       .details = bounds + " --reverse: from the last key to the first. --full: long values are not cut to the "
                           "terminal. The dashes may be left out: scan prefix user: limit 10",
       .options = with_bounds({{"limit", WordKind::kNumber}, {"reverse"}, {"keys"}, {"values"}, {"full"}}),
       .stoppable = true,
       .run = scan},
      {.name = "more", .summary = "go on with the last scan", .stoppable = true, .run = more},
      {.name = "count",
       .usage = "[--prefix P] [--from A] [--to B]",
       .summary = "count entries",
       .details = bounds,
       .options = with_bounds({}),
       .stoppable = true,
       .run = count},
  };
}

}  // namespace nacre::cli
