// Two cursors cannot share one position.
// expect: deleted|no matching function
#include <utility>

#include "nacre/nacre.h"

nacre::Cursor take(nacre::Cursor& cursor) {
#ifdef NACRE_WRONG
  return cursor;
#else
  return std::move(cursor);
#endif
}
