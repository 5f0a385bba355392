// Whole table files, made from a sound one by changes that the input names, raw and with mended checksums: opening, getting, walking both
// ways and verifying end with an error or an answer. A raw change is found or harmless: what is read is what was written. A table that
// verify() calls sound answers gets as its own scan says.

#include <algorithm>

#include "base/fuzzing.h"
#include "format/mend.h"
#include "os/memory_file_system.h"
#include "table/run_cursor.h"
#include "table/table.h"
#include "table/table_builder.h"

namespace nacre::table {
namespace {

using format::EntryKind;
using format::make_trailer;

const TableIdentity kId{.uuid = format::Uuid::from_random(11, 22), .number = 7};

struct Entry {
  std::string key;
  uint64_t trailer = 0;
  std::string value;

  friend bool operator==(const Entry&, const Entry&) = default;
};

std::vector<Entry> entries_of(size_t count) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < count; i++) {
    const std::string key = "key" + std::to_string(1000 + i / 2 * 3);
    entries.push_back({key, make_trailer(200 - i % 2, i % 5 == 0 ? EntryKind::kErase : EntryKind::kPut),
                       i % 5 == 0 ? "" : std::string(i % 70, static_cast<char>('a' + i % 26))});
  }
  return entries;
}

struct Sample {
  std::string bytes;
  std::vector<Entry> entries;
};

Sample make_sample(Compression compression, size_t count, bool tombstones) {
  os::MemoryFileSystem files;
  const auto directory = files.open_directory("", false).value();
  Sample sample{.bytes = {}, .entries = entries_of(count)};
  auto file = directory->create("table").value();
  TableBuilder builder(*file, {.id = kId, .compression = compression, .block_bytes = 1024});
  for (const Entry& e : sample.entries) builder.add(e.key, e.trailer, e.value).value();
  if (tombstones) {
    builder.set_tombstones(format::TombstoneSet::build(
        std::vector<format::RangeTombstone>{{"key10", "key11", 300}, {"key105", "key12", 250}}));
  }
  builder.finish().value();
  sample.bytes = files.image().at("table");
  return sample;
}

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      make_sample(Compression::kNone, 200, true), make_sample(Compression::kLz4, 200, false),
      make_sample(Compression::kZstd, 200, true), make_sample(Compression::kNone, 0, true),
      make_sample(Compression::kNone, 3, false)};
  return all;
}

// Properties with other numbers, under checksums and a footer that fit them.
std::string with_other_properties(const std::string& file, fuzz::Input& input) {
  format::Footer footer =
      format::decode_footer(Bytes(file).substr(file.size() - format::kFooterBytes), file.size(), kId).value();
  const Bytes stored = Bytes(file).substr(footer.properties_at, footer.footer_at() - footer.properties_at);
  TableProperties properties =
      format::decode_properties(stored.substr(0, stored.size() - format::kStoredTrailerBytes)).value();
  for (uint64_t* number : {&properties.entries, &properties.erases, &properties.range_tombstones, &properties.key_bytes,
                           &properties.raw_bytes, &properties.data_blocks, &properties.entries_hash}) {
    *number = input.mostly(*number);
  }
  os::LargeString other(Bytes(file).substr(0, footer.properties_at));
  other += format::encode_properties(properties);
  append_stored_trailer(&other, footer.properties_at, format::StoredKind::kProperties, Compression::kNone,
                        other.size() - footer.properties_at, kId.checksum_seed(footer.properties_at));
  footer.file_bytes = other.size() + format::kFooterBytes;
  return std::string(other) + format::encode_footer(footer);
}

void expect_error(const Error& error) {
  NACRE_CHECK(error.kind == ErrorKind::kCorruption || error.kind == ErrorKind::kUnsupported);
  NACRE_CHECK(error.file_kind == FileKind::kTable && error.file_number == kId.number);
}

// All entries forward, or nothing after an error; backward they must be the same.
std::optional<std::vector<Entry>> scan(const Table& table) {
  std::vector<Entry> entries;
  TableCursor cursor = table.cursor();
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    entries.push_back({std::string(cursor.key()), cursor.trailer(), std::string(cursor.value())});
  }
  const auto status = cursor.status();
  if (!status) expect_error(status.error());
  size_t left = entries.size();
  for (cursor.seek_last(); cursor.valid(); cursor.prev()) {
    if (!status) continue;
    NACRE_CHECK(left-- > 0 && cursor.key() == entries[left].key && cursor.value() == entries[left].value);
  }
  NACRE_CHECK(cursor.status().has_value() == status.has_value());
  if (!status) return std::nullopt;
  NACRE_CHECK(left == 0);
  return entries;
}

void expect_gets(const Table& table, cache::Cache& cache, const std::vector<Entry>& entries, bool sound,
                 fuzz::Input& input) {
  const auto get = [&](const std::string& key, Sequence at) {
    sync::EpochDomain::Guard guard(cache.domain());
    const auto found = table.get(key, base::hash_key(key), at, at % 2 == 0 ? Guess::kAbsent : Guess::kPresent);
    if (!found) return expect_error(found.error());
    if (!sound) return;
    const auto expected = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) {
      return e.key == key && format::sequence_of(e.trailer) <= at;
    });
    NACRE_CHECK(found->found == (expected != entries.end()));
    if (found->found) NACRE_CHECK(found->trailer == expected->trailer && found->value == expected->value);
  };
  for (size_t i = 0; i < entries.size(); i += 1 + entries.size() / 20) {
    get(entries[i].key, format::kMaxSequence);
    get(entries[i].key, 199);
    get(entries[i].key + "x", format::kMaxSequence);
  }
  for (int i = 0; i < 4; i++) get(input.key(), input.number() & format::kMaxSequence);
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const Sample& sample = samples()[input.below(samples().size())];
  const bool mended = input.flag();
  const uint64_t changes = input.below(5);
  std::string file = sample.bytes;
  if (mended && input.below(4) == 3) file = with_other_properties(file, input);
  for (uint64_t i = 0; i < changes; i++) fuzz::change_bytes(file, input);
  if (mended) format::testing::mend_table(file);

  os::MemoryFileSystem files({{"table", file}});
  base::MemoryAccount account(uint64_t{16} << 20);
  sync::EpochDomain domain;
  cache::Cache cache(account, domain);
  const auto opened =
      Table::open(files.open_directory("", false).value()->open_read("table").value(), kId, cache, &account);
  const bool unchanged = file == sample.bytes;
  if (!opened) {
    NACRE_CHECK(!unchanged);
    return expect_error(opened.error());
  }
  const Table& table = **opened;
  const auto verified = table.verify();
  if (!verified) expect_error(verified.error());
  const auto entries = scan(table);
  NACRE_CHECK(!verified || entries);
  NACRE_CHECK(mended || !entries || *entries == sample.entries);
  if (unchanged) NACRE_CHECK(verified && *entries == sample.entries);
  expect_gets(table, cache, entries.value_or(sample.entries), verified.has_value(), input);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (char sample = 0; sample < 5; sample++) {
    for (const char mended : {0, 1}) {
      all.push_back({sample, mended, 0, 0, 'k', 'e'});
      all.push_back({sample, mended, 2, 0, '\x43', 0, 100, '\x84', 1, 6, '\x4f', 1, 90});
      all.push_back({sample, mended, 0, 3, 3, 'z', 0, 0, 0, 0, 3, 1, 0});
    }
  }
  return all;
}

const fuzz::Registration kHere(
    {.name = "table", .run = run, .seeds = seeds, .heap_budget_bytes = uint64_t{4} << 20, .replay_mutations = 60});

}  // namespace
}  // namespace nacre::table
