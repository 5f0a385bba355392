// All of Nacre's C++ API.
#pragma once

#include "nacre/db.h"  // IWYU pragma: export
