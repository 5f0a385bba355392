// Legality: what a plan must keep to, whoever made it. Pure.
//
// Written from the promises of tree/version.h and shape.h ("for every key, newer runs stay newer"), and on purpose without a line
// of the policy: `engine/` asks it about every plan before the plan runs, for a wrong one makes older data win over newer, or
// brings back what was erased, and no reader can tell.
//
//   - The inputs are tables of the tree, each once, none of them an input of a running job.
//   - What a merge may write into, [smallest, largest] of the plan, covers its inputs and meets no range that a running job
//     writes into. A move writes into the ranges of its tables only.
//   - Of the other tables that lie there, each is in a run newer than all inputs, or in one older than all of them; and the
//     place where the output goes stands between the two.
//   - A plan that calls itself `bottom` leaves nothing older there.
//
// Bounds count as inclusive even where a table's largest key is exclusive: at worst a legal plan is called illegal, and the
// policy counts in the same way.
#pragma once

#include <cstdint>
#include <span>

#include "compaction/shape.h"
#include "nacre/bytes.h"

namespace nacre::compaction {

// A table and the run that it stands in.
struct PlacedTable {
  uint32_t level = 0;
  uint64_t run = 0;
  uint64_t number = 0;
  Bytes smallest;
  Bytes largest;
  bool busy = false;  // input of a running job
};

// Null, or what is wrong with the plan. `tables`: all of the keyspace, run by run, the newest first. `reserved`: what the
// running jobs write into.
const char* illegality(std::span<const PlacedTable> tables, std::span<const Reservation> reserved, const Plan& plan);

}  // namespace nacre::compaction
