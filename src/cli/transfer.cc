// import and export: TSV in and out, streamed.
//
// Import writes in input order from one thread, several lines to a batch: whatever stops it, a prefix of the input is in
// the database, never a hole.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

constexpr uint64_t kBatchBytes = 256 << 10;

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin && file != stdout) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

struct FreeLine {
  void operator()(char* line) const { std::free(line); }
};

uint64_t size_of(std::FILE* file) {
  struct stat status{};
  if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<uint64_t>(status.st_size);
}

int fail_file(const std::string& file, const char* what) {
  std::fprintf(stderr, "nacre: %s: %s: %s\n", file.c_str(), what, std::strerror(errno));
  return kFailure;
}

class Importer {
 public:
  Importer(Session& session, const CommonOptions& common) : session_(session), options_(common.write_options()) {}

  Result<void> add(const TsvEntry& entry) {
    batch_.put(session_.keyspace, entry.key, entry.value);
    pending_++;
    if (batch_.size_bytes() >= kBatchBytes) return write();
    return {};
  }
  // Everything added so far is in the database after this.
  Result<void> write() {
    if (pending_ == 0) return {};
    if (const auto written = session_.db.write(batch_, options_); !written) return written;
    kept_ += pending_;
    pending_ = 0;
    batch_.clear();
    return {};
  }
  uint64_t kept() const { return kept_; }

 private:
  Session& session_;
  WriteOptions options_;
  Batch batch_;
  uint64_t pending_ = 0;
  uint64_t kept_ = 0;
};

constexpr uint64_t kLargestEntryBytes = Options{}.memory_bytes / 4 - 64;  // see Batch; the rest is its encoding

const char* over_limit(const TsvEntry& entry) {
  if (entry.key.size() > kMaxKeyBytes) return "the key is longer than 64 KiB";
  if (entry.key.size() + entry.value.size() > kLargestEntryBytes)
    return "key and value are together longer than 128 MiB";
  return nullptr;
}

std::string counted(uint64_t entries) { return std::to_string(entries) + (entries == 1 ? " entry" : " entries"); }

// Reads lines until the end or the first one that is wrong. What came before it is written either way.
int import_lines(std::FILE* in, const std::string& name, Importer& importer) {
  Progress progress("import", size_of(in));
  char* buffer = nullptr;
  size_t room = 0;
  uint64_t line_number = 0;
  uint64_t bytes = 0;
  const char* wrong = nullptr;
  Result<void> written;
  TsvEntry entry;
  ssize_t length = 0;
  while (wrong == nullptr && written && (length = getline(&buffer, &room, in)) >= 0) {
    line_number++;
    bytes += static_cast<uint64_t>(length);
    Bytes line(buffer, static_cast<size_t>(length));
    if (line.ends_with('\n')) line.remove_suffix(1);
    wrong = parse_tsv_line(line, entry);
    if (wrong == nullptr) wrong = over_limit(entry);
    if (wrong == nullptr) written = importer.add(entry);
    progress.update(bytes, line_number);
  }
  const bool read_failed = std::ferror(in) != 0;
  const int read_errno = errno;
  std::free(buffer);
  if (written) written = importer.write();
  const std::string kept = counted(importer.kept()) + (importer.kept() == 1 ? " is" : " are") + " in the database";
  if (!written) {
    (void)fail(name + " (" + kept + ": those of the first lines)", written.error());
    return kFailure;
  }
  if (wrong != nullptr) {
    std::fprintf(stderr, "nacre: %s line %llu: %s (%s: those of the lines before it)\n", name.c_str(),
                 static_cast<unsigned long long>(line_number), wrong, kept.c_str());
    return kFailure;
  }
  if (read_failed) {
    errno = read_errno;
    return fail_file(name, ("reading failed; " + kept).c_str());
  }
  return kSuccess;
}

Result<uint64_t> export_entries(Session& session, std::FILE* out) {
  Progress progress("export", 0);
  Scan scan = session.keyspace.scan();
  std::string line;
  uint64_t entries = 0;
  uint64_t bytes = 0;
  for (const auto& [key, value] : scan) {
    line.clear();
    append_escaped(line, key);
    line += '\t';
    append_escaped(line, value);
    line += '\n';
    if (std::fwrite(line.data(), 1, line.size(), out) != line.size()) break;
    entries++;
    bytes += line.size();
    progress.update(bytes, entries);
  }
  if (const auto status = scan.status(); !status) return status.error();
  return entries;
}

bool is_standard(const std::string& file) { return file.empty() || file == "-"; }

// Null after words about it.
File open_input(const std::string& file) {
  File in(is_standard(file) ? stdin : std::fopen(file.c_str(), "rb"));
  struct stat status{};
  if (in != nullptr && fstat(fileno(in.get()), &status) == 0 && S_ISDIR(status.st_mode)) {
    in.reset();
    errno = EISDIR;
  }
  if (in == nullptr) (void)fail_file(file, "cannot be read");
  return in;
}

int import_from(std::FILE* in, Session& session, const CommonOptions& common, const std::string& file, bool close) {
  Importer importer(session, common);
  int exit_code = import_lines(in, is_standard(file) ? "standard input" : file, importer);
  if (close) exit_code = finish(session, exit_code);
  if (exit_code == kSuccess) std::fprintf(stderr, "imported %s\n", counted(importer.kept()).c_str());
  return exit_code;
}

}  // namespace

int import_file(Session& session, const CommonOptions& common, const std::string& file) {
  const File in = open_input(file);
  return in == nullptr ? kFailure : import_from(in.get(), session, common, file, false);
}

int run_import(const CommonOptions& common, const std::string& file) {
  const File in = open_input(file);
  if (in == nullptr) return kFailure;
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kCreateIfMissing, &exit_code);
  if (!session) return exit_code;
  return import_from(in.get(), *session, common, file, true);
}

int export_file(Session& session, const CommonOptions&, const std::string& file) {
  const File out(is_standard(file) ? stdout : std::fopen(file.c_str(), "wb"));
  if (out == nullptr) return fail_file(file, "cannot be written");
  const auto entries = export_entries(session, out.get());
  if (!entries) return fail("export", entries.error());
  if (std::fflush(out.get()) != 0 || std::ferror(out.get()) != 0) {
    return fail_file(is_standard(file) ? "standard output" : file, "writing failed; what is there is not complete");
  }
  if (!is_standard(file)) std::fprintf(stderr, "exported %s\n", counted(*entries).c_str());
  return kSuccess;
}

int run_export(const CommonOptions& common, const std::string& file) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  return session ? export_file(*session, common, file) : exit_code;
}

}  // namespace nacre::cli
