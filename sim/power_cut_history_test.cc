// Random histories of files and names under every crash profile: no byte that nobody wrote, nothing gone that was synced.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/test_disk.h"

namespace nacre::sim {
namespace {

// A random history of files and names, and the rules that hold for every profile.
class History {
 public:
  explicit History(uint64_t seed) : seed_(seed), prng_(seed), t_(plain_options(seed)) { sync_directory(); }

  void step() {
    const std::string name = draw_name();
    switch (prng_.below(6)) {
      case 0:
      case 1: return now_.contains(name) ? append(*now_[name]) : create(name);
      case 2: return sync_file(name);
      case 3: return rename(name, draw_name());
      case 4: return remove(name);
      case 5:
        if (prng_.one_in(3)) sync_directory();
    }
  }

  void cut_and_check(CrashProfile profile) {
    t_.cut(profile);
    for (const std::string& name : kNames) {
      if (t_.exists(name)) {
        EXPECT_TRUE(explained(name)) << name << " has bytes that nobody wrote there, seed " << seed_ << " "
                                     << to_string(profile);
      } else {
        EXPECT_TRUE(may_lack_[name]) << name << " is gone, seed " << seed_ << " " << to_string(profile);
      }
    }
  }

 private:
  struct File {
    std::string data;  // no byte is zero, and each tells which file it is of
    size_t synced = 0;
    std::unique_ptr<WritableFile> handle;
  };
  static inline const std::vector<std::string> kNames = {"a", "b", "c", "d"};

  std::string draw_name() { return kNames[prng_.below(kNames.size())]; }

  // Writes down what the name means now.
  void note(const std::string& name) {
    if (now_.contains(name)) {
      ever_[name].insert(now_[name]);
    } else {
      may_lack_[name] = true;
    }
  }
  void create(const std::string& name) {
    auto file = std::make_shared<File>();
    file->handle = t_.directory->create(name).value();
    file_count_ += 1;
    note(name);
    now_[name] = file;
    note(name);
  }
  void append(File& file) {
    const std::string more(1 + prng_.below(1500), static_cast<char>(1 + file_count_ % 100));
    file.handle->append(more).value();
    file.data += more;
  }
  void sync_file(const std::string& name) {
    if (!now_.contains(name)) return;
    now_[name]->handle->sync().value();
    now_[name]->synced = now_[name]->data.size();
  }
  void rename(const std::string& from, const std::string& to) {
    if (!now_.contains(from) || from == to) return;
    t_.directory->rename(from, to).value();
    note(to);
    now_[to] = now_[from];
    now_.erase(from);
    note(from);
    note(to);
  }
  void remove(const std::string& name) {
    if (!now_.contains(name)) return;
    t_.directory->remove(name).value();
    now_.erase(name);
    note(name);
  }
  void sync_directory() {
    t_.directory->sync().value();
    ever_.clear();
    may_lack_.clear();
    for (const std::string& name : kNames) note(name);
  }

  // What the name holds is what some file that had this name held: all that was synced, then its bytes or zeros.
  bool explained(const std::string& name) {
    const std::string content = t_.content(name);
    return std::any_of(ever_[name].begin(), ever_[name].end(), [&](const auto& file) {
      if (content.size() < file->synced || content.size() > file->data.size()) return false;
      for (size_t i = 0; i < content.size(); ++i) {
        if (content[i] != file->data[i] && (i < file->synced || content[i] != '\0')) return false;
      }
      return true;
    });
  }

  const uint64_t seed_;
  base::Prng prng_;
  TestDisk t_;
  uint64_t file_count_ = 0;
  std::map<std::string, std::shared_ptr<File>> now_;             // what the process sees
  std::map<std::string, std::set<std::shared_ptr<File>>> ever_;  // what a name has meant since the directory's sync
  std::map<std::string, bool> may_lack_;                         // whether it meant nothing at some time since
};

TEST(PowerCut, RandomHistories) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    History history(seed);
    for (int i = 0; i < 40; ++i) history.step();
    history.cut_and_check(kAllProfiles[seed % std::size(kAllProfiles)]);
  }
}

}  // namespace
}  // namespace nacre::sim
