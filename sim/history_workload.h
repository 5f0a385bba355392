// History workload: few hot keys, several threads, and a checker that looks at every answer (history/checker.h).
//
// In each boot clients do random things to two keyspaces and record them, while one more thread flushes, compacts, and makes
// and drops a third keyspace. Then the process closes its database or is killed, or the machine loses its power; the next
// open reads everything. An order must exist that explains every answer of the boot, and that has what was found as the
// state of one of its points, at or after all that was acknowledged as durable.
//
// Profiles: `mix` has a sound disk, since an error would end the writes of a boot and leave little to check; `faults` has one
// that fails now and then.
#pragma once

#include <memory>

#include "sim/workload.h"

namespace nacre::sim {

std::unique_ptr<Workload> history_workload();

}  // namespace nacre::sim
