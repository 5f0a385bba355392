// What tests need of the system: directories of their own, other users, other processes. Included by tests only.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "nacre/runtime.h"
#include "os/posix.h"

namespace nacre::os {

// A new directory under the system's temporary one, removed with all its contents at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/nacre-test-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) {
      std::perror(path_.c_str());
      std::abort();
    }
  }
  ~TemporaryDirectory() { remove_tree(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::unique_ptr<Directory> open() const { return posix_file_system()->open_directory(path_, false).value(); }

 private:
  static void remove_tree(const std::string& path) {
    if (DIR* stream = ::opendir(path.c_str())) {
      std::vector<std::string> names;
      while (const dirent* entry = ::readdir(stream)) names.emplace_back(entry->d_name);
      ::closedir(stream);
      for (const std::string& name : names) {
        if (name == "." || name == "..") continue;
        const std::string inner = path + "/" + name;
        struct stat status = {};
        if (::lstat(inner.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
          remove_tree(inner);
        } else {
          ::unlink(inner.c_str());
        }
      }
    }
    ::rmdir(path.c_str());
  }

  std::string path_;
};

#if defined(__SANITIZE_THREAD__)
#define NACRE_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NACRE_THREAD_SANITIZER 1
#endif
#endif
#ifdef NACRE_THREAD_SANITIZER
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif

inline bool is_root() { return ::geteuid() == 0; }

inline constexpr uid_t kNobody = 65534;

// Runs `body` as a user without privileges, on a thread of its own: the bare calls change the credentials of one
// thread. For root only.
inline void as_nobody(const std::function<void()>& body) {
  std::thread([&] {
    ASSERT_EQ(::syscall(SYS_setresgid, kNobody, kNobody, kNobody), 0);
    ASSERT_EQ(::syscall(SYS_setresuid, kNobody, kNobody, kNobody), 0);
    body();
  }).join();
}

// Runs `body` in a forked child and returns its exit code; 128 + n if signal n ended it.
inline int in_child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Runs one test of this program in a fresh process; the result is as for in_child. It is named DISABLED_ because it is the
// child's half of the test that calls this: nothing is skipped, it runs whenever that one does, and alone it means nothing.
inline int in_fresh_process(const std::string& test) {
  return in_child([&] {
    const std::string filter = "--gtest_filter=" + test;
    ::execl("/proc/self/exe", "test", filter.c_str(), "--gtest_also_run_disabled_tests", "--gtest_brief=1",
            static_cast<char*>(nullptr));
    return 127;
  });
}

// A small file system in memory, mounted on a directory of its own. mounted() is false where that is not allowed.
class SmallFileSystem {
 public:
  explicit SmallFileSystem(const std::string& options) {
    mounted_ = ::mount("nacre-test", where_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
    if (!mounted_) std::perror("SKIPPED, and so not tested on this machine: mounting a tmpfs");
  }
  ~SmallFileSystem() {
    if (mounted_) ::umount2(where_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool make_read_only() const {
    return ::mount(nullptr, where_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }
  const TemporaryDirectory& where() const { return where_; }

 private:
  TemporaryDirectory where_;
  bool mounted_ = false;
};

inline void make_directory(const std::string& path) { ASSERT_EQ(::mkdir(path.c_str(), 0700), 0) << path; }
inline void make_link(const std::string& target, const std::string& path) {
  ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0) << path;
}
// Of a file, a link or an empty directory.
inline void remove_name(const std::string& path) {
  const bool removed = ::unlink(path.c_str()) == 0 || ::rmdir(path.c_str()) == 0;
  ASSERT_TRUE(removed) << path;
}
inline bool exists(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0;
}
inline uint32_t mode_of(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

inline std::string slurp(const std::string& path) {
  std::string text;
  if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
    char piece[4096];
    while (const size_t got = std::fread(piece, 1, sizeof piece, file)) text.append(piece, got);
    std::fclose(file);
  }
  return text;
}

inline void spill(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr) << path;
  ASSERT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
  ASSERT_EQ(std::fclose(file), 0);
}

}  // namespace nacre::os
