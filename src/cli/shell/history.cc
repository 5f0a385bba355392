#include "cli/shell/history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace nacre::cli {

std::string history_file() {
  if (const char* named = std::getenv("NACRE_HISTORY")) return named;
  std::string state;
  if (const char* named = std::getenv("XDG_STATE_HOME"); named != nullptr && *named == '/') {
    state = named;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    state = std::string(home) + "/.local/state";
  } else {
    return {};
  }
  return state + "/nacre/history";
}

History::History(std::string file) : file_(std::move(file)) { load(); }

void History::load() {
  if (file_.empty()) return;
  std::error_code error;
  if (!std::filesystem::is_regular_file(file_, error)) return;  // a device or a pipe would never end
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file_.c_str(), "rb"), std::fclose);
  if (in == nullptr) return;
  char* buffer = nullptr;
  size_t room = 0;
  ssize_t length = 0;
  while ((length = getline(&buffer, &room, in.get())) >= 0) {
    Bytes line(buffer, static_cast<size_t>(length));
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (!line.empty() && line.find('\0') == Bytes::npos) lines_.emplace_back(line);
  }
  std::free(buffer);
  if (lines_.size() <= kKept) return;
  const bool long_file = lines_.size() >= 2 * kKept;
  lines_.erase(lines_.begin(), lines_.end() - kKept);
  if (!long_file) return;
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  append(text, true);
}

bool History::add(Bytes line) {
  if (line.empty() || line.front() == ' ' || line.find('\n') != Bytes::npos) return false;
  if (!lines_.empty() && lines_.back() == line) return false;
  lines_.emplace_back(line);
  append(lines_.back() + "\n", false);
  return true;
}

void History::append(const std::string& text, bool replace) const {
  if (file_.empty()) return;
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(file_).parent_path();
  if (!folder.empty() && !std::filesystem::exists(folder, error)) {
    const mode_t before = umask(077);
    std::filesystem::create_directories(folder, error);
    umask(before);
  }
  // O_NONBLOCK: a pipe without a reader must not hold up the shell.
  const int descriptor =
      open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (replace ? O_TRUNC : O_APPEND), 0600);
  if (descriptor < 0) return;
  struct stat status{};
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    if ((status.st_mode & 077) != 0 && status.st_uid == geteuid()) (void)fchmod(descriptor, 0600);
    (void)!write(descriptor, text.data(), text.size());
  }
  close(descriptor);
}

}  // namespace nacre::cli
