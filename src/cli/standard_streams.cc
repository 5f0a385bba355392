#include "cli/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

namespace nacre::cli {

void hold_standard_streams() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
    // The lowest free number is this one: those below are open.
    if (::fcntl(descriptor, F_GETFD) < 0) (void)::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace nacre::cli
