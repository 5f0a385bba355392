#include "os/file_ref.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace nacre::os {
namespace {

struct Named {
  const char* name;
  FileKind kind;
  uint64_t number;
};

class FileRefNames : public testing::TestWithParam<Named> {};

TEST_P(FileRefNames, AreTakenApart) {
  const FileRef ref = file_ref(GetParam().name);
  EXPECT_EQ(ref.kind, GetParam().kind) << GetParam().name;
  EXPECT_EQ(ref.number, GetParam().number) << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    All, FileRefNames,
    testing::Values(Named{"CURRENT", FileKind::kCurrent, 0}, Named{"LOCK", FileKind::kLock, 0},
                    Named{"MANIFEST-000007", FileKind::kManifest, 7}, Named{"000012.wal", FileKind::kLog, 12},
                    Named{"000013.sst", FileKind::kTable, 13}, Named{"1234567.blob", FileKind::kBlob, 1234567},
                    Named{"18446744073709551615.sst", FileKind::kTable, UINT64_MAX},
                    Named{"18446744073709551616.sst", FileKind::kOther, 0}, Named{"LOG", FileKind::kOther, 0},
                    Named{"MANIFEST-", FileKind::kOther, 0}, Named{"MANIFEST-7x", FileKind::kOther, 0},
                    Named{".sst", FileKind::kOther, 0}, Named{"-1.sst", FileKind::kOther, 0},
                    Named{"+1.sst", FileKind::kOther, 0}, Named{"7.sst.tmp", FileKind::kOther, 0},
                    Named{"7.txt", FileKind::kOther, 0}, Named{"", FileKind::kOther, 0}));

TEST(SystemError, TellsTheCallerWhatToDo) {
  const FileRef table{FileKind::kTable, 13};
  EXPECT_EQ(system_error(Operation::kWrite, table, ENOSPC).kind, ErrorKind::kNoSpace);
  EXPECT_EQ(system_error(Operation::kWrite, table, EDQUOT).kind, ErrorKind::kNoSpace);
  EXPECT_EQ(system_error(Operation::kWrite, table, EFBIG).kind, ErrorKind::kNoSpace);
  EXPECT_EQ(system_error(Operation::kOpen, table, ENOENT).kind, ErrorKind::kNotFound);
  EXPECT_EQ(system_error(Operation::kOpen, table, ELOOP).kind, ErrorKind::kInvalidArgument);
  for (const int other : {EIO, EACCES, EPERM, EROFS, EMFILE, ENFILE, ENOMEM, EBADF}) {
    EXPECT_EQ(system_error(Operation::kOpen, table, other).kind, ErrorKind::kIo) << other;
  }
}

TEST(SystemError, NamesFilePlaceAndReason) {
  const Error error = system_error(Operation::kRead, file_ref("000013.sst"), EIO, 8192);
  EXPECT_EQ(error.to_string(),
            "I/O error while reading 000013.sst at offset 8192: the device reported an error: check its health "
            "(Input/output error)");
  EXPECT_EQ(error.system_errno, EIO);
}

}  // namespace
}  // namespace nacre::os
