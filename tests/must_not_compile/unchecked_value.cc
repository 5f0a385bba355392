// The value inside a Result is not there for the taking: ask whether there is one first.
// expect: cannot convert|no viable conversion
#include "nacre/error.h"

nacre::Result<int> count();

int main() {
#ifdef NACRE_WRONG
  int n = count();
#else
  int n = count().value();
#endif
  return n;
}
