// What the tests of the disk share: a disk with one directory, and short ways to write, store and read.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "sim/sim_disk.h"

namespace nacre::sim {

// A disk without latency and write buffer, so that a test sees the effect of each call at once.
inline DiskOptions plain_options(uint64_t seed = 1) {
  DiskOptions options;
  options.seed = seed;
  options.latency_ns_min = options.latency_ns_max = 0;
  options.write_buffer_bytes = 0;
  return options;
}

struct TestDisk {
  explicit TestDisk(const DiskOptions& options = plain_options()) : disk(SimDisk::create(options)) { reopen(); }

  void reopen() { directory = disk->file_system()->open_directory("db", true).value(); }
  void cut(CrashProfile profile) {
    disk->power_cut(profile);
    disk->restart();
    reopen();
  }
  void kill() {
    disk->kill_process();
    disk->restart();
    reopen();
  }

  // Creates a file and appends to it; syncs it and the directory if asked.
  std::unique_ptr<WritableFile> write(const std::string& name, Bytes data, bool sync = false) {
    auto file = directory->create(name).value();
    file->append(data).value();
    if (sync) {
      file->sync().value();
      directory->sync().value();
    }
    return file;
  }
  // Stores into a mapped file and reports it.
  static void store(MappedFile& file, uint64_t offset, Bytes data) {
    std::memcpy(file.data() + offset, data.data(), data.size());
    file.stored(offset, offset + data.size());
  }
  bool exists(const std::string& name) const { return disk->exists("db/" + name); }
  std::string content(const std::string& name) const { return disk->content("db/" + name); }
  Faults& faults() { return disk->faults(); }

  std::shared_ptr<SimDisk> disk;
  std::unique_ptr<Directory> directory;
};

inline std::string read_all(Directory& directory, const std::string& name) {
  auto file = directory.open_read(name).value();
  std::string bytes(file->size_bytes(), '\0');
  EXPECT_EQ(file->read(0, bytes).value(), bytes.size());
  return bytes;
}

inline constexpr CrashProfile kAllProfiles[] = {CrashProfile::kNothing, CrashProfile::kPrefix, CrashProfile::kTorn,
                                                CrashProfile::kPosixMin, CrashProfile::kEverything};

}  // namespace nacre::sim
