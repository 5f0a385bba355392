// FileRef: which file of a database an error is about, taken from its name; and the making of errors from errno.
//
//   CURRENT   LOCK   MANIFEST-000001   000012.wal   000013.sst   000014.blob   (anything else: kOther)
#pragma once

#include <cstdint>
#include <string_view>

#include "nacre/error.h"

namespace nacre::os {

struct FileRef {
  FileKind kind = FileKind::kOther;
  uint64_t number = 0;
};

FileRef file_ref(std::string_view name);

// The error for a failed system call: the kind that tells the caller what to do, and a reason in words.
Error system_error(Operation operation, FileRef file, int system_errno, uint64_t offset = 0);

// An error that no system call reported.
Error file_error(ErrorKind kind, Operation operation, FileRef file, const char* reason, uint64_t offset = 0);

}  // namespace nacre::os
