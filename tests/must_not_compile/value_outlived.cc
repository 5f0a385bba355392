// Bytes must not outlive the Value that pins them.
// expect: deleted
#include "nacre/nacre.h"

nacre::Value read();

size_t use() {
#ifdef NACRE_WRONG
  const nacre::Bytes bytes = read().bytes();
#else
  const nacre::Value value = read();
  const nacre::Bytes bytes = value.bytes();
#endif
  return bytes.size();
}
