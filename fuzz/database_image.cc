#include "fuzz/database_image.h"

#include "format/mend.h"

namespace nacre::fuzz {

namespace {

using Image = os::MemoryFileSystem::Image;

void fill(Db& db, const Keyspace& second, uint64_t seed) {
  base::Prng random(seed);
  for (int i = 0; i < 60; i++) {
    db.put("key" + std::to_string(100 + random.below(80)), std::string(random.below(60), 'v')).value();
    second.put("other" + std::to_string(random.below(40)), std::string(random.below(30), 'w')).value();
  }
  db.erase("key" + std::to_string(100 + random.below(80))).value();
  db.erase_range("key13", "key14").value();
}

// Zeros at the end of a log segment are room that was never used.
void shorten_logs(Image& files) {
  for (auto& [name, contents] : files) {
    if (!name.ends_with(".wal")) continue;
    const size_t last = contents.find_last_not_of('\0');
    contents.resize(std::min(contents.size(), base::align_up(last == std::string::npos ? 0 : last + 1, 4096) + 4096));
  }
}

DatabaseImage make_image(Compression compression, bool killed) {
  auto files = std::make_shared<os::MemoryFileSystem>();
  Options options = small_options();
  options.keyspace.compression = options.keyspace.bottom_compression = compression;
  DatabaseImage image{.killed = killed};
  {
    Db db = Db::open("db", options, runtime_of(files)).value();
    const Keyspace second = db.keyspace("second").value();
    fill(db, second, 1);
    db.flush().value();
    fill(db, second, 2);
    db.compact().value();
    fill(db, second, 3);
    db.flush().value();
    db.settle().value();
    if (killed) {
      fill(db, second, 4);
      db.sync().value();
      fill(db, second, 5);
    }
    image.contents = read_all(db).value();
    if (killed) image.files = files->image();
    db.close().value();
  }
  if (!killed) image.files = files->image();
  shorten_logs(image.files);
  return image;
}

std::string name_at(const Image& files, uint64_t index) {
  return std::next(files.begin(), static_cast<ptrdiff_t>(index % files.size()))->first;
}

}  // namespace

Options small_options(OpenMode mode) {
  Options options;
  options.mode = mode;
  options.memory_bytes = kMinMemoryBytes;
  options.keyspace.block_bytes = 1024;
  return options;
}

Runtime runtime_of(const std::shared_ptr<os::MemoryFileSystem>& files) {
  Runtime runtime = Runtime::standard();
  runtime.file_system = files;
  runtime.random_seed = 7;
  return runtime;
}

const std::vector<DatabaseImage>& database_images() {
  static const std::vector<DatabaseImage> all = {make_image(Compression::kNone, false),
                                                 make_image(Compression::kZstd, true),
                                                 make_image(Compression::kLz4, false)};
  return all;
}

bool change_files(Image& files, Input& input) {
  if (files.empty()) return false;
  const uint8_t how = input.byte();
  const std::string name = name_at(files, input.byte());
  switch (how) {
    case 0: files.erase(name); return false;
    case 1: {
      const std::string other = name_at(files, input.byte());
      std::swap(files[name], files[other]);
      return false;
    }
    case 2: {
      const std::string other = name_at(files, input.byte());
      files[other] = files[name];
      return false;
    }
    case 3: {
      const std::string copy(input.bytes(24));
      if (copy.find_first_of(Bytes("/\0", 2)) == std::string::npos && !copy.empty()) files[copy] = files[name];
      return false;
    }
    default: return change_bytes(files[name], input);
  }
}

void mend_files(Image& files) {
  for (auto& [name, contents] : files) {
    if (name.ends_with(".sst")) format::testing::mend_table(contents);
    if (name.ends_with(".wal")) format::testing::mend_log_segment(contents);
    if (name.starts_with("MANIFEST-")) format::testing::mend_manifest(contents);
    if (name == "CURRENT") format::testing::mend_current(contents);
  }
}

Result<Contents> read_all(Db& db, bool in_order) {
  Contents contents;
  for (const std::string& name : db.keyspaces()) {
    const Keyspace keyspace = db.keyspace(name).value();
    Contents forward;
    Scan scan = keyspace.scan();
    for (const auto& [key, value] : scan) forward[name + "/" + std::string(key)] = value;
    const auto ended = scan.status();
    Scan backward = keyspace.scan({.reverse = true});
    Contents seen;
    bool reversed = true;
    for (const auto& [key, value] : backward) {
      const std::string full = name + "/" + std::string(key);
      reversed &= seen.empty() || full < seen.begin()->first;
      seen[full] = value;
    }
    if (!ended) return ended.error();
    if (const auto status = backward.status(); !status) return status.error();
    if (in_order) NACRE_CHECK(reversed && seen == forward);
    contents.merge(forward);
  }
  return contents;
}

}  // namespace nacre::fuzz
