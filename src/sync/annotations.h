// Clang thread-safety annotations: the compiler checks that what a mutex guards is touched under it.
// GCC ignores them. See https://clang.llvm.org/docs/ThreadSafetyAnalysis.html.
#pragma once

#if defined(__clang__)
#define NACRE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define NACRE_THREAD_ATTRIBUTE(x)
#endif

#define NACRE_CAPABILITY(name) NACRE_THREAD_ATTRIBUTE(capability(name))
#define NACRE_SCOPED_CAPABILITY NACRE_THREAD_ATTRIBUTE(scoped_lockable)
#define NACRE_GUARDED_BY(mutex) NACRE_THREAD_ATTRIBUTE(guarded_by(mutex))
#define NACRE_REQUIRES(...) NACRE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define NACRE_EXCLUDES(...) NACRE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define NACRE_ACQUIRE(...) NACRE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define NACRE_TRY_ACQUIRE(...) NACRE_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define NACRE_RELEASE(...) NACRE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define NACRE_NO_THREAD_ANALYSIS NACRE_THREAD_ATTRIBUTE(no_thread_safety_analysis)
