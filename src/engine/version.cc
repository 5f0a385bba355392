// library_facts: what the compiler, the build and the loaded libraries say of themselves.

#include "nacre/version.h"

#include "format/compress.h"
#include "nacre/c.h"
#include "os/read_batch.h"

namespace nacre {

namespace {

std::string number_of_version() {
  return std::to_string(NACRE_VERSION_MAJOR) + "." + std::to_string(NACRE_VERSION_MINOR) + "." +
         std::to_string(NACRE_VERSION_PATCH);
}

std::string build_in_words() {
  std::string words = NACRE_BUILD_TYPE;
  if (words.empty()) words = "no build type";
#ifdef NDEBUG
  words += ", debug checks off";
#else
  words += ", debug checks on";
#endif
  const std::string sanitizers = NACRE_SANITIZERS;
  return sanitizers.empty() ? words : words + ", sanitizers " + sanitizers;
}

}  // namespace

LibraryFacts library_facts() noexcept {
#ifdef __clang__
  const std::string compiler = __VERSION__;  // names itself
#else
  const std::string compiler = std::string("GCC ") + __VERSION__;
#endif
  return {.version = number_of_version(),
          .compiler = compiler,
          .build = build_in_words(),
          .codecs = format::codec_versions(),
          .io_uring = os::may_read_by_ring() ? "yes" : "no, this kernel or sandbox refuses it: reads go one by one"};
}

}  // namespace nacre
