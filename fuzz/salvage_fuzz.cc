// Damaged databases under inspect() and repair(): every file, and the directory, is described without harm, and nothing is changed. What is
// repaired passes a check and can be read; and with raw damage each key is right, or the report says that it may not be.

#include "fuzz/database_image.h"
#include "nacre/nacre.h"

namespace nacre::fuzz {
namespace {

using os::MemoryFileSystem;

// Two directories, "db" and "new"; nothing else is one.
class TwoDirectories final : public FileSystem {
 public:
  explicit TwoDirectories(const MemoryFileSystem::Image& image) : source_(image) {}

  Result<std::unique_ptr<Directory>> open_directory(const std::string& path, bool create) override {
    if (path == "db") return source_.open_directory(path, create);
    if (path == "new") return target_.open_directory(path, create);
    return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kOpen};
  }
  void read_batch(std::span<ReadRequest> requests) override { source_.read_batch(requests); }
  MemoryFileSystem::Image source() const { return source_.image(); }

 private:
  MemoryFileSystem source_;
  MemoryFileSystem target_;
};

uint64_t inspect_all(const MemoryFileSystem::Image& image, const Runtime& runtime, const InspectOptions& options) {
  uint64_t items = 0;
  const auto count = [&items](const InspectItem& item) {
    NACRE_CHECK(item.what[0] != '\0');
    items++;
    return true;
  };
  const auto whole = inspect("db", options, count, runtime);
  NACRE_CHECK(whole || whole.error().kind == ErrorKind::kNotFound ||  // no file that holds data is left
              whole.error().kind == ErrorKind::kInvalidArgument);
  for (const auto& [name, contents] : image) {
    const auto inspected = inspect("db/" + name, options, count, runtime);
    NACRE_CHECK(inspected || inspected.error().kind == ErrorKind::kInvalidArgument);  // one of somebody else
  }
  return items;
}

void expect_right(const RepairReport& report, const Contents& expected, const Contents& found) {
  const auto doubtful = [&](const std::string& name) {
    const size_t slash = name.find('/');
    return report.is_doubtful(name.substr(0, slash), name.substr(slash + 1));
  };
  for (const auto& [name, value] : expected) {
    const auto there = found.find(name);
    NACRE_CHECK(doubtful(name) || (there != found.end() && there->second == value));
  }
  for (const auto& [name, value] : found) NACRE_CHECK(doubtful(name) || expected.contains(name));
}

void run(Bytes bytes) {
  Input input(bytes);
  const DatabaseImage& sample = database_images()[input.below(database_images().size())];
  const uint8_t how = input.byte();
  const bool mended = (how & 1) != 0;
  MemoryFileSystem::Image image = sample.files;
  const uint64_t changes = (how >> 4) % 5;
  bool one_bit = changes == 1;
  for (uint64_t i = 0; i < changes; i++) one_bit &= change_files(image, input);
  if (mended) mend_files(image);
  const auto files = std::make_shared<TwoDirectories>(image);
  Runtime runtime = Runtime::standard();
  runtime.file_system = files;
  inspect_all(image, runtime, {.entries = (how & 2) != 0, .values = (how & 4) != 0});
  const auto report =
      repair("db", "new", {.log_past_damage = (how & 8) != 0, .memory_bytes = kMinMemoryBytes}, runtime);
  NACRE_CHECK(files->source() == image);
  if (!report) {
    NACRE_CHECK(report.error().kind == ErrorKind::kNotFound);
    return;
  }
  Db db = Db::open("new", small_options(OpenMode::kMustExist), runtime).value();
  NACRE_CHECK(db.check().value().empty());
  const auto found = read_all(db).value();
  // Bits of the end of a killed process's log may take that end with them.
  if (!mended && (changes == 0 || (one_bit && !sample.killed))) expect_right(*report, sample.contents, found);
  if (changes == 0) NACRE_CHECK(report->complete() || sample.killed);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (char sample = 0; sample < 4; sample++) {
    all.push_back({sample, 6});
    for (char file = 0; file < 8; file++) {
      all.push_back({sample, static_cast<char>(0x16), 9, file, static_cast<char>(0x0f), 0, 90});
      all.push_back(
          {sample, static_cast<char>(0x1f), 9, file, static_cast<char>(0xc3), 0, 100, static_cast<char>(0x80), 1});
    }
    all.push_back({sample, 0x16, 0, 2});
    all.push_back({sample, 0x16, 1, 2, 3});
  }
  return all;
}

const Registration kHere(
    {.name = "salvage", .run = run, .seeds = seeds, .heap_budget_bytes = uint64_t{96} << 20, .replay_mutations = 12});

}  // namespace
}  // namespace nacre::fuzz
