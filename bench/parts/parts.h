// Micro benchmarks of the engine's parts, each with its floor beside it: the least that a part could do on this machine, for
// the same bytes. A benchmark "Part/Floor" is a floor.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/prng.h"
#include "bench/data/keys.h"

namespace bench {

inline constexpr uint64_t kPartsSeed = 20260101;

// Keys of 16 bytes in random or in ascending order, and a value of 100 bytes.
class Entries {
 public:
  explicit Entries(size_t count, bool ascending = false) : keys_({}, count), value_(100, 'v') {
    nacre::base::Prng random(kPartsSeed);
    for (size_t i = 0; i < count; i++) views_.push_back(keys_.write(ascending ? i : random.next(), i));
  }
  std::string_view key(size_t i) const { return views_[i]; }
  std::string_view value() const { return value_; }
  size_t count() const { return views_.size(); }

 private:
  KeyBuffer keys_;
  std::vector<std::string_view> views_;
  std::string value_;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = (std::filesystem::temp_directory_path() / "nacre-bench-parts-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace bench
