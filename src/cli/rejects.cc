#include "cli/rejects.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "cli/terminal.h"

namespace nacre::cli {

Rejects::~Rejects() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Rejects::open() {
  if (file_.empty()) return true;
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  return descriptor_ >= 0;
}

bool Rejects::add(const Complaint& complaint, Bytes record) {
  if (count_ < kTold) {
    std::fprintf(stderr, "nacre: %s %s: %s (rejected)\n", visible(input_).c_str(), to_string(complaint).c_str(),
                 complaint.words.c_str());
  } else if (count_ == kTold) {
    std::fprintf(stderr, "nacre: more was rejected and is not told\n");
  }
  count_++;
  if (descriptor_ < 0) return true;
  std::string whole(record);
  if (!whole.ends_with('\n')) whole += '\n';
  for (Bytes left = whole; !left.empty();) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written >= 0) left.remove_prefix(static_cast<size_t>(written));
    if (written < 0 && errno != EINTR) return false;
  }
  return true;
}

}  // namespace nacre::cli
