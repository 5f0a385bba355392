// Where and how a run was made: what a reader of its figures must know.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/settings.h"

namespace bench {

// Machine, system, file system, build, date, and what was asked for.
nlohmann::ordered_json environment(const Settings& settings, const std::string& command);

}  // namespace bench
