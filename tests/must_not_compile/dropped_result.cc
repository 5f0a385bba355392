// A Result that nobody looks at is an error that nobody handles.
// expect: nodiscard
#include "nacre/error.h"

nacre::Result<void> write();

int main() {
#ifdef NACRE_WRONG
  write();
#else
  return write() ? 0 : 1;
#endif
}
