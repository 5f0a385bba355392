#include "os/read_batch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cstddef>
#include <string>
#include <vector>

#include "base/prng.h"
#include "os/posix_file.h"
#include "os/testing.h"

namespace nacre::os {
namespace {

// A file of which every byte is known, and requests all over it.
class ReadBatch : public testing::Test {
 protected:
  static constexpr uint64_t kSeed = 77;
  static constexpr size_t kFileBytes = 1000003;

  void SetUp() override {
    base::Prng prng(kSeed);
    contents_.resize(kFileBytes);
    for (char& c : contents_) c = static_cast<char>(prng.next());
    spill(temporary_ / "000001.sst", contents_);
    file_ = temporary_.open()->open_read("000001.sst").value();
  }

  std::vector<ReadRequest> make_requests(size_t count) {
    base::Prng prng(kSeed + count);
    buffers_.assign(count, {});
    std::vector<ReadRequest> requests(count);
    for (size_t i = 0; i < count; ++i) {
      buffers_[i].assign(prng.below(20000), '?');
      requests[i].file = file_.get();
      requests[i].offset = prng.below(kFileBytes + 5000);  // some reach over the end, some begin behind it
      requests[i].out = buffers_[i];
    }
    return requests;
  }

  void expect_read(const std::vector<ReadRequest>& requests) {
    for (const ReadRequest& request : requests) {
      const std::string expected =
          request.offset < kFileBytes ? contents_.substr(request.offset, request.out.size()) : std::string();
      ASSERT_TRUE(request.result) << request.result.error().to_string();
      ASSERT_EQ(*request.result, expected.size()) << "at " << request.offset;
      ASSERT_TRUE(Bytes(request.out.data(), *request.result) == expected)
          << "at " << request.offset << " seed " << kSeed;
    }
  }

  TemporaryDirectory temporary_;
  std::string contents_;
  std::unique_ptr<ReadableFile> file_;
  std::vector<std::string> buffers_;
};

TEST_F(ReadBatch, BothWaysReadTheSame) {
  for (const size_t count : {0, 1, 2, 63, 64, 65, 500}) {
    auto in_turn = make_requests(count);
    read_batch_in_turn(in_turn);
    expect_read(in_turn);
    auto by_ring = make_requests(count);
    if (!read_batch_by_ring(by_ring)) {
      std::fprintf(stderr, "SKIPPED, and so not tested on this machine: io_uring\n");
      GTEST_SKIP() << "the kernel allows no ring";
    }
    EXPECT_TRUE(may_read_by_ring());
    expect_read(by_ring);
    auto best = make_requests(count);
    posix_file_system()->read_batch(best);
    expect_read(best);
  }
}

TEST_F(ReadBatch, ErrorsStayWithTheirRequests) {
  PosixReadableFile broken(Fd(::open((temporary_ / "000001.sst").c_str(), O_WRONLY | O_CLOEXEC)),
                           FileRef{FileKind::kTable, 7}, 100);  // cannot be read
  auto requests = make_requests(100);
  std::string out(10, '\0');
  for (const size_t at : {0u, 50u, 99u}) requests[at] = ReadRequest{.file = &broken, .offset = 5, .out = out};
  read_batch(requests);
  for (const size_t at : {0u, 50u, 99u}) {
    ASSERT_FALSE(requests[at].result);
    EXPECT_EQ(requests[at].result.error().kind, ErrorKind::kIo);
    EXPECT_EQ(requests[at].result.error().file_number, 7u);
    EXPECT_EQ(requests[at].result.error().offset, 5u);
    requests[at] = ReadRequest{.file = file_.get()};
  }
  expect_read(requests);
}

class FixedFile final : public ReadableFile {
 public:
  Result<size_t> read(uint64_t offset, std::span<char> out) override {
    std::fill(out.begin(), out.end(), static_cast<char>('a' + offset));
    return out.size();
  }
  uint64_t size_bytes() const override { return 100; }
  void will_need(uint64_t, uint64_t) override {}
};

TEST_F(ReadBatch, FilesOfOtherKindsMayBeMixedIn) {
  FixedFile foreign;
  auto requests = make_requests(10);
  std::string out(4, '\0');
  requests[3] = ReadRequest{.file = &foreign, .offset = 2, .out = out};
  read_batch(requests);
  EXPECT_EQ(requests[3].result.value(), 4u);
  EXPECT_EQ(out, "cccc");
  requests[3] = ReadRequest{.file = file_.get()};
  expect_read(requests);
}

TEST_F(ReadBatch, WorksOnMoreThreadsThanThereAreRings) {
  std::vector<std::thread> threads;
  std::atomic<int> ready{0};
  constexpr int kThreads = 80;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      std::string buffers[8];
      std::vector<ReadRequest> requests(8);
      for (size_t i = 0; i < 8; ++i) {
        buffers[i].resize(100);
        requests[i] = ReadRequest{.file = file_.get(), .offset = i * 1000, .out = buffers[i]};
      }
      read_batch(requests);
      ready.fetch_add(1);
      while (ready.load() < kThreads) std::this_thread::yield();  // all rings exist at once
      read_batch(requests);
      for (size_t i = 0; i < 8; ++i) EXPECT_EQ(buffers[i], contents_.substr(i * 1000, 100));
    });
  }
  for (auto& thread : threads) thread.join();
  auto after = make_requests(20);
  read_batch(after);
  expect_read(after);
}

TEST_F(ReadBatch, ForkedChildGetsARingOfItsOwn) {
  auto before = make_requests(20);
  read_batch(before);
  EXPECT_EQ(in_child([&] {
              auto requests = make_requests(30);
              read_batch(requests);
              for (const ReadRequest& request : requests) {
                const std::string expected =
                    request.offset < kFileBytes ? contents_.substr(request.offset, request.out.size()) : std::string();
                if (!request.result || *request.result != expected.size()) return 1;
                if (Bytes(request.out.data(), *request.result) != expected) return 2;
              }
              return 0;
            }),
            0);
  auto after = make_requests(20);
  read_batch(after);
  expect_read(after);
}

// A sandbox that answers EPERM to io_uring_setup, as containers do.
bool forbid_io_uring() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST_F(ReadBatch, FallsBackWhereTheKernelRefuses) {
  EXPECT_EQ(in_child([&] {
              if (!forbid_io_uring()) return 3;
              auto requests = make_requests(100);
              if (read_batch_by_ring(requests) || may_read_by_ring()) return 4;
              read_batch(requests);
              for (const ReadRequest& request : requests) {
                const std::string expected =
                    request.offset < kFileBytes ? contents_.substr(request.offset, request.out.size()) : std::string();
                if (!request.result || Bytes(request.out.data(), *request.result) != expected) return 5;
              }
              return 0;
            }),
            0);
}

}  // namespace
}  // namespace nacre::os
