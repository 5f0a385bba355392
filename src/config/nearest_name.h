// The nearest right name of a wrong one, and how wrong text is shown.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nacre::config {

// The one of `names`, of which there is one at least, that begins with `wrong`, or else needs the fewest changes of characters
// (Levenshtein) to be made of it. Capital letters count as small ones.
std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> names);

// `did you mean "x"?`; if that would be far-fetched, `the nearest is "x"`.
std::string suggestion(std::string_view wrong, std::span<const std::string_view> names);

// Text on one line and of `most_bytes` about, whatever it holds; and text of a file between quotes, at most 40 bytes of it.
std::string printable(std::string_view text, size_t most_bytes);
std::string quoted(std::string_view text);

}  // namespace nacre::config
