#include "os/file_ref.h"

#include <cerrno>
#include <charconv>

namespace nacre::os {

namespace {

bool parse_number(std::string_view digits, uint64_t* number) {
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, *number);
  return !digits.empty() && error == std::errc() && stop == end;
}

struct Meaning {
  ErrorKind kind;
  const char* reason;
};

Meaning meaning_of(int system_errno, bool directory) {
  switch (system_errno) {
    case ENOSPC: return {ErrorKind::kNoSpace, "the device is full: free some space"};
    case EDQUOT: return {ErrorKind::kNoSpace, "the disk quota is used up: free some space or raise it"};
    case EFBIG:
      return {ErrorKind::kNoSpace, "the file would grow beyond the limit of the file system or of the process"};
    case ENOENT:
      return {ErrorKind::kNotFound,
              directory ? "there is no such directory, or its parent is missing" : "there is no such file"};
    case EEXIST: return {ErrorKind::kInvalidArgument, "a file of this name exists already"};
    case ENOTDIR: return {ErrorKind::kInvalidArgument, "the path leads through something that is not a directory"};
    case EISDIR: return {ErrorKind::kInvalidArgument, "it is a directory, not a file"};
    case ELOOP: return {ErrorKind::kInvalidArgument, "it is a symbolic link, and Nacre does not follow those"};
    case ENAMETOOLONG: return {ErrorKind::kInvalidArgument, "the path is too long"};
    case EACCES:
    case EPERM: return {ErrorKind::kIo, "permission denied: check owner and mode of the directory and its files"};
    case EROFS: return {ErrorKind::kIo, "the file system is read-only: remount it, or open the database read-only"};
    case EMFILE:
    case ENFILE: return {ErrorKind::kIo, "too many open files: raise the limit (ulimit -n)"};
    case ENOMEM: return {ErrorKind::kIo, "the kernel has no memory left for this"};
    case ENOLCK: return {ErrorKind::kIo, "the file system cannot lock files"};
    case EIO: return {ErrorKind::kIo, "the device reported an error: check its health"};
    default: return {ErrorKind::kIo, "the system call failed"};
  }
}

}  // namespace

FileRef file_ref(std::string_view name) {
  constexpr std::string_view kManifestPrefix = "MANIFEST-";
  if (name == "CURRENT") return {FileKind::kCurrent, 0};
  if (name == "LOCK") return {FileKind::kLock, 0};
  uint64_t number = 0;
  if (name.starts_with(kManifestPrefix) && parse_number(name.substr(kManifestPrefix.size()), &number)) {
    return {FileKind::kManifest, number};
  }
  const size_t dot = name.find('.');
  if (dot != std::string_view::npos && parse_number(name.substr(0, dot), &number)) {
    const std::string_view suffix = name.substr(dot);
    if (suffix == ".wal") return {FileKind::kLog, number};
    if (suffix == ".sst") return {FileKind::kTable, number};
    if (suffix == ".blob") return {FileKind::kBlob, number};
  }
  return {FileKind::kOther, 0};
}

Error system_error(Operation operation, FileRef file, int system_errno, uint64_t offset) {
  const Meaning meaning = meaning_of(system_errno, file.kind == FileKind::kDirectory);
  Error error = file_error(meaning.kind, operation, file, meaning.reason, offset);
  error.system_errno = system_errno;
  return error;
}

Error file_error(ErrorKind kind, Operation operation, FileRef file, const char* reason, uint64_t offset) {
  return Error{.kind = kind,
               .operation = operation,
               .file_kind = file.kind,
               .file_number = file.number,
               .offset = offset,
               .reason = reason};
}

}  // namespace nacre::os
