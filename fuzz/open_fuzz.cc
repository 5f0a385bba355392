// Whole databases from bytes: a small real one, damaged as the input says, raw or with mended checksums, is opened, read in every way, checked,
// written to, compacted, closed and opened again. It answers with errors of the right kind or with data; it holds no more memory than its
// files and a fixed budget; what it accepted once it accepts again; and one raw bit is found or changes nothing.

#include <cstdio>

#include "fuzz/database_image.h"
#include "fuzz/heap_meter.h"

namespace nacre::fuzz {
namespace {

using os::MemoryFileSystem;

// Promise 11: what opening and reading holds of the heap beyond the size of the files. Cache, memtables and log have their own
// ceiling, Options::memory_bytes.
constexpr uint64_t kOpenBudgetBytes = uint64_t{4} << 20;

void expect_kind(const Error& error, bool opening) {
  const bool damage = error.kind == ErrorKind::kCorruption || error.kind == ErrorKind::kUnsupported;
  const bool no_database = error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kInvalidArgument;
  if (damage || (opening && no_database)) return;
  std::fprintf(stderr, "not an error that damage may be answered with: %s\n", error.to_string().c_str());
  NACRE_CHECK(false);
}

// Gets of what was there: by key, several at once, and as they were.
void read_points(Db& db, const Contents& expected) {
  std::vector<Bytes> keys;
  std::vector<std::string> owned;
  for (const auto& [name, value] : expected) {
    if (owned.size() < 12 && name.starts_with("default/")) owned.push_back(name.substr(8));
  }
  for (const std::string& key : owned) {
    keys.push_back(key);
    if (const auto got = db.get(key); !got) expect_kind(got.error(), false);
  }
  if (const auto got = db.multi_get(keys); !got) expect_kind(got.error(), false);
}

// Nothing but damage may fail here. Whether all was well.
bool write_on(Db& db) {
  bool well = true;
  const auto done = [&well](const Result<void>& result) {
    if (result) return;
    well = false;
    expect_kind(result.error(), false);
  };
  done(db.put("written", "after"));
  done(db.erase_range("key11", "key12"));
  if (const auto keyspace = db.create_keyspace("new one", {}); keyspace) {
    done(keyspace->put("also", "written"));
  } else if (keyspace.error().kind != ErrorKind::kInvalidArgument) {  // it exists, or all ids have been used
    expect_kind(keyspace.error(), false);
    well = false;
  }
  done(db.flush());
  done(db.compact());
  return well;
}

void expect_written(const std::shared_ptr<MemoryFileSystem>& files) {
  auto again = Db::open("db", small_options(OpenMode::kMustExist), runtime_of(files));
  if (!again) std::fprintf(stderr, "%s\n", again.error().to_string().c_str());
  NACRE_CHECK(again.has_value());
  const auto value = again->get("written");
  if (!value) return expect_kind(value.error(), false);
  NACRE_CHECK(value->has_value() && **value == "after");
}

void open_and_use(const MemoryFileSystem::Image& image, OpenMode mode, const Contents& expected, bool mended,
                  bool must_be_right) {
  auto files = std::make_shared<MemoryFileSystem>(image);
  uint64_t file_bytes = 0;
  for (const auto& [name, contents] : image) file_bytes += contents.size();
  HeapMeter::reset();
  auto opened = Db::open("db", small_options(mode), runtime_of(files));
  if (opened) {
    Db& db = *opened;
    const auto contents = read_all(db, !mended);
    if (!contents) expect_kind(contents.error(), false);
    if (contents && must_be_right) NACRE_CHECK(*contents == expected);
    read_points(db, expected);
    const auto findings = db.check();
    NACRE_CHECK(findings.has_value());
    NACRE_CHECK(contents || !findings->empty());  // it finds at least what a scan finds
  } else {
    expect_kind(opened.error(), true);
  }
  const uint64_t peak = HeapMeter::peak_bytes();
  if (peak > file_bytes + kOpenBudgetBytes)
    std::fprintf(stderr, "held %zu of the heap for %zu of files\n", size_t{peak}, size_t{file_bytes});
  NACRE_CHECK(peak <= file_bytes + kOpenBudgetBytes);
  if (!opened) return;
  if (mode == OpenMode::kReadOnly) {
    NACRE_CHECK(files->image() == image);
    return;
  }
  const bool well = write_on(*opened);
  const auto closed = opened->close();
  if (!closed) return expect_kind(closed.error(), false);
  if (well) expect_written(files);
}

void run(Bytes bytes) {
  Input input(bytes);
  const DatabaseImage& sample = database_images()[input.below(database_images().size())];
  const uint8_t how = input.byte();
  const bool mended = (how & 1) != 0;
  constexpr OpenMode kModes[] = {OpenMode::kMustExist, OpenMode::kReadOnly, OpenMode::kCreateIfMissing,
                                 OpenMode::kMustExist};
  MemoryFileSystem::Image image = sample.files;
  const uint64_t changes = (how >> 4) % 5;
  bool one_bit = changes == 1;
  for (uint64_t i = 0; i < changes; i++) one_bit &= change_files(image, input);
  if (mended) mend_files(image);
  // A bit of a torn log's end may take that end with it; all else is found, or makes no difference.
  const bool must_be_right = changes == 0 || (one_bit && !mended && !sample.killed);
  open_and_use(image, kModes[how >> 1 & 3], sample.contents, mended, must_be_right);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (char sample = 0; sample < 3; sample++) {
    for (const char mode : {0, 2}) all.push_back({sample, mode});
    for (char file = 0; file < 8; file++) {
      all.push_back({sample, static_cast<char>(0x10), 9, file, static_cast<char>(0x0f), 0, 90});
      all.push_back(
          {sample, static_cast<char>(0x11), 9, file, static_cast<char>(0xc3), 0, 100, static_cast<char>(0x80), 1});
      all.push_back(
          {sample, static_cast<char>(0x21), 9, file, static_cast<char>(0x05), 0, 120, 3, 1, 2, 3, 9, file, 7, 1, 0});
    }
    all.push_back({sample, 0x10, 0, 2});
    all.push_back({sample, 0x10, 1, 2, 3});
    all.push_back({sample, 0x10, 3, 2, 10, '9', '0', '0', '0', '0', '0', '.', 's', 's', 't'});
  }
  return all;
}

const Registration kHere(
    {.name = "open", .run = run, .seeds = seeds, .heap_budget_bytes = uint64_t{64} << 20, .replay_mutations = 40});

}  // namespace
}  // namespace nacre::fuzz
