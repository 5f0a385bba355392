#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace nacre::base {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "nacre: internal error: %s:%d: %s does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace nacre::base
