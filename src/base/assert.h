// CHECK and DCHECK: bugs crash at once, with the place and the words; errors of the outside world are Results.
//
// NACRE_CHECK is always on: use it where going on could damage data. NACRE_DCHECK costs nothing in release builds.
#pragma once

namespace nacre::base {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace nacre::base

#define NACRE_CHECK(condition)                               \
  (__builtin_expect(!!(condition), 1) ? static_cast<void>(0) \
                                      : ::nacre::base::check_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define NACRE_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define NACRE_DCHECK(condition) NACRE_CHECK(condition)
#endif
