#include "tests/support/damaged_database.h"

#include <algorithm>

namespace nacre::tests {

void Sample::note_put(const std::string& keyspace, const std::string& key, const std::string& value) {
  written[keyspace + "/" + key].insert(value);
}

void Sample::put(Db& db, const std::string& keyspace, const std::string& key, const std::string& value) {
  db.keyspace(keyspace)->put(key, value).value();
  note_put(keyspace, key, value);
}

void Sample::erase(Db& db, const std::string& keyspace, const std::string& key) {
  db.keyspace(keyspace)->erase(key).value();
}

bool Sample::was_written(const std::string& keyspace, const std::string& key, const std::string& value) const {
  const auto was = [&](const std::string& name) {
    const auto found = written.find(name + "/" + key);
    return found != written.end() && found->second.contains(value);
  };
  if (was(keyspace)) return true;
  return std::any_of(ids.begin(), ids.end(), [&](const auto& id) {
    const bool named_so = keyspace == "keyspace-" + std::to_string(id.second) || keyspace.starts_with("table-");
    return named_so && was(id.first);
  });
}

size_t Sample::size() const {
  size_t size = 0;
  for (const auto& [name, entries] : contents) size += entries.size();
  return size;
}

Keyspaces keyspaces_of(Db& db) {
  Keyspaces all;
  for (const std::string& name : db.keyspaces()) {
    auto& entries = all[name];
    Scan scan = db.keyspace(name)->scan();
    for (const auto& [key, value] : scan) entries[std::string(key)] = value;
    scan.status().value();
  }
  return all;
}

std::vector<std::string> names_of(const Files& files, bool (*wanted)(const std::string&)) {
  std::vector<std::string> names;
  for (const auto& [name, contents] : files) {
    if (wanted(name)) names.push_back(name);
  }
  return names;
}

namespace {

void write_something(Db& db, Sample& sample, base::Prng& random, int i) {
  constexpr const char* kNames[] = {"default", "orders", "\x01\xff"};
  const std::string name = kNames[random.below(3)];
  const std::string key = "key" + std::to_string(random.below(150));
  switch (random.below(12)) {
    case 0: return sample.erase(db, name, key);
    case 1: {
      const std::string end = "key" + std::to_string(random.below(150));
      if (key < end && random.one_in(3)) db.keyspace(name)->erase_range(key, end).value();
      return;
    }
    default: return sample.put(db, name, key, std::to_string(i) + ":" + value_of(random, random.below(200)));
  }
}

}  // namespace

// The keeper removes tables that nobody needs any more some time after the merge that replaced them.
void wait_for_removals(const Db& db, const std::string& path) {
  uint64_t live = 0;
  for (const KeyspaceStats& keyspace : db.stats().keyspaces) {
    for (const LevelStats& level : keyspace.levels) live += level.tables;
  }
  const auto there = [&path] {
    const auto entries = os::posix_file_system()->open_directory(path, false).value()->list().value();
    return static_cast<uint64_t>(std::ranges::count_if(entries, [](const auto& entry) { return is_table(entry.name); }));
  };
  while (there() > live) os::posix_clock()->sleep_ns(1'000'000);
}

Sample make_sample(const std::string& path, uint64_t seed, bool closed, int operations) {
  base::Prng random(seed);
  Sample sample;
  Options options = small();
  options.keyspace.compression = seed % 3 == 0 ? Compression::kNone : Compression::kLz4;
  Db db = Db::open(path, options).value();
  for (const char* name : {"orders", "\x01\xff"}) sample.ids[name] = db.keyspace(name)->id();
  sample.ids["default"] = 0;
  for (int i = 0; i < operations; i++) {
    write_something(db, sample, random, i);
    if (random.one_in(operations / 6)) db.flush().value();
    if (random.one_in(operations / 2)) db.compact().value();
  }
  db.flush().value();
  for (int i = 0; i < operations / 7; i++) write_something(db, sample, random, operations + i);
  db.settle().value();
  db.put("last", "synced", Durability::kDisk).value();
  sample.note_put("default", "last", "synced");
  sample.contents = keyspaces_of(db);
  wait_for_removals(db, path);
  if (closed) db.close().value();
  sample.files = files_of(path);
  sample.files.erase("LOCK");
  return sample;
}

std::string damage(Files& files, base::Prng& random) {
  auto file = std::next(files.begin(), static_cast<ptrdiff_t>(random.below(files.size())));
  auto& [name, bytes] = *file;
  if (random.one_in(8)) {
    const std::string words = name + " removed";
    files.erase(file);
    return words;
  }
  if (bytes.empty()) return name + " is empty";
  // Where there is something: logs and reserves are mostly zeros.
  const size_t used = std::max<size_t>(bytes.find_last_not_of('\0') + 1, 1);
  const size_t at = random.below(is_log(name) ? used : bytes.size());
  switch (random.below(5)) {
    case 0: {
      bytes.resize(at);
      return name + " cut at " + std::to_string(at);
    }
    case 1: {
      const size_t end = std::min(bytes.size(), at + 1 + random.below(5000));
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(at), bytes.begin() + static_cast<ptrdiff_t>(end), '\0');
      return name + " zeros from " + std::to_string(at) + " to " + std::to_string(end);
    }
    default: {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
      return name + " a bit at " + std::to_string(at);
    }
  }
}

}  // namespace nacre::tests
