// Manifests of any edits, with checksums that hold and the files of their tables beside them: an open refuses them, or shows a tree that is
// the same to a reader and to a writer, and with which one can go on - commits succeed, and the next open finds what they left.

#include <set>

#include "base/fuzzing.h"
#include "tree/test_kit.h"

namespace nacre::tree {
namespace {

using format::VersionEdit;

// Decodes what can be decoded, gives each table the size that its file will have, and encodes it again; the rest stays as it is.
std::string with_real_sizes(Bytes payload, FaultyDirectory& directory) {
  std::vector<VersionEdit> edits;
  format::EditReader reader(payload);
  VersionEdit edit;
  while (true) {
    const auto more = reader.next(&edit);
    if (!more) return std::string(payload);
    if (!*more) break;
    for (format::PlacedTable& placed : edit.added) {
      placed.table.file_bytes = kTableFileBytes;
      directory.put(format::table_name(placed.table.number), table_file(kTestUuid, placed.table.number));
    }
    edits.push_back(edit);
  }
  return format::encode_edits(edits);
}

void put_manifest(FaultyDirectory& directory, fuzz::Input& input) {
  const format::ManifestHeader header{.uuid = kTestUuid, .number = 1};
  std::string file = format::encode_manifest_header(header);
  bool first = true;
  while (first || !input.empty()) {
    std::string payload;
    if (first && !input.flag()) {
      const format::KeyspaceRecord record{.id = format::kDefaultKeyspace, .name = format::kDefaultKeyspaceName};
      const VersionEdit edit{.created = record, .next_file_number = 100, .reserved_file_number = 100};
      payload = format::encode_edits(std::span(&edit, 1));
    }
    payload += with_real_sizes(input.bytes(1000), directory);
    first = false;
    if (payload.empty()) continue;
    format::append_manifest_record(file, header, file.size(), payload);
    format::append_manifest_record(file, header, file.size(), {});
  }
  directory.put(format::kCurrentName, format::encode_current({.manifest_number = 1, .uuid = kTestUuid}));
  directory.put(format::manifest_name(1), file);
}

bool opens(TestTree& tree, OpenMode mode) {
  const auto opened = tree.open(mode);
  if (opened) return true;
  const Error& error = opened.error();
  NACRE_CHECK(error.kind == ErrorKind::kCorruption || error.kind == ErrorKind::kUnsupported);
  return false;
}

// What every tree keeps, whatever its manifest says: each table once, by a number that was given out, and the tables of a run apart.
void expect_sound(const TreeState& state) {
  std::set<uint64_t> numbers;
  for (const auto& [id, keyspace] : state.keyspaces) {
    for (const Run& run : keyspace.version->runs()) {
      const std::string* largest = nullptr;
      for (const auto& table : run.tables()) {
        const format::TableRecord& record = table->record();
        NACRE_CHECK(record.number < state.next_file_number && numbers.insert(record.number).second);
        NACRE_CHECK(record.largest_sequence <= state.last_sequence && run.id() < state.next_run_id);
        NACRE_CHECK(largest == nullptr || *largest <= record.smallest_key);
        largest = &record.largest_key;
      }
    }
  }
}

// As an engine would: a keyspace, a flush, a merge of the whole default keyspace into the bottom, and a new manifest.
void go_on(TestTree& tree) {
  const auto created = tree.set->create_keyspace("of the fuzzer", {});
  if (!created) NACRE_CHECK(created.error().kind == ErrorKind::kInvalidArgument);  // it exists, or the ids are used up
  tree.flush("a", "z").value();
  VersionEdit merge;
  const auto version = tree.set->current(format::kDefaultKeyspace);
  for (const Run& run : version->runs())
    merge.removed.insert(merge.removed.end(), run.numbers().begin(), run.numbers().end());
  merge.added.push_back(placed(7, tree.set->next_run_id(), tree.make_table().value(), "", "zz"));
  tree.set->commit(merge).value();
  tree.close();
  NACRE_CHECK(opens(tree, OpenMode::kMustExist));  // which begins the new manifest
  tree.flush("b", "y").value();
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  FaultyDirectory directory;
  put_manifest(directory, input);
  TestTree tree(directory);
  const auto before = directory.picture();
  const bool readable = opens(tree, OpenMode::kReadOnly);
  const std::string text = readable ? tree.text() : "";
  tree.close();
  NACRE_CHECK(directory.picture() == before);
  NACRE_CHECK(opens(tree, OpenMode::kMustExist) == readable);
  if (!readable) return NACRE_CHECK(directory.picture() == before);
  NACRE_CHECK(tree.text() == text);
  expect_sound(tree.set->state());
  go_on(tree);
  expect_sound(tree.set->state());
  const std::string after = tree.text();
  tree.close();
  NACRE_CHECK(opens(tree, OpenMode::kMustExist) && tree.text() == after);
  tree.close();
}

std::string seed_of(bool whole, std::span<const std::vector<VersionEdit>> records) {
  std::string seed(1, static_cast<char>(whole));
  for (const auto& edits : records) {
    const std::string payload = format::encode_edits(edits);
    seed.push_back(static_cast<char>(payload.size() >> 8));
    seed.push_back(static_cast<char>(payload.size()));
    seed += payload;
  }
  return seed;
}

std::vector<std::string> seeds() {
  VersionEdit flush{.flushed_through = 50};
  flush.added = {placed(0, 1, 10, "a", "m", 1, 50)};
  VersionEdit second{.flushed_through = 90};
  second.added = {placed(0, 2, 11, "c", "x", 51, 90)};
  VersionEdit merge{.removed = {10, 11}};
  merge.added = {placed(7, 3, 12, "a", "k", 0, 40), placed(7, 3, 13, "l", "x", 0, 90)};
  VersionEdit create{.keyspace = 5};
  create.created = format::KeyspaceRecord{.id = 5, .name = "five"};
  const VersionEdit drop{.keyspace = 5, .dropped = true};
  const VersionEdit other{.keyspace = 5, .options = KeyspaceOptions{.filter_bits_per_key = 3}};
  const VersionEdit counters{.next_file_number = 200,
                             .last_sequence = 95,
                             .next_run_id = 9,
                             .reserved_file_number = 1224,
                             .next_keyspace_id = 7,
                             .foreign_numbers = {{.first = 150, .end = 160}}};
  VersionEdit whole;
  whole.created = format::KeyspaceRecord{.id = 0, .name = "default"};
  const std::vector<std::vector<VersionEdit>> life = {{}, {flush}, {second, create}, {merge, other}, {counters, drop}};
  const std::vector<std::vector<VersionEdit>> snapshot = {{counters, whole, flush}, {second}};
  // A table of a number that was never given out, and one that is there twice.
  VersionEdit early{.flushed_through = 50};
  early.added = {placed(0, 1, 5000, "a", "m", 1, 50)};
  VersionEdit again{.flushed_through = 90};
  again.added = {placed(0, 2, 10, "n", "x", 51, 90)};
  const std::vector<std::vector<VersionEdit>> unborn = {{}, {early}};
  const std::vector<std::vector<VersionEdit>> twice = {{}, {flush}, {again}};
  return {seed_of(false, life), seed_of(true, snapshot), seed_of(false, unborn), seed_of(false, twice)};
}

const fuzz::Registration kHere(
    {.name = "version_set", .run = run, .seeds = seeds, .heap_budget_bytes = uint64_t{4} << 20});

}  // namespace
}  // namespace nacre::tree
