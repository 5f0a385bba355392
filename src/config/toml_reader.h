// The reader of Options as TOML: any bytes, and options or the first thing that is wrong with them.
//
// toml++ parses. What it does not bound is bounded before it sees the text: how long that is, and how deep tables are nested, since
// each level takes some of the stack. So text of several lines, which no option has, is refused as well: without it each line
// says by itself what is a string and what is a comment.
//
// Thread safety: a pure function.
#pragma once

#include <expected>
#include <string_view>

#include "nacre/config.h"

namespace nacre::config {

std::expected<Options, ConfigError> read_toml(std::string_view text);

}  // namespace nacre::config
