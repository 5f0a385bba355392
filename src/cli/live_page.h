// The page of `nacre serve-metrics`: one HTML text, made of src/cli/page/ when the tool is built.
#pragma once

#include <string>

namespace nacre::cli {

const std::string& live_page();

}  // namespace nacre::cli
