// changed_since: whether anything in a key range was written or erased after a sequence. For transactions.
#pragma once

#include "nacre/error.h"
#include "tree/read_view.h"

namespace nacre::read {

// Of keys in [from, to). The caller's snapshot at `since` keeps compaction from hiding what this looks for.
Result<bool> changed_since(const tree::ReadView& view, Bytes from, Bytes to, format::Sequence since);

}  // namespace nacre::read
