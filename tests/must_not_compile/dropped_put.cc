// A write whose outcome nobody looks at may not have happened.
// expect: nodiscard
#include "nacre/nacre.h"

nacre::Result<void> save(nacre::Db& db) {
#ifdef NACRE_WRONG
  db.put("key", "value");
  return {};
#else
  return db.put("key", "value");
#endif
}
