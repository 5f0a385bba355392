// The reader of Options as TOML: any bytes, and options or the first thing that is wrong with them.
//
// toml++ parses. What it does not bound is bounded before it sees the text: how long that is, and how deep tables are nested, since
// each level takes some of the stack. So are letters beyond ASCII, but for comments: of some it makes undefined behaviour, and options have none. For this
// it must be known what is a string or a comment; each line says so by itself, since text of several lines, which no option has, is
// refused as well.
//
// Thread safety: a pure function.
#pragma once

#include <expected>
#include <string_view>

#include "nacre/config.h"

namespace nacre::config {

std::expected<Options, ConfigError> read_toml(std::string_view text);

}  // namespace nacre::config
