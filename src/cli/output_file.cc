#include "cli/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace nacre::cli {

namespace {

constexpr const char* kExists = "there is such a file already; --force replaces it";
constexpr const char* kNotComplete = "writing failed; what is there is not complete";
constexpr const char* kRemoved = "writing failed; the unfinished file was removed";

// The file that a chain of symbolic links ends at, so that it is replaced and not the link.
std::string resolved(const std::string& file) {
  char* const real = ::realpath(file.c_str(), nullptr);
  if (real == nullptr) return file;
  std::string name(real);
  std::free(real);
  return name;
}

void sync_directory_of(const std::string& file) {
  const size_t slash = file.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : file.substr(0, slash + 1);
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

OutputFile::~OutputFile() { give_up(); }

void OutputFile::give_up() {
  if (descriptor_ >= 0 && !standard_) ::close(descriptor_);
  if (!partial_.empty()) ::unlink(partial_.c_str());
  descriptor_ = -1;
  partial_.clear();
}

OutputFile::Failure OutputFile::open(const std::string& file, bool replace) {
  standard_ = file.empty() || file == "-";
  replace_ = replace;
  if (standard_) {
    descriptor_ = STDOUT_FILENO;
    return {};
  }
  name_ = resolved(file);
  struct stat status{};
  if (::stat(name_.c_str(), &status) != 0) {
    if (errno != ENOENT) return {"cannot be written", errno};
    return open_beside();
  }
  if (S_ISDIR(status.st_mode)) return {"cannot be written", EISDIR};
  if (S_ISREG(status.st_mode)) return replace ? open_beside() : Failure{kExists, 0};
  descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CLOEXEC);
  return descriptor_ < 0 ? Failure{"cannot be written", errno} : Failure{};
}

OutputFile::Failure OutputFile::open_beside() {
  const std::string beside = name_ + "." + std::to_string(::getpid()) + ".partial";
  for (int attempt = 0; attempt < 2 && descriptor_ < 0; attempt++) {
    descriptor_ = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno == EEXIST) ::unlink(beside.c_str());  // of a dead process that had this number
  }
  if (descriptor_ < 0) return {"cannot be written", errno};
  partial_ = beside;
  return {};
}

OutputFile::Failure OutputFile::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
      (void)::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return {partial_.empty() ? kNotComplete : kRemoved, errno};
    }
  }
  return {};
}

OutputFile::Failure OutputFile::give_name() {
  if (replace_) return ::rename(partial_.c_str(), name_.c_str()) == 0 ? Failure{} : Failure{kRemoved, errno};
  // Unlike a rename, a link never replaces a file that has come meanwhile.
  if (::link(partial_.c_str(), name_.c_str()) == 0) {
    ::unlink(partial_.c_str());
    return {};
  }
  if (errno == EEXIST) return {kExists, 0};
  if (::access(name_.c_str(), F_OK) == 0) return {kExists, 0};  // a file system without links
  return ::rename(partial_.c_str(), name_.c_str()) == 0 ? Failure{} : Failure{kRemoved, errno};
}

OutputFile::Failure OutputFile::finish() {
  if (partial_.empty()) {
    if (standard_) return {};
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    return closed == 0 ? Failure{} : Failure{kNotComplete, errno};
  }
  if (::fsync(descriptor_) != 0) return {kRemoved, errno};
  if (const Failure failure = give_name()) return failure;
  partial_.clear();
  sync_directory_of(name_);
  return {};
}

}  // namespace nacre::cli
