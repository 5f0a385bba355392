#include "sim/campaign/shrinker.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre::sim {

namespace {

class Shrinker {
 public:
  Shrinker(size_t parts, const ShrinkLimits& limits, const std::function<bool(const Workload::Keep&)>& still_fails)
      : limits_(limits), still_fails_(still_fails), parts_(parts) {
    for (size_t i = 0; i < parts; ++i) left_.push_back(i);
  }

  Shrunk run() {
    for (size_t piece = (left_.size() + 1) / 2; piece > 1 && !at_limit(); piece = (piece + 1) / 2) pass(piece);
    while (!at_limit()) {
      if (pass(1)) continue;
      smallest_ = !at_limit();
      break;
    }
    return {.keep = keep(left_), .runs = runs_, .smallest = smallest_};
  }

 private:
  bool at_limit() const { return runs_ >= limits_.runs || std::chrono::steady_clock::now() - began_ > limits_.time; }

  Workload::Keep keep(const std::vector<size_t>& parts) const {
    Workload::Keep flags(parts_, false);
    for (const size_t part : parts) flags[part] = true;
    return flags;
  }

  // Tries to do without each piece of so many parts. True if any went.
  bool pass(size_t piece) {
    bool any = false;
    for (size_t end = left_.size(); end > 0 && !at_limit();) {
      const size_t begin = end > piece ? end - piece : 0;
      std::vector<size_t> fewer = left_;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(begin), fewer.begin() + static_cast<std::ptrdiff_t>(end));
      ++runs_;
      if (still_fails_(keep(fewer))) {
        left_ = std::move(fewer);
        any = true;
      }
      end = begin;
    }
    return any;
  }

  const ShrinkLimits limits_;
  const std::function<bool(const Workload::Keep&)>& still_fails_;
  const size_t parts_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::vector<size_t> left_;
  uint64_t runs_ = 0;
  bool smallest_ = false;
};

}  // namespace

Shrunk shrink(size_t parts, const ShrinkLimits& limits, const std::function<bool(const Workload::Keep&)>& still_fails) {
  return Shrinker(parts, limits, still_fails).run();
}

}  // namespace nacre::sim
