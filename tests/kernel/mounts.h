// File systems for tests: small ones that fill up, ones that become read-only. For root; each says why it cannot be had.
//
// They are mounted in a namespace of the test program's own, which it enters before it has threads: whatever becomes of the
// program, its mounts end with it, and loop devices clear themselves.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "os/testing.h"

namespace nacre::kernel_tests {

class OwnMounts : public testing::Environment {
 public:
  void SetUp() override {
    if (!os::is_root()) {
      why_not() = "it needs root";
    } else if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      why_not() = std::string("no mount namespace of its own: ") + std::strerror(errno);
    }
  }
  static std::string& why_not() {
    static std::string reason;
    return reason;
  }
};

inline bool shell(const std::string& commands) {
  return std::system(("exec >/dev/null 2>&1; set -e; " + commands).c_str()) == 0;
}

// A mounted file system; why_not() is empty if it is there.
class Mounted {
 public:
  // `kind`: tmpfs, ext4, btrfs, or quota (a quota of a btrfs); of `mebibytes`.
  Mounted(const std::string& kind, int mebibytes) : kind_(kind) {
    why_not_ = OwnMounts::why_not();
    if (!why_not_.empty()) return;
    const std::string size = std::to_string(mebibytes) + "M";
    if (::mount("nacre-test", outer_.path().c_str(), "tmpfs", 0, kind == "tmpfs" ? ("size=" + size).c_str() : "") !=
        0) {
      why_not_ = "a tmpfs cannot be mounted";
      return;
    }
    where_ = outer_.path();
    if (kind != "tmpfs") mount_image(size);
  }
  ~Mounted() {
    if (where_ != outer_.path()) ::umount2(mount_point().c_str(), MNT_DETACH);
    ::umount2(outer_.path().c_str(), MNT_DETACH);
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

  const std::string& why_not() const { return why_not_; }
  const std::string& where() const { return where_; }
  std::string mount_point() const { return outer_ / "mnt"; }
  // Takes all space but some, until it is given back.
  std::string ballast() const { return where_ + "/ballast"; }
  bool remount(const std::string& options) const {
    return shell("umount " + mount_point() + "; mount -o loop," + options + " " + (outer_ / "image") + " " +
                 mount_point());
  }
  // What ext4 does when it finds itself damaged: it lets nobody write any more.
  bool become_read_only() const {
    return shell("echo 1 >/sys/fs/ext4/$(basename $(findmnt -no SOURCE " + mount_point() + "))/trigger_fs_error");
  }

 private:
  void mount_image(const std::string& size) {
    ::mkdir(mount_point().c_str(), 0700);
    const std::string image = outer_ / "image";
    const std::string mount = "mount -o loop,errors=remount-ro " + image + " " + mount_point();
    where_ = mount_point();
    if (kind_ == "ext4") {
      if (!shell("truncate -s " + size + " " + image + "; mkfs.ext4 -q -F -m 0 " + image + "; " + mount))
        why_not_ = "no ext4 on a loop device: are mkfs.ext4 and mount installed, and has this kernel loop devices?";
    } else if (kind_ == "btrfs") {
      if (!shell("truncate -s " + size + " " + image + "; mkfs.btrfs -q -m single " + image + "; mount -o loop " +
                 image + " " + mount_point()))
        why_not_ = "no btrfs on a loop device: is btrfs-progs installed, and has this kernel btrfs?";
    } else {
      where_ = mount_point() + "/limited";
      if (!shell("truncate -s 512M " + image + "; mkfs.btrfs -q " + image + "; mount -o loop " + image + " " +
                 mount_point() + "; btrfs quota enable " + mount_point() + "; btrfs subvolume create " + where_ +
                 "; btrfs qgroup limit " + size + " " + where_))
        why_not_ = "no btrfs with a quota on a loop device: is btrfs-progs installed, and has this kernel btrfs?";
    }
  }

  const std::string kind_;
  os::TemporaryDirectory outer_;
  std::string where_;
  std::string why_not_;
};

}  // namespace nacre::kernel_tests
