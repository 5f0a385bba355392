// Engine workload: the whole engine for several lives on one simulated machine, by profiles.
//
//   mix        one of the others, by the seed
//   calm       no crash, no fault: lives end by a close or the destructor
//   prefix, torn, posix-min   the process is killed or the power cut at any I/O; what a cut may take is the profile's
//   recovery   dies in recovery again and again
//   faulty     calls of the system fail with various errors, syncs and stores lose pages, files look shorter
//   full       the device fills, and gets room
//   read-only  the file system is read-only for a while
//   lying      syncs are not done though the device says so, and then the power goes
//   damaged    files are damaged at rest, and reads return wrong bits
//
// plan.h says what a life consists of, oracle.h what is required of it.
#pragma once

#include <memory>

#include "sim/workload.h"

namespace nacre::sim {

std::unique_ptr<Workload> engine_workload();

}  // namespace nacre::sim
