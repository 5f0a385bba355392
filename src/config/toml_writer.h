// The writer of Options as TOML: every option a line, in the order of the table of options.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "nacre/options.h"

namespace nacre::config {

std::string write_toml(const Options& options);
std::string write_commented_toml(const Options& options);

}  // namespace nacre::config
