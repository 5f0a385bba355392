#include "os/read_batch.h"

#include <liburing.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "os/posix_file.h"
#include "os/process.h"
#include "os/read_wait.h"
#include "sync/sync.h"

namespace nacre::os {

namespace {

constexpr uint32_t kRingEntries = 64;
constexpr uint32_t kMostRings = 64;
constexpr size_t kLargestByRing = size_t{1} << 30;  // a request's length has 32 bits; the kernel reads less than 2 GiB

// The rings of this process. They are opened and closed one at a time: the kernel maps and unmaps their memory where
// the thread sanitizer does not see it, and the mutex is what tells it that one ring's memory was another's before.
struct RingBook {
  sync::Mutex mutex;
  std::atomic<uint32_t> alive{0};    // changed under the mutex
  std::atomic<bool> refused{false};  // this kernel or sandbox allows no rings
};

RingBook& ring_book() {
  static constinit PerProcess<RingBook> book;
  return book.get([] { return RingBook(); });
}

// The io_uring of one thread.
class Ring {
 public:
  // Null when there can be none.
  static std::unique_ptr<Ring> open() {
    RingBook& book = ring_book();
    if (book.refused.load(std::memory_order_relaxed) || book.alive.load(std::memory_order_relaxed) >= kMostRings) {
      return nullptr;
    }
    sync::MutexLock lock(book.mutex);
    std::unique_ptr<Ring> ring(new Ring);
    // Best first; an older kernel answers EINVAL to flags that it does not know.
    int status = -EINVAL;
    for (const unsigned flags :
         {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN, 0U}) {
      status = io_uring_queue_init(kRingEntries, &ring->ring_, flags);
      if (status != -EINVAL) break;
    }
    if (status == 0) {
      ring->open_ = true;
      book.alive.fetch_add(1, std::memory_order_relaxed);
      return ring;
    }
    if (status == -ENOSYS || status == -EPERM || status == -EINVAL) book.refused.store(true, std::memory_order_relaxed);
    return nullptr;
  }
  ~Ring() {
    if (!open_) return;
    if (!of_this_process()) {
      io_uring_queue_exit(&ring_);
      return;
    }
    RingBook& book = ring_book();
    sync::MutexLock lock(book.mutex);
    io_uring_queue_exit(&ring_);
    book.alive.fetch_sub(1, std::memory_order_relaxed);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  bool of_this_process() const { return generation_ == process_generation(); }

  // Reads those requests that are for our files; returns false when the ring broke and is to be given up. `left`
  // receives the requests that must be read the other way (from the start).
  bool run(std::span<ReadRequest> requests, std::vector<ReadRequest*>& left);

 private:
  Ring() : generation_(process_generation()) {}

  // Takes one finished request off the ring, waiting for it; false if the kernel would not wait.
  bool reap(std::vector<ReadRequest*>& left);
  void finish(ReadRequest& request, int result, std::vector<ReadRequest*>& left);

  const uint64_t generation_;
  bool open_ = false;
  uint32_t in_flight_ = 0;  // accepted by the kernel, not finished
  struct io_uring ring_ = {};
};

PosixReadableFile* our_file(const ReadRequest& request) { return dynamic_cast<PosixReadableFile*>(request.file); }

void Ring::finish(ReadRequest& request, int result, std::vector<ReadRequest*>& left) {
  if (result >= 0) {
    request.result = static_cast<size_t>(result);
    // Short: the end of the file, or only what was at hand. Reading on tells which.
    if (static_cast<size_t>(result) < request.out.size() && result != 0) left.push_back(&request);
  } else if (result == -EINTR || result == -EAGAIN || result == -ECANCELED) {
    left.push_back(&request);
  } else {
    request.result = our_file(request)->read_error(-result, request.offset);
  }
}

bool Ring::reap(std::vector<ReadRequest*>& left) {
  io_uring_cqe* done = nullptr;
  int status = 0;
  do {
    status = io_uring_wait_cqe(&ring_, &done);
  } while (status == -EINTR || status == -EAGAIN);
  if (status != 0) return false;
  finish(*static_cast<ReadRequest*>(io_uring_cqe_get_data(done)), done->res, left);
  io_uring_cqe_seen(&ring_, done);
  --in_flight_;
  return true;
}

bool Ring::run(std::span<ReadRequest> requests, std::vector<ReadRequest*>& left) {
  std::vector<ReadRequest*> queued;  // in the submission queue, not yet accepted
  bool broken = false;
  auto next = requests.begin();
  while (next != requests.end() || !queued.empty() || in_flight_ > 0) {
    for (; next != requests.end() && queued.size() + in_flight_ < kRingEntries; ++next) {
      next->result = size_t{0};
      if (next->out.empty()) continue;
      const PosixReadableFile* file = our_file(*next);
      io_uring_sqe* entry = file != nullptr && next->out.size() <= kLargestByRing ? io_uring_get_sqe(&ring_) : nullptr;
      if (entry == nullptr) {
        left.push_back(&*next);
        continue;
      }
      io_uring_prep_read(entry, file->descriptor(), next->out.data(), static_cast<unsigned>(next->out.size()),
                         next->offset);
      io_uring_sqe_set_data(entry, &*next);
      queued.push_back(&*next);
    }
    if (!queued.empty()) {
      const int accepted = io_uring_submit_and_wait(&ring_, 1);
      if (accepted > 0) {
        queued.erase(queued.begin(), queued.begin() + accepted);
        in_flight_ += static_cast<uint32_t>(accepted);
      } else if (accepted != -EINTR &&
                 !(in_flight_ > 0 && (accepted == -EAGAIN || accepted == -EBUSY || accepted == 0))) {
        broken = true;
        break;
      }
    }
    if (in_flight_ > 0 && !reap(left)) {
      broken = true;
      break;
    }
    while (io_uring_cq_ready(&ring_) > 0 && reap(left)) {  // what else is there, before the next submission
    }
  }
  if (!broken) return true;
  // Nothing may write into the buffers after we return. What was never accepted goes away with the ring.
  while (in_flight_ > 0) NACRE_CHECK(reap(left));
  left.insert(left.end(), queued.begin(), queued.end());
  for (; next != requests.end(); ++next) {
    next->result = size_t{0};
    left.push_back(&*next);
  }
  return false;
}

thread_local std::unique_ptr<Ring> ring_of_thread;

void read_rest(ReadRequest& request) {
  const size_t have = request.result ? *request.result : 0;
  auto more = request.file->read(request.offset + have, request.out.subspan(have));
  if (more) {
    request.result = have + *more;
  } else {
    request.result = more.error();
  }
}

}  // namespace

void read_batch_in_turn(std::span<ReadRequest> requests) {
  for (ReadRequest& request : requests) request.result = request.file->read(request.offset, request.out);
}

bool may_read_by_ring() {
  std::unique_ptr<Ring>& ring = ring_of_thread;
  if (ring != nullptr && !ring->of_this_process()) ring.reset();  // forked: the kernel serves the parent's thread only
  if (ring == nullptr) ring = Ring::open();
  return ring != nullptr;
}

bool read_batch_by_ring(std::span<ReadRequest> requests) {
  if (!may_read_by_ring()) return false;
  std::unique_ptr<Ring>& ring = ring_of_thread;
  std::vector<ReadRequest*> left;
  if (!ring->run(requests, left)) ring.reset();
  for (ReadRequest* request : left) read_rest(*request);
  return true;
}

void read_batch(std::span<ReadRequest> requests) {
  const ReadWait wait;
  // A ring gains nothing for a single read: pread is the shorter way.
  if (requests.size() < 2 || !read_batch_by_ring(requests)) read_batch_in_turn(requests);
}

}  // namespace nacre::os
