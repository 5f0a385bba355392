// Lines for people, as nacre/c.h writes them.
#pragma once

#include <cstddef>

#include "nacre/bytes.h"
#include "nacre/c.h"
#include "nacre/error.h"

namespace nacre::capi {

// Copies `text` as far as it fits, ends it with a zero, and returns its whole length.
size_t write_text(Bytes text, char* buffer, size_t buffer_size);

Error as_cpp(const nacre_error& error);

}  // namespace nacre::capi
