#include "sim/probes.h"

namespace nacre::sim {

namespace {
std::vector<Probe*>& registry() {
  static std::vector<Probe*> all;
  return all;
}
}  // namespace

Probe::Probe(const char* name) : name_(name) { registry().push_back(this); }

const std::vector<Probe*>& probes() { return registry(); }

std::vector<std::string> probes_never_hit() {
  std::vector<std::string> names;
  for (const Probe* probe : registry()) {
    if (probe->hits() == 0) names.emplace_back(probe->name());
  }
  return names;
}

}  // namespace nacre::sim
