// without_repair_marks: a file system in whose lists the mark of an unfinished repair does not show. Db::open refuses a directory that
// has one; the repair itself writes there.
//
// Thread safety and ownership: as of the file system within, which it shares.
#pragma once

#include <memory>

#include "nacre/runtime.h"

namespace nacre::salvage {

std::shared_ptr<FileSystem> without_repair_marks(std::shared_ptr<FileSystem> within);

}  // namespace nacre::salvage
