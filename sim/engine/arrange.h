// Arrangements: what the parts of a plan that are not operations come to, drawn from the part's seed. Pure functions.
#pragma once

#include <string>

#include "sim/engine/plan.h"
#include "sim/faults.h"
#include "sim/power_cut.h"

namespace nacre::sim {

// The errors that a profile's disk gives. Those that say that there is no room come to writes and syncs only.
FaultRates rates_of(const Plan& plan, const Part& part);
PlannedFault fault_of(const Plan& plan, const Part& part);

struct Plug {
  bool kill = false;
  CrashProfile profile = CrashProfile::kPrefix;
};
Plug plug_of(const Plan& plan, const Part& part);

enum class CloseWay : uint8_t {
  kClose,
  kDestructor,
  kBusyFirst,  // close() while something is held: refused, and all goes on
};
CloseWay close_of(const Part& part);

enum class DamageKind : uint8_t { kFlip, kTruncate, kErase, kSwap, kZero };
const char* to_string(DamageKind kind);
DamageKind damage_of(const Part& part);

}  // namespace nacre::sim
