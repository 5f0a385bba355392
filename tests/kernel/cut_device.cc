// A disk with a volatile write cache, in user space: one file, `disk`, of a file system that this program serves to the kernel by
// the FUSE protocol. A loop device over that file is a block device whose power can be cut at any write.
//
// Why: EXT4_IOC_SHUTDOWN stops a file system but loses nothing that it had handed to its device. A real disk keeps
// writes in a cache, in any order, until it is told to flush; a file system or a database that forgets a flush is found out
// only by a device that forgets.
//
// The model. A write goes to `visible_` and to the list of pending writes. A flush (FUSE_FSYNC: the loop driver's answer to
// a flush of the block layer, which also stands for FUA) moves all pending writes to `durable_`. After a cut every request
// fails with EIO. Power comes back with `durable_` and, of the pending writes, what the profile keeps, sector by sector.
//
// Invariants: what was written before a flush that was answered survives every cut. A sector is written whole or not at all,
// and so is the block of the superblock: ext4 writes it in place with a checksum over all, and does not mount if it is torn.
// Requests are served one at a time, so a cut lies between two of them.
//
//   nacre-cut-device MOUNT-POINT BYTES       stays in the foreground until its standard input ends
//
// Commands, a line each, on standard input; each is answered by a line on standard output:
//   arm N              cut the power after N more writes and flushes; says `fired` on a line of its own when it happens
//   cut                now
//   revive HOW SEED    power on; HOW: none (all pending writes lost), prefix (a first part of them is kept), any (each
//                      sector kept or not), most (like any, but seven of eight are kept)
//   state              `live` or `cut`, then writes, flushes, pending writes
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr uint64_t kSectorBytes = 512;
constexpr uint64_t kSuperblockEnd = 4096;
constexpr uint32_t kMaxWriteBytes = 128 << 10;
constexpr uint64_t kDiskNode = 2;

struct PendingWrite {
  uint64_t offset = 0;
  std::string bytes;
};

class CutDisk {
 public:
  explicit CutDisk(uint64_t bytes) : bytes_(bytes), visible_(blank()), durable_(blank()) {}

  uint64_t size_bytes() const { return bytes_; }
  bool powered() const { return powered_; }
  const char* read(uint64_t offset) const { return visible_ + offset; }

  void write(uint64_t offset, const char* data, size_t bytes) {
    std::memcpy(visible_ + offset, data, bytes);
    pending_.push_back({offset, std::string(data, bytes)});
    writes_++;
    count_down();
  }
  void flush() {
    for (const PendingWrite& write : pending_)
      std::memcpy(durable_ + write.offset, write.bytes.data(), write.bytes.size());
    pending_.clear();
    flushes_++;
    count_down();
  }

  void arm(uint64_t requests) { countdown_ = requests; }
  void cut() {
    powered_ = false;
    countdown_ = 0;
  }

  // Returns how many sectors were pending and how many of these are kept.
  std::pair<uint64_t, uint64_t> revive(const std::string& how, uint64_t seed) {
    std::mt19937_64 random(seed);
    const size_t first_part = how == "prefix" ? random() % (pending_.size() + 1) : 0;
    uint64_t sectors = 0;
    uint64_t kept = 0;
    for (size_t i = 0; i < pending_.size(); i++) {
      const PendingWrite& write = pending_[i];
      const uint64_t unit = write.offset < kSuperblockEnd ? kSuperblockEnd : kSectorBytes;
      for (uint64_t at = 0; at < write.bytes.size(); at += unit, sectors++) {
        const bool keep = how == "any" ? random() % 2 == 0 : how == "most" ? random() % 8 != 0 : i < first_part;
        if (!keep) continue;
        std::memcpy(durable_ + write.offset + at, write.bytes.data() + at, std::min(unit, write.bytes.size() - at));
        kept++;
      }
    }
    for (const PendingWrite& write : pending_)
      std::memcpy(visible_ + write.offset, durable_ + write.offset, write.bytes.size());
    pending_.clear();
    powered_ = true;
    return {sectors, kept};
  }

  std::string state() const {
    return std::string(powered_ ? "live " : "cut ") + std::to_string(writes_) + " " + std::to_string(flushes_) + " " +
           std::to_string(pending_.size());
  }

 private:
  char* blank() const {
    void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return static_cast<char*>(memory);
  }
  void count_down() {
    if (countdown_ == 0 || --countdown_ != 0) return;
    cut();
    std::puts("fired");
    std::fflush(stdout);
  }

  const uint64_t bytes_;
  char* const visible_;  // what a reader gets
  char* const durable_;  // what is left without the pending writes
  std::vector<PendingWrite> pending_;
  bool powered_ = true;
  uint64_t countdown_ = 0;  // 0: not armed
  uint64_t writes_ = 0;
  uint64_t flushes_ = 0;
};

// One mounted file system with one file in it.
class FuseServer {
 public:
  FuseServer(CutDisk& disk, const char* mount_point) : disk_(disk), request_(kMaxWriteBytes + (64 << 10)) {
    fd_ = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd_ < 0) die("/dev/fuse");
    const std::string options = "fd=" + std::to_string(fd_) + ",rootmode=40000,user_id=0,group_id=0";
    if (::mount("nacre-cut-device", mount_point, "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0) die("mount");
    // What will lie on this disk is mounted where this process is not: were it the last one there, its own end would unmount it, and wait
    // for this process to write what is left.
    if (::unshare(CLONE_NEWNS) != 0) die("leaving the mount namespace");
  }

  int fd() const { return fd_; }

  // Serves one request; false when the file system is gone.
  bool serve() {
    const ssize_t got = ::read(fd_, request_.data(), request_.size());
    if (got < 0) return errno == EINTR || errno == EAGAIN || errno == ENOENT;
    std::memcpy(&header_, request_.data(), sizeof header_);
    switch (header_.opcode) {
      case FUSE_INIT: init(); break;
      case FUSE_LOOKUP: look_up(); break;
      case FUSE_GETATTR: answer(fuse_attr_out{.attr_valid = 1000, .attr = attributes(header_.nodeid)}); break;
      case FUSE_SETATTR: answer(fuse_attr_out{.attr_valid = 1000, .attr = attributes(header_.nodeid)}); break;
      case FUSE_OPEN: answer(fuse_open_out{.open_flags = FOPEN_DIRECT_IO}); break;  // a page cache would outlive a cut
      case FUSE_READ: read(); break;
      case FUSE_WRITE: write(); break;
      case FUSE_FSYNC: sync(); break;
      case FUSE_STATFS: answer(fuse_statfs_out{.st = {.bsize = 4096, .namelen = 255, .frsize = 4096}}); break;
      case FUSE_FLUSH:
      case FUSE_RELEASE: reply(0, nullptr, 0); break;
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
      case FUSE_INTERRUPT: break;  // have no answer
      default: reply(-ENOSYS, nullptr, 0);
    }
    return true;
  }

 private:
  [[noreturn]] static void die(const char* what) {
    std::perror(what);
    std::exit(1);
  }

  template <class T>
  T argument() const {
    T value;
    std::memcpy(&value, request_.data() + sizeof header_, sizeof value);
    return value;
  }
  template <class T>
  void answer(const T& value) {
    reply(0, &value, sizeof value);
  }
  void reply(int error, const void* body, size_t bytes) const {
    fuse_out_header out = {.len = static_cast<uint32_t>(sizeof out + bytes), .error = error, .unique = header_.unique};
    const iovec parts[] = {{&out, sizeof out}, {const_cast<void*>(body), bytes}};
    if (::writev(fd_, parts, bytes == 0 ? 1 : 2) < 0 && errno != ENOENT) std::perror("answering the kernel");
  }

  fuse_attr attributes(uint64_t node) const {
    fuse_attr attr = {.ino = node, .blksize = 4096};
    attr.mode = node == kDiskNode ? S_IFREG | 0600 : S_IFDIR | 0700;
    attr.nlink = 1;
    attr.size = node == kDiskNode ? disk_.size_bytes() : 0;
    attr.blocks = attr.size / 512;
    return attr;
  }

  void init() {
    const auto in = argument<fuse_init_in>();
    fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
                         .minor = std::min<uint32_t>(in.minor, FUSE_KERNEL_MINOR_VERSION)};
    out.max_readahead = in.max_readahead;
    out.flags = FUSE_BIG_WRITES | FUSE_ASYNC_READ;
    out.max_background = 16;
    out.congestion_threshold = 12;
    out.max_write = kMaxWriteBytes;
    answer(out);
  }
  void look_up() {
    if (std::strcmp(request_.data() + sizeof header_, "disk") != 0) return reply(-ENOENT, nullptr, 0);
    answer(fuse_entry_out{.nodeid = kDiskNode, .entry_valid = 1000, .attr_valid = 1000, .attr = attributes(kDiskNode)});
  }
  void read() {
    const auto in = argument<fuse_read_in>();
    if (!disk_.powered()) return reply(-EIO, nullptr, 0);
    if (in.offset >= disk_.size_bytes()) return reply(0, nullptr, 0);
    reply(0, disk_.read(in.offset), std::min<uint64_t>(in.size, disk_.size_bytes() - in.offset));
  }
  void write() {
    const auto in = argument<fuse_write_in>();
    if (!disk_.powered()) return reply(-EIO, nullptr, 0);
    if (in.offset + in.size > disk_.size_bytes()) return reply(-ENOSPC, nullptr, 0);
    disk_.write(in.offset, request_.data() + sizeof header_ + sizeof in, in.size);
    answer(fuse_write_out{.size = in.size});
  }
  void sync() {
    if (!disk_.powered()) return reply(-EIO, nullptr, 0);
    disk_.flush();
    reply(0, nullptr, 0);
  }

  CutDisk& disk_;
  int fd_ = -1;
  std::vector<char> request_;
  fuse_in_header header_ = {};
};

std::string obey(CutDisk& disk, const std::string& line) {
  char word[16] = {};
  char how[16] = {};
  unsigned long long number = 0;
  if (std::sscanf(line.c_str(), "arm %llu", &number) == 1) return disk.arm(number), "ok";
  if (line == "cut") return disk.cut(), "ok";
  if (line == "state") return disk.state();
  if (std::sscanf(line.c_str(), "%15s %15s %llu", word, how, &number) == 3 && std::strcmp(word, "revive") == 0) {
    const auto [sectors, kept] = disk.revive(how, number);
    return "revived " + std::to_string(sectors) + " " + std::to_string(kept);
  }
  return "unknown: " + line;
}

// Reads what standard input has and obeys whole lines; false at its end.
bool listen(CutDisk& disk, std::string& rest) {
  char piece[256];
  const ssize_t got = ::read(STDIN_FILENO, piece, sizeof piece);
  if (got <= 0) return false;
  rest.append(piece, static_cast<size_t>(got));
  for (size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1)) {
    std::puts(obey(disk, rest.substr(0, end)).c_str());
  }
  std::fflush(stdout);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MOUNT-POINT BYTES\n", argv[0]);
    return 2;
  }
  CutDisk disk(std::strtoull(argv[2], nullptr, 10));
  FuseServer server(disk, argv[1]);
  std::puts("ready");
  std::fflush(stdout);
  std::string rest;
  pollfd waits[] = {{.fd = server.fd(), .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  while (::poll(waits, 2, -1) >= 0 || errno == EINTR) {
    if ((waits[0].revents & (POLLERR | POLLHUP)) != 0) break;
    if ((waits[0].revents & POLLIN) != 0 && !server.serve()) break;
    if ((waits[1].revents & (POLLIN | POLLHUP)) != 0 && !listen(disk, rest)) break;
  }
  return 0;
}
