// Statistics as nacre/c.h lays them out.
#pragma once

#include "nacre/c.h"
#include "nacre/stats.h"

namespace nacre::capi {

nacre_stats as_c(const Stats& stats);
nacre_keyspace_stats as_c(const KeyspaceStats& stats);  // its name lives as long as that of `stats`
nacre_level_stats as_c(const LevelStats& stats);

}  // namespace nacre::capi
