// A seed within a campaign: run in a process that it may take with it, and, if it is gated, twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/campaign/trial.h"
#include "sim/tally.h"

namespace nacre::sim {

// A run that used so much processor time hangs, whatever the machine is busy with. A right seed takes less than a second.
inline constexpr std::chrono::milliseconds kHungAfter{60'000};
// One that is silent so many times longer in real time waits for something outside the simulation. Generous: the machine may
// be busy.
inline constexpr uint64_t kSilentFactor = 20;

// What one seed adds to its campaign.
struct Record {
  Outcome outcome;
  Tally tally = {};
  std::vector<std::pair<uint64_t, uint64_t>> probe_hits = {};  // index in probes(), hits
};

// Runs it in this process, and a second time in a child of it if asked to: the same seed in a heap of another shape, with
// garbage in its fresh blocks, must go the same way. Moves the tally and the probes' hits of the first run into the record.
Record run_gated(const Trial& trial, std::chrono::milliseconds hung_after);

// The same in a child, so that a crash or a hang is an outcome. Nothing is counted.
Outcome run_in_child(const Trial& trial, std::chrono::milliseconds hung_after);

// Between processes of one program.
std::string encode_record(const Record& record);
Record decode_record(Bytes message);

}  // namespace nacre::sim
