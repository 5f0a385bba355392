// DamageSweep: what the sweeps of damage at rest have in common - two stored databases of one script, the one closed, the other
// killed with a live log, and the places of their files worth damaging.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/sweep/patient.h"

namespace nacre::sim {

std::shared_ptr<SimDisk> disk_with(const DiskImage& image);

// The offsets worth damaging: all up to the last byte that is not zero and a bit more, then two in each page. Of a log segment, most
// of which is zeros, the pages of zeros are so sampled.
std::vector<uint64_t> offsets_of(const std::string& content);

class DamageSweep : public Sweep {
 public:
  explicit DamageSweep(uint64_t script, bool with_youth = false);

 protected:
  // Runs `body` in one simulation; it returns what is wrong.
  static std::string simulate(const std::function<std::string(Simulation&)>& body);

  std::vector<Patient> patients_;
};

}  // namespace nacre::sim
