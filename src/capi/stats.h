// Statistics as nacre/c.h lays them out.
#pragma once

#include "nacre/c.h"
#include "nacre/stats.h"

namespace nacre::capi {

nacre_stats as_c(const Stats& stats);

}  // namespace nacre::capi
