// nacre-fuzz-replay: the same targets without libFuzzer, for any compiler: replays files, and a fixed number of mutations of the seeds.
//
//   nacre-fuzz-replay TARGET [FILE-OR-DIRECTORY...]   runs the target on its seeds, on mutations of them, and on each file
//   nacre-fuzz-replay TARGET --only FILE...           on these files alone
//   nacre-fuzz-replay --corpora DIRECTORY             whether DIRECTORY has a folder for each target and for nothing else, none too large
//   nacre-fuzz-replay                                 lists the targets
//
// Ends with 0 if nothing was found; a target that finds something ends the process, and the last line says with which input.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/driver.h"

namespace {

using nacre::fuzz::Target;

constexpr ptrdiff_t kMostFiles = 64;  // of one corpus: a few that reach everything can be reviewed and replayed often

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A few changes of the kinds that find most: a bit, a byte, a number, a piece doubled or left out, the end cut off.
std::string mutated(std::string bytes, nacre::base::Prng& random) {
  for (uint64_t changes = 1 + random.below(4); changes > 0 && !bytes.empty(); changes--) {
    const size_t at = random.below(bytes.size());
    const size_t length = std::min<size_t>(1 + random.below(16), bytes.size() - at);
    switch (random.below(6)) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8))); break;
      case 1: bytes[at] = static_cast<char>(random.next()); break;
      case 2: bytes.replace(at, length, length, random.one_in(2) ? '\xff' : '\0'); break;
      case 3: bytes.insert(at, bytes.substr(at, length)); break;
      case 4: bytes.erase(at, length); break;
      default: bytes.resize(at);
    }
  }
  return bytes;
}

void replay_seeds(const Target& target) {
  nacre::base::Prng random(1);
  for (const std::string& seed : target.seeds()) {
    nacre::fuzz::run_once(target, seed);
    for (uint32_t i = 0; i < target.replay_mutations; i++) nacre::fuzz::run_once(target, mutated(seed, random));
  }
}

size_t replay(const Target& target, const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) {
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    nacre::fuzz::run_once(target, slurp(path));
    return 1;
  }
  size_t files = 0;
  std::vector<std::filesystem::path> inside;
  for (const auto& entry : std::filesystem::directory_iterator(path)) inside.push_back(entry.path());
  std::sort(inside.begin(), inside.end());
  for (const auto& file : inside) files += replay(target, file);
  return files;
}

bool has_every_corpus(const std::filesystem::path& directory) {
  bool all = true;
  for (const Target* target : nacre::fuzz::sorted_targets()) {
    const std::filesystem::path corpus = directory / target->name;
    const bool there = std::filesystem::is_directory(corpus);
    const auto files = there ? std::distance(std::filesystem::directory_iterator(corpus), {}) : 0;
    if (!there) std::printf("%s has no corpus\n", target->name);
    if (files > kMostFiles)
      std::printf("%s has %td files in its corpus, %td at most\n", target->name, files, kMostFiles);
    all &= there && files <= kMostFiles;
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (nacre::fuzz::find_target(entry.path().filename()) != nullptr) continue;
    std::printf("%s is the corpus of no target\n", entry.path().c_str());
    all = false;
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--corpora") return has_every_corpus(argv[2]) ? 0 : 1;
  const Target* target = argc > 1 ? nacre::fuzz::find_target(argv[1]) : nullptr;
  if (target == nullptr) {
    for (const auto* known : nacre::fuzz::sorted_targets()) std::puts(known->name);
    return argc > 1 ? 2 : 0;
  }
  const bool only = argc > 2 && std::string(argv[2]) == "--only";
  if (!only) replay_seeds(*target);
  size_t files = 0;
  for (int i = only ? 3 : 2; i < argc; i++) files += replay(*target, argv[i]);
  std::printf("%s: %zu files\n", target->name, files);
  return 0;
}
