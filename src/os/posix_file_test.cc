#include "os/posix_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <string>

#include "base/prng.h"
#include "os/testing.h"

namespace nacre::os {
namespace {

std::string random_text(base::Prng& prng, size_t bytes) {
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(prng.next());
  return text;
}

TEST(PosixFile, WhatIsAppendedInAnyPiecesIsReadInAnyPieces) {
  const uint64_t seed = 20240611;
  base::Prng prng(seed);
  TemporaryDirectory temporary;
  auto directory = temporary.open();
  for (int round = 0; round < 8; ++round) {
    const std::string name = std::to_string(round) + ".sst";
    auto file = directory->create(name).value();
    std::string model;
    for (int piece = 0; piece < 30; ++piece) {
      // Small ones, ones around the size of the buffer, and ones that go past it several times.
      const uint64_t sizes[] = {prng.below(100), prng.below(70000), (size_t{256} << 10) - 3 + prng.below(6),
                                prng.below(900000)};
      const std::string data = random_text(prng, sizes[prng.below(4)]);
      file->append(data).value();
      model += data;
      ASSERT_EQ(file->size_bytes(), model.size());
      if (prng.one_in(6)) file->start_writeback();
      if (prng.one_in(12)) {
        file->sync().value();
        ASSERT_EQ(slurp(temporary / name), model) << "seed " << seed;
      }
    }
    file->sync().value();
    file.reset();

    auto reader = directory->open_read(name).value();
    ASSERT_EQ(reader->size_bytes(), model.size());
    std::string all(model.size(), '\0');
    ASSERT_EQ(reader->read(0, all).value(), model.size());
    ASSERT_TRUE(all == model) << "seed " << seed << " round " << round;
    for (int read = 0; read < 20; ++read) {
      const uint64_t offset = prng.below(model.size() + 10);
      std::string out(prng.below(10000), '\0');
      reader->will_need(offset, out.size());
      const size_t got = reader->read(offset, out).value();
      const std::string expected = offset < model.size() ? model.substr(offset, out.size()) : "";
      ASSERT_EQ(out.substr(0, got), expected) << "seed " << seed;
    }
  }
}

TEST(PosixFile, ReadStopsAtTheEnd) {
  TemporaryDirectory temporary;
  spill(temporary / "f", "0123456789");
  auto file = temporary.open()->open_read("f").value();
  std::string out(100, 'x');
  EXPECT_EQ(file->read(6, out).value(), 4u);
  EXPECT_EQ(out.substr(0, 5), "6789x");
  EXPECT_EQ(file->read(10, out).value(), 0u);
  EXPECT_EQ(file->read(1000, out).value(), 0u);
}

TEST(PosixFile, StartWritebackMakesBytesReadable) {
  TemporaryDirectory temporary;
  auto file = temporary.open()->create("f").value();
  file->append("abc").value();
  EXPECT_EQ(slurp(temporary / "f"), "");
  file->start_writeback();
  EXPECT_EQ(slurp(temporary / "f"), "abc");
  file->append("def").value();
  file.reset();
  EXPECT_EQ(slurp(temporary / "f"), "abcdef") << "closing hands the rest to the kernel";
}

TEST(PosixFile, ForkedChildDoesNotWriteTheParentsBytes) {
  TemporaryDirectory temporary;
  auto file = temporary.open()->create("f").value();
  file->append("abc").value();
  EXPECT_EQ(in_child([&] {
              file.reset();
              return 0;
            }),
            0);
  EXPECT_EQ(slurp(temporary / "f"), "");
  file->sync().value();
  EXPECT_EQ(slurp(temporary / "f"), "abc");
}

TEST(PosixFile, FullDeviceIsNoSpaceAndFinal) {
  SmallFileSystem small("size=1m");
  if (!small.mounted()) GTEST_SKIP() << "needs root";
  auto directory = small.where().open();
  auto file = directory->create("000005.sst").value();
  Result<void> result;
  for (int i = 0; i < 20 && result; ++i) result = file->append(std::string(100000, 'x'));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kNoSpace);
  EXPECT_EQ(result.error().file_kind, FileKind::kTable);
  EXPECT_EQ(result.error().file_number, 5u);
  EXPECT_EQ(result.error().system_errno, ENOSPC);
  EXPECT_LE(directory->free_bytes().value(), 4096u);

  directory->remove("000005.sst").value();
  const Result<void> again = file->append("y");
  ASSERT_FALSE(again) << "the file has a hole in it: it must be given up";
  EXPECT_EQ(again.error().kind, ErrorKind::kNoSpace);
  EXPECT_FALSE(file->sync());
  file.reset();

  auto fresh = directory->create("000006.sst").value();
  fresh->append(std::string(100000, 'x')).value();
  fresh->sync().value();
}

// A limit on the file's size makes the kernel write short first, and refuse then.
TEST(PosixFile, ShortWriteIsContinuedAndTheLimitReported) {
  TemporaryDirectory temporary;
  auto file = temporary.open()->create("000005.blob").value();
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit low{300000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
  const Result<void> result = file->append(std::string(size_t{512} << 10, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kNoSpace);
  EXPECT_EQ(result.error().system_errno, EFBIG);
  EXPECT_EQ(result.error().offset, 300000u) << "the short write was continued from where it stopped";
}

// fsyncgate: after a failed sync the kernel reports success for pages that it lost.
TEST(PosixFile, FailedSyncIsNeverTriedAgain) {
  TemporaryDirectory temporary;
  int pipe_ends[2];
  ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
  const Fd reading_end(pipe_ends[0]);
  const int number = pipe_ends[1];
  PosixWritableFile file(Fd(number), FileRef{FileKind::kLog, 9});  // a pipe cannot be synced
  const Result<void> first = file.sync();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, ErrorKind::kIo);
  EXPECT_EQ(first.error().operation, Operation::kSync);
  EXPECT_EQ(first.error().file_number, 9u);

  const Fd good(::open((temporary / "good").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::dup2(good.get(), number), number);  // now it could be
  const Result<void> second = file.sync();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().system_errno, first.error().system_errno);
  EXPECT_FALSE(file.append("x"));
}

TEST(PosixFile, ReadErrorIsAnErrorNotTheEnd) {
  TemporaryDirectory temporary;
  spill(temporary / "f", "0123456789");
  PosixReadableFile file(Fd(::open((temporary / "f").c_str(), O_WRONLY | O_CLOEXEC)), FileRef{FileKind::kTable, 3}, 10);
  std::string out(10, '\0');
  const Result<size_t> got = file.read(0, out);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kIo);
  EXPECT_EQ(got.error().operation, Operation::kRead);
  EXPECT_EQ(got.error().file_number, 3u);
}

}  // namespace
}  // namespace nacre::os
