// DirectoryLock: of a database directory one opener that writes, or several that read, in this process and in all others.
//
// Two locks together. An open-file-description lock (F_OFD_SETLK) keeps other processes out; unlike the older fcntl
// locks it is not lost when some other code of the process opens and closes the same file. A registry of (device,
// inode) in this process answers a second opener here without touching the file, by whatever path it came.
//
// The lock is on the file, not on its name: after taking it we look whether the name still leads to the same
// file, and try again if somebody replaced it in between. The file is never removed.
//
// Fork: the child inherits the open file description and with it the lock. The holder's release unlocks it
// explicitly, for otherwise the child's copy would keep it; a child's destructor unlocks nothing, since that would
// free the parent's lock.
//
// Thread safety: all of it.
#pragma once

#include <memory>
#include <string>

#include "nacre/runtime.h"

namespace nacre::os {

// See Directory::lock.
Result<std::unique_ptr<DirectoryLock>> lock_file(int directory, const std::string& name, LockKind kind);

// Whether somebody, in this process or another, holds the lock file of this path to write. Takes no lock: who opens meanwhile is
// not refused. False if there is no such file.
Result<bool> has_writer(const std::string& path);

}  // namespace nacre::os
