// All of Nacre's C++ API.
#pragma once

#include "nacre/config.h"   // IWYU pragma: export
#include "nacre/db.h"       // IWYU pragma: export
#include "nacre/inspect.h"  // IWYU pragma: export
#include "nacre/metrics.h"  // IWYU pragma: export
#include "nacre/repair.h"   // IWYU pragma: export
#include "nacre/version.h"  // IWYU pragma: export
