// Engine workload: the whole engine for several lives on one simulated machine.
//
// In each boot a Db is opened with options drawn from the seed; three writers commit batches over two keyspaces, a
// reader compares views with the oracle (engine_oracle.h), a keeper calls flush, compact, settle, sync and check. Then the
// boot ends: by a close, a killed process or a power cut, at the Nth I/O - which may be one of the recovery - or out of
// the blue. One seed in three also has a disk that fails now and then or is full for a while.
#pragma once

#include <memory>

#include "sim/workload.h"

namespace nacre::sim {

std::unique_ptr<Workload> engine_workload();

}  // namespace nacre::sim
