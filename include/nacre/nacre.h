// All of Nacre's C++ API.
#pragma once

#include "nacre/db.h"       // IWYU pragma: export
#include "nacre/metrics.h"  // IWYU pragma: export
