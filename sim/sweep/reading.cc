// read_database: every way to read, against each other.
#include <algorithm>

#include "base/result.h"
#include "sim/sweep/story.h"

namespace nacre::sim {

namespace {

Result<KeyspaceContent> scan(const Keyspace& keyspace, bool reverse) {
  KeyspaceContent content;
  Scan scan = keyspace.scan({.reverse = reverse});
  for (const auto& [key, value] : scan) content.emplace(key, value);
  NACRE_TRY(scan.status());
  return content;
}

std::string shown(const std::optional<Value>& value) { return value ? value->to_string() : "(none)"; }

Result<void> compare_gets(const Keyspace& keyspace, const KeyspaceContent& content,
                          const std::vector<std::string>& keys, std::string* disagreement) {
  std::vector<Bytes> asked(keys.begin(), keys.end());
  NACRE_TRY_ASSIGN(const auto values, keyspace.multi_get(asked));
  for (size_t i = 0; i < keys.size(); i++) {
    const auto at = content.find(keys[i]);
    const std::string scanned = at == content.end() ? "(none)" : at->second;
    NACRE_TRY_ASSIGN(const std::optional<Value> got, keyspace.get(keys[i]));
    if (shown(got) != scanned) *disagreement = "a get and a scan differ at " + keys[i];
    if (shown(values[i]) != scanned) *disagreement = "a multi-get and a scan differ at " + keys[i];
  }
  return {};
}

}  // namespace

Result<DatabaseContent> read_database(Db& db, const std::map<std::string, std::vector<std::string>>& keys,
                                      std::string* disagreement) {
  DatabaseContent content;
  for (const std::string& name : db.keyspaces()) {
    NACRE_TRY_ASSIGN(const Keyspace keyspace, db.keyspace(name));
    const auto forwards = scan(keyspace, false);
    if (!forwards && forwards.error().kind == ErrorKind::kNotFound) continue;  // its drop is in doubt
    NACRE_TRY(forwards);
    content[name] = *forwards;
    NACRE_TRY_ASSIGN(const KeyspaceContent backwards, scan(keyspace, true));
    if (backwards != content[name]) *disagreement = "scans of both directions differ in " + name;
    if (const auto known = keys.find(name); known != keys.end())
      NACRE_TRY(compare_gets(keyspace, content[name], known->second, disagreement));
  }
  return content;
}

}  // namespace nacre::sim
