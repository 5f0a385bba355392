// What both programs do with a target: find it by name, run it once within its heap budget, write its seeds.
#pragma once

#include <string>

#include "base/fuzzing.h"

namespace nacre::fuzz {

// Null if no target has this name.
const Target* find_target(const std::string& name);

// All targets, by name.
std::vector<const Target*> sorted_targets();

// One run. Ends the process if the target finds something, or if it held more of the heap than it may.
void run_once(const Target& target, Bytes input);

// Writes each seed of the target to a file of `directory`, which exists. False if one could not be written.
bool write_seeds(const Target& target, const std::string& directory);

}  // namespace nacre::fuzz
