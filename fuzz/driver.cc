#include "fuzz/driver.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "fuzz/heap_meter.h"

namespace nacre::fuzz {

const Target* find_target(const std::string& name) {
  for (const Target& target : targets()) {
    if (name == target.name) return &target;
  }
  return nullptr;
}

std::vector<const Target*> sorted_targets() {
  std::vector<const Target*> sorted;
  for (const Target& target : targets()) sorted.push_back(&target);
  std::sort(sorted.begin(), sorted.end(), [](const Target* a, const Target* b) { return Bytes(a->name) < b->name; });
  return sorted;
}

void run_once(const Target& target, Bytes input) {
  HeapMeter::reset();
  target.run(input);
  const uint64_t allowed = target.heap_budget_bytes + kHeapFactor * input.size();
  if (const uint64_t peak = HeapMeter::peak_bytes(); peak > allowed) {
    std::fprintf(stderr, "%s held %" PRIu64 " bytes of the heap for an input of %zu bytes, %" PRIu64 " at most\n",
                 target.name, peak, input.size(), allowed);
    std::abort();
  }
}

bool write_seeds(const Target& target, const std::string& directory) {
  size_t number = 0;
  for (const std::string& seed : target.seeds()) {
    std::ofstream file(directory + "/seed-" + std::to_string(number++), std::ios::binary);
    file << seed;
    if (!file.flush()) return false;
  }
  return true;
}

}  // namespace nacre::fuzz
