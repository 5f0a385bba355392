// NACRE_SOMETIMES: claims that a condition holds now and then. A campaign in which it never did tested less than it
// seems.
//
//     NACRE_SOMETIMES("a crash tore the log's tail", report.torn);
//
// Every probe of the program is known before main, executed or not. Thread safety: none, one OS thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nacre::sim {

class Probe {
 public:
  explicit Probe(const char* name);
  void see(bool condition) { hits_ += condition ? 1 : 0; }
  void add(uint64_t hits) { hits_ += hits; }
  void forget() { hits_ = 0; }
  const char* name() const { return name_; }
  uint64_t hits() const { return hits_; }

 private:
  const char* name_;
  uint64_t hits_ = 0;
};

const std::vector<Probe*>& probes();
std::vector<std::string> probes_never_hit();

template <class Place>
struct ProbeAt {
  inline static Probe probe{Place::name()};
};

}  // namespace nacre::sim

#define NACRE_SOMETIMES(text, condition)                     \
  do {                                                       \
    struct NacrePlace {                                      \
      static const char* name() { return text; }             \
    };                                                       \
    ::nacre::sim::ProbeAt<NacrePlace>::probe.see(condition); \
  } while (false)
