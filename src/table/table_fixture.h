// For the tests of tables: files in memory that count and fail on demand, a world of cache and account, and a model.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "table/run_cursor.h"
#include "table/table.h"
#include "table/table_builder.h"

namespace nacre::table {

// The bytes of a file, and what happened to it.
struct MemoryFile {
  std::string bytes;
  uint64_t appends = 0;
  uint64_t reads = 0;
  uint64_t batched_reads = 0;
  uint64_t bytes_read = 0;
  uint64_t announced = 0;
  uint64_t fail_reads_from = ~uint64_t{0};  // offset: a read that touches it or what follows fails
  uint64_t fail_nth_read = 0;               // a countdown; 0: none
  uint64_t fail_appends_after = ~uint64_t{0};
  std::function<void()> on_read;  // may be empty
};

class MemoryWritable : public WritableFile {
 public:
  explicit MemoryWritable(MemoryFile& file) : file_(file) {}
  Result<void> append(Bytes data) override {
    if (file_.appends++ >= file_.fail_appends_after)
      return Error{.kind = ErrorKind::kNoSpace, .operation = Operation::kWrite};
    file_.bytes.append(data);
    return {};
  }
  Result<void> sync() override { return {}; }
  void start_writeback() override {}
  uint64_t size_bytes() const override { return file_.bytes.size(); }

 private:
  MemoryFile& file_;
};

class MemoryReadable : public ReadableFile {
 public:
  explicit MemoryReadable(MemoryFile& file) : file_(file) {}
  Result<size_t> read(uint64_t offset, std::span<char> out) override {
    file_.reads++;
    if (file_.on_read) file_.on_read();
    const bool nth = file_.fail_nth_read != 0 && --file_.fail_nth_read == 0;
    if (nth || offset + out.size() > file_.fail_reads_from)
      return Error{.kind = ErrorKind::kIo, .operation = Operation::kRead, .system_errno = 5};
    const Bytes bytes = offset < file_.bytes.size() ? Bytes(file_.bytes).substr(offset, out.size()) : Bytes();
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    file_.bytes_read += bytes.size();
    return bytes.size();
  }
  uint64_t size_bytes() const override { return file_.bytes.size(); }
  void will_need(uint64_t, uint64_t) override { file_.announced++; }
  MemoryFile& memory() { return file_; }

 private:
  MemoryFile& file_;
};

class MemoryFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<Directory>> open_directory(const std::string&, bool) override {
    return Error{.kind = ErrorKind::kUnsupported, .operation = Operation::kOpen};
  }
  void read_batch(std::span<ReadRequest> requests) override {
    batches++;
    for (ReadRequest& request : requests) {
      MemoryFile& file = static_cast<MemoryReadable*>(request.file)->memory();
      file.batched_reads++;
      order.push_back(&file);
      request.result = request.file->read(request.offset, request.out);
    }
  }
  uint64_t batches = 0;
  std::vector<const MemoryFile*> order;  // of what was read in batches
};

struct OwnedEntry {
  std::string key;
  uint64_t trailer = 0;
  std::string value;
};

inline bool before(const OwnedEntry& a, const OwnedEntry& b) {
  return format::compare_internal(a.key, a.trailer, b.key, b.trailer) < 0;
}

inline uint64_t put(Sequence sequence) { return format::make_trailer(sequence, format::EntryKind::kPut); }
inline uint64_t erase(Sequence sequence) { return format::make_trailer(sequence, format::EntryKind::kErase); }

inline std::string numbered(uint64_t i) {
  std::string digits = std::to_string(i);
  return "key" + std::string(8 - std::min<size_t>(8, digits.size()), '0') + digits;
}

inline std::vector<OwnedEntry> numbered_entries(uint64_t count, size_t value_bytes = 50) {
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < count; i++) {
    entries.push_back({numbered(2 * i), put(1 + i % 100), std::string(value_bytes, static_cast<char>('a' + i % 26))});
  }
  return entries;
}

// Keys of all shapes, some with many versions.
inline std::vector<OwnedEntry> random_entries(base::Prng& random, size_t count) {
  std::vector<OwnedEntry> entries;
  const uint64_t alphabet = random.one_in(2) ? 3 : 26;
  while (entries.size() < count) {
    std::string key = random.one_in(2) ? "a common beginning/" : "";
    for (uint64_t n = random.below(12); n-- > 0;) key.push_back(static_cast<char>('a' + random.below(alphabet)));
    const uint64_t versions = random.one_in(40) ? random.below(300) : 1 + random.below(2);
    for (uint64_t v = 0; v < versions; v++) {
      const Sequence sequence = 1 + random.below(1000);
      const bool erased = random.one_in(6);
      entries.push_back(
          {key, erased ? erase(sequence) : put(sequence),
           erased ? "" : std::string(random.below(random.one_in(50) ? 3000 : 60), static_cast<char>('a' + v % 26))});
    }
  }
  std::sort(entries.begin(), entries.end(), before);
  const auto same = [](const OwnedEntry& a, const OwnedEntry& b) { return !before(a, b) && !before(b, a); };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  return entries;
}

inline TableIdentity identity(uint64_t number = 7) { return {format::Uuid::from_random(11, 22), number}; }

inline TableBuilderOptions small_blocks(Compression compression = Compression::kLz4) {
  return {.id = identity(), .compression = compression, .block_bytes = 1024};
}

inline TableProperties build(MemoryFile& file, const std::vector<OwnedEntry>& entries,
                             const TableBuilderOptions& options, const format::TombstoneSet& tombstones = {}) {
  MemoryWritable writable(file);
  TableBuilder builder(writable, options);
  builder.set_tombstones(tombstones);
  for (const OwnedEntry& e : entries) builder.add(e.key, e.trailer, e.value).value();
  return builder.finish().value();
}

inline Result<base::IntrusivePtr<Table>> open(MemoryFile& file, cache::Cache& cache, base::MemoryAccount& account,
                                              const TableIdentity& id = identity()) {
  return Table::open(std::make_unique<MemoryReadable>(file), id, cache, &account);
}

// What a table stands on. Declared before the tables, so that it outlives them.
struct World {
  explicit World(uint64_t memory_bytes = uint64_t{64} << 20) : account(memory_bytes) {}

  base::MemoryAccount account;
  sync::EpochDomain domain;
  cache::Cache cache{account, domain};
  MemoryFileSystem file_system;
};

// The index of the entry that a get must find; entries.size() if none.
inline size_t model_get(const std::vector<OwnedEntry>& entries, const std::string& key, Sequence at) {
  const OwnedEntry wanted{key, format::trailer_for_lookup(at), ""};
  const auto found = std::lower_bound(entries.begin(), entries.end(), wanted, before);
  if (found == entries.end() || found->key != key) return entries.size();
  return static_cast<size_t>(found - entries.begin());
}

inline void expect_get(const Table& table, World& world, const std::vector<OwnedEntry>& entries, const std::string& key,
                       Sequence at) {
  const size_t expected = model_get(entries, key, at);
  sync::EpochDomain::Guard guard(world.domain);
  for (const Guess guess : {Guess::kAbsent, Guess::kPresent}) {
    const auto found = table.get(key, base::hash_key(key), at, guess);
    ASSERT_TRUE(found.has_value()) << found.error().to_string();
    ASSERT_EQ(found->found, expected != entries.size()) << key << " at " << at;
    if (!found->found) continue;
    ASSERT_EQ(found->trailer, entries[expected].trailer) << key << " at " << at;
    ASSERT_EQ(found->value, entries[expected].value) << key;
    ASSERT_NE(found->frame, nullptr);
  }
}

// A random walk of any cursor against the model.
template <class Cursor>
void expect_walks(Cursor& cursor, const std::vector<OwnedEntry>& entries, base::Prng& random, int steps) {
  const auto count = static_cast<int64_t>(entries.size());
  int64_t at = -1;  // where the model is; -1 and count: invalid
  for (int step = 0; step < steps; step++) {
    const bool inside = at >= 0 && at < count;
    switch (random.below(inside ? 12 : 4)) {
      case 0: cursor.seek_first(), at = 0; break;
      case 1: cursor.seek_last(), at = count - 1; break;
      case 2:
      case 3: {
        OwnedEntry wanted = entries[random.below(entries.size())];
        if (random.one_in(2)) wanted.trailer = put(random.below(1001));
        if (random.one_in(3)) wanted.key.push_back('b');
        if (random.one_in(3)) wanted.key.resize(random.below(wanted.key.size() + 1));
        at = std::lower_bound(entries.begin(), entries.end(), wanted, before) - entries.begin();
        if (random.one_in(2)) {
          cursor.seek(wanted.key, wanted.trailer);
        } else {
          cursor.seek_before(wanted.key, wanted.trailer);
          at--;
        }
        break;
      }
      case 4:
      case 5:
      case 6:
      case 7: cursor.next(), at++; break;
      default: cursor.prev(), at--; break;
    }
    ASSERT_TRUE(cursor.status().has_value()) << cursor.status().error().to_string();
    ASSERT_EQ(cursor.valid(), at >= 0 && at < count) << "step " << step;
    if (!cursor.valid()) continue;
    const OwnedEntry& e = entries[static_cast<size_t>(at)];
    ASSERT_EQ(cursor.key(), e.key) << "step " << step;
    ASSERT_EQ(cursor.trailer(), e.trailer);
    ASSERT_EQ(cursor.value(), e.value);
    ASSERT_EQ(cursor.head(), base::head_of(e.key));
  }
}

}  // namespace nacre::table
