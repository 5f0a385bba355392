// Did you mean ...? The known word that is nearest to one that is not known.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nacre::cli {

// Empty if none is near: more than a third of the letters would have to change. A change is a letter added, left out, replaced, or
// two neighbours swapped (optimal string alignment distance).
std::string nearest(std::string_view word, std::span<const std::string> known);

// ", did you mean "put"?" or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace nacre::cli
