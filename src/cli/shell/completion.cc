#include "cli/shell/completion.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "cli/json.h"
#include "cli/shell/catalogue.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

constexpr size_t kMostShown = 40;
constexpr size_t kMostKeys = 16;  // offered whole; more are offered by their next character
constexpr auto kMostTime = std::chrono::milliseconds(100);

// What a word could become. `whole`: a unique candidate ends its word.
struct Candidates {
  std::vector<std::string> texts;
  std::string shared;  // beginning of them all
  bool whole = true;
  bool more = false;  // than were looked at
};

std::string shared_beginning(const std::string& a, Bytes b) {
  return a.substr(0, static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin()));
}

Candidates among(const std::vector<std::string>& known, const std::string& typed) {
  Candidates found;
  for (const std::string& name : known) {
    if (!name.starts_with(typed)) continue;
    found.shared = found.texts.empty() ? name : shared_beginning(found.shared, name);
    found.texts.push_back(name);
  }
  return found;
}

// Bytes of the character that begins at `at`, one if it is no character of UTF-8.
size_t character_bytes(Bytes text, size_t at) {
  const auto first = static_cast<uint8_t>(text[at]);
  const size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return is_utf8(text.substr(at, length)) ? length : 1;
}

// The beginnings shared + next character of all keys below `shared`, each found by one seek.
void next_characters(Cursor& cursor, Candidates& found) {
  const auto end = std::chrono::steady_clock::now() + kMostTime;
  found.texts.clear();
  found.whole = false;
  cursor.seek_first();
  while (cursor.valid()) {
    if (found.texts.size() == kMostShown || std::chrono::steady_clock::now() > end) {
      found.more = true;
      return;
    }
    const size_t length = found.shared.size();
    if (cursor.key().size() == length) {
      found.texts.push_back(found.shared);
      cursor.next();
      continue;
    }
    const std::string beginning(cursor.key().substr(0, length + character_bytes(cursor.key(), length)));
    found.texts.push_back(beginning);
    std::string behind = beginning;
    while (!behind.empty() && behind.back() == '\xff') behind.pop_back();
    if (behind.size() <= length) return;
    behind.back() = static_cast<char>(static_cast<uint8_t>(behind.back()) + 1);
    cursor.seek(behind);
  }
}

Candidates keys(const ShellState& state, const std::string& typed) {
  Candidates found;
  Cursor cursor = state.session.keyspace.cursor({.prefix = typed, .snapshot = state.snapshot});
  cursor.seek_last();
  if (!cursor.valid()) return found;
  const std::string last(cursor.key());
  cursor.seek_first();
  if (!cursor.valid()) return found;
  found.shared = shared_beginning(last, cursor.key());
  for (; cursor.valid() && found.texts.size() <= kMostKeys; cursor.next()) found.texts.emplace_back(cursor.key());
  if (found.texts.size() > kMostKeys) next_characters(cursor, found);
  return found;
}

Candidates files(const std::string& typed) {
  const size_t slash = typed.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : typed.substr(0, slash + 1);
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder.empty() ? "." : folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') && !typed.substr(folder.size()).starts_with('.')) continue;
    names.push_back(folder + name + (entry->is_directory(error) ? "/" : ""));
  }
  std::ranges::sort(names);
  Candidates found = among(names, typed);
  if (found.texts.size() == 1 && found.shared.ends_with('/')) found.whole = false;
  return found;
}

Candidates of_kind(const ShellState& state, WordKind kind, const std::vector<std::string>& choices,
                   const std::string& typed) {
  switch (kind) {
    case WordKind::kKey: return keys(state, typed);
    case WordKind::kKeyspace: return among(state.session.db.keyspaces(), typed);
    case WordKind::kFile: return files(typed);
    case WordKind::kCommand: return among(command_names(), typed);
    case WordKind::kChoice: return among(choices, typed);
    case WordKind::kNothing:
    case WordKind::kValue:
    case WordKind::kNumber: break;
  }
  return {};
}

// What the command expects where `typed` stands.
Candidates expected(const ShellState& state, const Command& command, const TypedLine& typed) {
  size_t arguments = 0;
  const CommandOption* open = nullptr;  // whose value comes next
  for (size_t i = 1; i < typed.before.size(); i++) {
    const Word& word = typed.before[i];
    if (open != nullptr) {
      open = nullptr;
      continue;
    }
    const std::string name = word.text.starts_with("--") ? word.text.substr(2) : word.text;
    const auto option = std::ranges::find(command.options, name, &CommandOption::name);
    const bool is_option = !word.quoted && option != command.options.end() && (word.text != name || command.most == 0);
    if (is_option && option->value != WordKind::kNothing) open = &*option;
    if (!is_option) arguments++;
  }
  if (open != nullptr) return of_kind(state, open->value, open->choices, typed.text);
  if (!typed.quoted && (typed.text.starts_with('-') || command.most == 0)) {
    std::vector<std::string> options;
    const bool dashed = typed.text.starts_with('-');
    for (const CommandOption& option : command.options) options.push_back((dashed ? "--" : "") + option.name);
    return among(options, typed.text);
  }
  const bool value_of_put = command.name == "put" && arguments == 1;
  if (arguments >= command.most || value_of_put) return {};
  return of_kind(state, command.argument, command.choices, typed.text);
}

}  // namespace

Completion complete(const ShellState& state, Bytes line) {
  const auto typed = split_typed(line);
  if (!typed) return {.begin = line.size()};
  Completion completion{.begin = typed->begin, .text = std::string(line.substr(typed->begin))};
  Candidates found;
  if (typed->before.empty()) {
    found = among(command_names(), typed->text);
  } else if (const Command* command = find_command(typed->before[0].text)) {
    found = expected(state, *command, *typed);
  }
  if (found.texts.empty()) return completion;
  const bool unique = found.texts.size() == 1;
  const bool dashed = found.shared.starts_with("--") && !typed->quoted;
  if (unique && found.whole) {
    completion.text = (dashed ? found.shared : as_word(found.shared)) + " ";
    return completion;
  }
  if (found.shared.size() > typed->text.size()) completion.text = dashed ? found.shared : as_word(found.shared, true);
  for (const std::string& text : found.texts) {
    if (unique) break;
    if (completion.shown.size() == kMostShown) {
      found.more = true;
      break;
    }
    const bool begins_only = !found.whole && text.size() > found.shared.size();
    completion.shown.push_back((dashed ? text : visible(text)) + (begins_only ? "..." : ""));
  }
  if (found.more) completion.shown.emplace_back("...");
  return completion;
}

}  // namespace nacre::cli
