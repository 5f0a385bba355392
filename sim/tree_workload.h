// Tree workload: one client beside a sorted map, on a tree that is merged and moved under its hands.
//
// The other workloads have few keys, and so few tables. Here hundreds of keys lie in tables of a few kilobytes: runs have many
// tables, the bottom many partitions, levels are deep, several jobs work side by side, erased ranges reach over many tables,
// and a housekeeper hardly rests. There is one writer and no fault, so every answer is known exactly, as is what each snapshot
// shows and what each value says however long it is held. Watchers read beside the writer: some commit point of their interval
// must explain all they see. In a third of the seeds the keys are few and hot, so that what they read is overwritten, flushed
// and dropped meanwhile. Now and then Db::check looks whether newer runs hold what is newer. A boot ends by a close or by a
// kill between two writes; both keep everything.
#pragma once

#include <memory>

#include "sim/workload.h"

namespace nacre::sim {

std::unique_ptr<Workload> tree_workload();

}  // namespace nacre::sim
