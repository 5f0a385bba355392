// nacre-fuzz: one program with all targets under libFuzzer. The variable NACRE_FUZZ_TARGET names the one to run, so that the processes
// that libFuzzer starts (-merge, -fork) run the same; NACRE_FUZZ_SEEDS names a directory for the target's seeds. `./x fuzz` sets both.

#include <cstdio>
#include <cstdlib>

#include "fuzz/driver.h"

namespace {

const nacre::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /* argc */, char*** /* argv */) {
  const char* name = std::getenv("NACRE_FUZZ_TARGET");
  chosen = nacre::fuzz::find_target(name != nullptr ? name : "");
  if (chosen == nullptr) {
    for (const auto* target : nacre::fuzz::sorted_targets()) std::puts(target->name);
    std::exit(name != nullptr ? 2 : 0);
  }
  const char* seeds = std::getenv("NACRE_FUZZ_SEEDS");
  if (seeds != nullptr && !nacre::fuzz::write_seeds(*chosen, seeds)) std::exit(2);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  nacre::fuzz::run_once(*chosen, {reinterpret_cast<const char*>(data), size});
  return 0;
}
