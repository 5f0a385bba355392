// A small file that a user named, read as a whole: links are followed, and a pipe will do.
//
// Thread safety: any thread.
#pragma once

#include <cstddef>
#include <string>

#include "nacre/error.h"

namespace nacre::os {

// At most `most_bytes` of it: whoever must have all of it asks for one more than there may be.
Result<std::string> read_user_file(const std::string& path, size_t most_bytes);

}  // namespace nacre::os
