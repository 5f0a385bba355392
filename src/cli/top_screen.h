// TopScreen: the lines of `nacre top`, drawn from what a Watch saw. No terminal is needed to draw them.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "cli/watch.h"

namespace nacre::cli {

struct ScreenOptions {
  size_t columns = 80;  // all fits into 40; fewer cut lines off
  bool ascii = false;
  bool colours = false;
  bool paused = false;
  bool interactive = false;  // name the keys
  bool all_keyspaces = true;
  std::string keyspace;  // else: only its levels and operations

  const std::string* only() const { return all_keyspaces ? nullptr : &keyspace; }
};

std::vector<std::string> draw_screen(const std::string& database, const Watch& watch, const ScreenOptions& options);

// For `nacre stats`, too: the levels of one keyspace, or of all together.
void draw_levels(std::vector<std::string>& lines, const std::vector<LevelStats>& levels, uint64_t memtable_bytes,
                 uint64_t memtables, const ScreenOptions& options);

// For `nacre stats`: what the tables of a keyspace take beyond one copy of its data. A ratio only where there is enough of it: a few
// young runs would look like a waste that is none yet.
inline constexpr uint64_t kWorthARatioBytes = uint64_t{64} << 20;
void draw_space(std::vector<std::string>& lines, const KeyspaceStats& keyspace, const ScreenOptions& options);

// Level by level the sum over keyspaces, or those of one.
std::vector<LevelStats> levels_of(const Stats& stats, const std::string* only);

}  // namespace nacre::cli
