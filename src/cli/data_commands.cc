// put, get, del, scan.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "cli/command.h"
#include "cli/entry_text.h"
#include "cli/human.h"
#include "cli/range.h"
#include "cli/terminal.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

void print(Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

EntryStyle style_of(const CommonOptions& common) {
  return {.form = common.json  ? EntryForm::kJson
                  : common.hex ? EntryForm::kHex
                               : EntryForm::kText,
          .json_hex = common.hex,
          .terminal = is_terminal(stdout)};
}

// All that `file` has; nothing after words about what went wrong. What no database with so much memory can hold is not read to its end.
std::optional<std::string> read_value(std::FILE* file, const std::string& name, uint64_t memory_bytes) {
  std::string value;
  char buffer[1 << 16];
  errno = 0;
  while (const size_t length = std::fread(buffer, 1, sizeof buffer, file)) {
    value.append(buffer, length);
    if (value.size() > largest_entry_bytes(memory_bytes)) {
      fail_usage(name + ": key and value may have " + human_bytes(memory_bytes / 4) +
                 " together, a quarter of the memory of this database (--options)");
      return std::nullopt;
    }
  }
  if (std::ferror(file) == 0) return value;
  std::fprintf(stderr, "nacre: %s: cannot be read: %s\n", visible(name).c_str(), std::strerror(errno));
  return std::nullopt;
}

std::optional<std::string> value_of(const CommonOptions& common, const PutArguments& arguments, uint64_t memory_bytes,
                                    int* exit_code) {
  *exit_code = kFailure;
  if (arguments.value_file) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(arguments.value_file->c_str(), "rb"),
                                                               std::fclose);
    if (file != nullptr) return read_value(file.get(), *arguments.value_file, memory_bytes);
    std::fprintf(stderr, "nacre: %s: cannot be read: %s\n", visible(*arguments.value_file).c_str(),
                 std::strerror(errno));
    return std::nullopt;
  }
  if (arguments.value == "-") return read_value(stdin, "standard input", memory_bytes);
  *exit_code = kUsage;
  if (arguments.value) return argument_bytes(common, *arguments.value);
  fail_usage("put needs a value: VALUE, - for standard input, or --value-file FILE");
  return std::nullopt;
}

// Keys of the command line; nothing after words about the one that is wrong.
std::optional<std::vector<std::string>> key_bytes(const CommonOptions& common, const std::vector<std::string>& words) {
  std::vector<std::string> keys;
  for (const std::string& word : words) {
    auto key = argument_bytes(common, word);
    if (!key) return std::nullopt;
    keys.push_back(*std::move(key));
  }
  return keys;
}

int not_found(const std::string& key, size_t asked) {
  std::fflush(stdout);
  if (asked == 1) {
    std::fprintf(stderr, "nacre: no such key\n");
  } else {
    std::fprintf(stderr, "nacre: no such key: %s\n", visible(key).c_str());
  }
  return kNotFound;
}

}  // namespace

int run_put(const CommonOptions& common, const PutArguments& arguments) {
  const auto key = argument_bytes(common, arguments.key);
  if (!key) return kUsage;
  const std::optional<Options> options = read_options(common);
  if (!options) return kUsage;
  int exit_code = kSuccess;
  const auto value = value_of(common, arguments, options->memory_bytes, &exit_code);
  if (!value) return exit_code;
  auto session = open_session(common, OpenMode::kCreateIfMissing, &exit_code);
  if (!session) return exit_code;
  if (const auto put = session->keyspace.put(*key, *value, common.write_options()); !put)
    return fail("put", put.error());
  return finish(*session, kSuccess);
}

int run_get(const CommonOptions& common, const std::vector<std::string>& words) {
  const auto keys = key_bytes(common, words);
  if (!keys) return kUsage;
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  if (!session) return exit_code;
  const std::vector<Bytes> asked(keys->begin(), keys->end());
  const auto values = session->keyspace.multi_get(asked);
  if (!values) return fail("get", values.error());
  const EntryStyle style = style_of(common);
  for (size_t i = 0; i < keys->size(); i++) {
    const std::optional<Value>& value = (*values)[i];
    if (!value) {
      exit_code = not_found((*keys)[i], keys->size());
    } else {
      print(keys->size() == 1 ? value_line(style, (*keys)[i], *value) : entry_line(style, (*keys)[i], *value));
    }
  }
  return exit_code;
}

namespace {

int erase_keys(Session& session, const CommonOptions& common, const std::vector<std::string>& keys) {
  int exit_code = kSuccess;
  for (const std::string& key : keys) {
    const auto present = session.keyspace.contains(key);
    if (!present) return fail("del", present.error());
    if (!*present) {
      exit_code = not_found(key, keys.size());
    } else if (const auto erased = session.keyspace.erase(key, common.write_options()); !erased) {
      return fail("del", erased.error());
    }
  }
  return exit_code;
}

int erase_range(Session& session, const CommonOptions& common, const ScanOptions& bounds, bool yes) {
  const auto span = span_of(session.keyspace, bounds);
  if (!span) return fail("del", span.error());
  if (!*span) {
    std::fprintf(stderr, "nacre: no key lies there\n");
    return kNotFound;
  }
  if (!yes && !confirmed("Erase " + in_words(**span) + "?")) return kUsage;
  Batch batch;
  add_erasure(batch, session.keyspace, **span);
  if (const auto written = session.db.write(batch, common.write_options()); !written)
    return fail("del", written.error());
  return kSuccess;
}

}  // namespace

int run_del(const CommonOptions& common, const std::vector<std::string>& words, const DelArguments& arguments) {
  const ScanArguments& bounds = arguments.bounds;
  const bool range = bounds.prefix || bounds.from || bounds.to;
  if (range && !words.empty()) return fail_usage("del takes keys or a range, not both");
  if (!range && words.empty())
    return fail_usage("del needs a key, or a range: --prefix, --from, --to (all keys: --prefix \"\")");
  const auto keys = key_bytes(common, words);
  const auto options = scan_options(common, bounds);
  if (!keys || !options) return kUsage;
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kMustExist, &exit_code);
  if (!session) return exit_code;
  exit_code = range ? erase_range(*session, common, *options, arguments.yes) : erase_keys(*session, common, *keys);
  return finish(*session, exit_code);
}

int run_scan(const CommonOptions& common, const ScanArguments& arguments) {
  const auto options = scan_options(common, arguments);
  if (!options) return kUsage;
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  if (!session) return exit_code;
  if (arguments.count) {
    const auto entries = count_entries(session->keyspace, *options);
    if (!entries) return fail("scan", entries.error());
    std::printf(common.json ? "{\"count\":%llu}\n" : "%llu\n", static_cast<unsigned long long>(*entries));
    return kSuccess;
  }
  EntryStyle style = style_of(common);
  if (arguments.keys_only) style.parts = EntryParts::kKeys;
  if (arguments.values_only) style.parts = EntryParts::kValues;
  Scan scan = session->keyspace.scan(*options);
  for (const auto& [key, value] : scan) {
    print(entry_line(style, key, value));
    if (has_failed(stdout)) break;
  }
  if (const auto status = scan.status(); !status) return fail("scan", status.error());
  return kSuccess;
}

}  // namespace nacre::cli
