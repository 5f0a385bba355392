// put, get, del, scan.

#include <cstdio>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

void print(Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

void print_entry(const CommonOptions& common, Bytes key, Bytes value) {
  if (common.json) {
    nlohmann::ordered_json object;
    set_bytes(object, "key", key);
    set_bytes(object, "value", value);
    print(object.dump() + "\n");
    return;
  }
  std::string line;
  append_escaped(line, key);
  line += '\t';
  append_escaped(line, value);
  line += '\n';
  print(line);
}

}  // namespace

int run_put(const CommonOptions& common, const std::string& key, const std::string& value) {
  const auto key_bytes = argument_bytes(common, key);
  const auto value_bytes = argument_bytes(common, value);
  if (!key_bytes || !value_bytes) return kUsage;
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kCreateIfMissing, &exit_code);
  if (!session) return exit_code;
  if (const auto put = session->keyspace.put(*key_bytes, *value_bytes, common.write_options()); !put)
    return fail("put", put.error());
  return finish(*session, kSuccess);
}

int run_get(const CommonOptions& common, const std::string& key) {
  const auto key_bytes = argument_bytes(common, key);
  if (!key_bytes) return kUsage;
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  if (!session) return exit_code;
  auto value = session->keyspace.get(*key_bytes);
  if (!value) return fail("get", value.error());
  if (!value->has_value()) {
    std::fprintf(stderr, "nacre: no such key\n");
    return kNotFound;
  }
  if (common.json) {
    nlohmann::ordered_json object;
    set_bytes(object, "key", *key_bytes);
    set_bytes(object, "value", **value);
    print(object.dump() + "\n");
  } else {
    print(**value);
    print("\n");
  }
  return kSuccess;
}

int run_del(const CommonOptions& common, const std::string& key) {
  const auto key_bytes = argument_bytes(common, key);
  if (!key_bytes) return kUsage;
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kMustExist, &exit_code);
  if (!session) return exit_code;
  const auto present = session->keyspace.contains(*key_bytes);
  if (!present) return fail("del", present.error());
  if (!*present) {
    std::fprintf(stderr, "nacre: no such key\n");
    return finish(*session, kNotFound);
  }
  if (const auto erased = session->keyspace.erase(*key_bytes, common.write_options()); !erased)
    return fail("del", erased.error());
  return finish(*session, kSuccess);
}

int run_scan(const CommonOptions& common, const ScanArguments& arguments) {
  const auto options = scan_options(common, arguments);
  if (!options) return kUsage;
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  if (!session) return exit_code;
  Scan scan = session->keyspace.scan(*options);
  for (const auto& [key, value] : scan) {
    print_entry(common, key, value);
    if (std::ferror(stdout)) break;
  }
  if (const auto status = scan.status(); !status) return fail("scan", status.error());
  return kSuccess;
}

}  // namespace nacre::cli
