// A process may begin without standard input, output or error. The first files that it opens, those of a database among them, would
// then take their numbers, and words to a person go into a file.
#pragma once

namespace nacre::cli {

// Gives each of the three that is not open a place of its own, where reads and writes fail.
void hold_standard_streams();

}  // namespace nacre::cli
