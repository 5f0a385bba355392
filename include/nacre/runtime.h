// Runtime: what Nacre needs from the world outside - files, time, background threads, a place to report to.
//
// The default runtime uses the Linux kernel and is shared by all databases of the process. Give another one to
// Db::open to put a database on another file system, to bound its threads, or to receive its events. All interfaces
// are called per block, per file or per job, never per key.
//
// Thread safety: every method of every interface may be called from several threads at once unless it says otherwise.
// Lifetime: a Runtime must outlive the databases opened with it; components are shared, so copies are cheap.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nacre/bytes.h"
#include "nacre/error.h"
#include "nacre/events.h"
#include "nacre/export.h"

namespace nacre {

// A file that is never changed while open. Destruction closes it.
class NACRE_API ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Fills `out` from `offset` and returns how many bytes it got: fewer than asked only at the end of the file.
  virtual Result<size_t> read(uint64_t offset, std::span<char> out) = 0;
  virtual uint64_t size_bytes() const = 0;
  // Says that a range will be read soon; may be ignored.
  virtual void will_need(uint64_t offset, uint64_t bytes) = 0;
};

// A file written once from its start to its end. Not thread-safe. Destruction closes without syncing.
class NACRE_API WritableFile {
 public:
  virtual ~WritableFile() = default;
  // Appends all of `data` or fails; after a failure the file's tail is undefined and the file must be given up.
  virtual Result<void> append(Bytes data) = 0;
  // Makes all appended bytes durable. A failed sync is final: the file must be given up, never synced again.
  virtual Result<void> sync() = 0;
  // Starts writing appended bytes to the device without waiting: smooths the later sync. May be ignored.
  virtual void start_writeback() = 0;
  virtual uint64_t size_bytes() const = 0;
};

// A file of lines for people. One process appends to it.
class NACRE_API LineFile {
 public:
  virtual ~LineFile() = default;
  // All of `line`, whose end is a line feed, or nothing. What was appended survives the process; it is never synced. A failure is
  // not final.
  virtual Result<void> append(Bytes line) = 0;
  virtual uint64_t size_bytes() const = 0;
};

// A file of fixed size mapped shared into memory: what is stored there survives the process at once and the machine
// after sync(). Every byte is allocated, so storing into it cannot run out of space.
class NACRE_API MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual char* data() = 0;  // valid while this object lives; page-aligned
  virtual uint64_t size_bytes() const = 0;
  // Makes bytes [begin, end) durable. One caller at a time. A failed sync is final, as for WritableFile.
  virtual Result<void> sync(uint64_t begin, uint64_t end) = 0;
  // True once the kernel could not keep a stored page (a SIGBUS, caught and turned into this flag). Such bytes are lost:
  // treat it as a failed sync. Check after storing, before acknowledging.
  virtual bool damaged() const = 0;
  // Tells the simulator that [begin, end) was stored to; nothing in production.
  virtual void stored(uint64_t begin, uint64_t end) = 0;
};

// How a mapped file gets its space. Either way it reads as zeros, and a store never lacks room.
enum class MappedSpace : uint8_t {
  kWritten,  // written and synced: each later sync is one write of data. Costs as many device writes as the file has bytes
  kReserved,  // allocated only: for what is seldom synced. The first sync of a page has to note that it is written, too
};

enum class LockKind : uint8_t { kRead, kWrite };

// Held until destroyed.
class NACRE_API DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

struct DirectoryEntry {
  std::string name;
  uint64_t size_bytes = 0;
};

// One directory of plain files, addressed relative to an open descriptor. Names contain no slash.
class NACRE_API Directory {
 public:
  virtual ~Directory() = default;
  virtual Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) = 0;
  // Creates a new file, mode 0600; fails if the name exists.
  virtual Result<std::unique_ptr<WritableFile>> create(const std::string& name) = 0;
  // Creates a new file of `size_bytes`, and maps it; its size is durable, its name is not yet. kNoSpace if it does not fit.
  virtual Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t size_bytes,
                                                            MappedSpace space = MappedSpace::kWritten) = 0;
  // Maps an existing file that create_mapped made. kCorruption if it has holes.
  virtual Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) = 0;
  // Opens a file of lines to append to it, or creates it, mode 0600. kUnsupported: there are none here, and so no LOG.
  virtual Result<std::unique_ptr<LineFile>> open_lines(const std::string& name) {
    (void)name;
    return Error{.kind = ErrorKind::kUnsupported, .operation = Operation::kOpen};
  }
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual Result<void> remove(const std::string& name) = 0;
  virtual Result<std::vector<DirectoryEntry>> list() = 0;  // regular files only
  // Makes creations, renames and removals durable. One caller at a time syncs, and a failed sync is final for this object:
  // each later one fails too, since the names that the first one lost are not tried again by the kernel.
  virtual Result<void> sync() = 0;
  // In all processes one holder that writes, or any number that only read: else kBusy. To write makes the file if need be; to
  // read does not, kNotFound.
  virtual Result<std::unique_ptr<DirectoryLock>> lock(const std::string& name, LockKind kind) = 0;
  virtual Result<uint64_t> free_bytes() = 0;  // what may still be written
  virtual std::string path() const = 0;       // for messages only
};

struct ReadRequest {
  ReadableFile* file = nullptr;
  uint64_t offset = 0;
  std::span<char> out;
  Result<size_t> result = size_t{0};  // set by read_batch, as ReadableFile::read would return
};

class NACRE_API FileSystem {
 public:
  virtual ~FileSystem() = default;
  // kNotFound if it does not exist and `create` is false. `create` makes one level, mode 0700, and syncs the parent.
  virtual Result<std::unique_ptr<Directory>> open_directory(const std::string& path, bool create) = 0;
  // Performs all requests, in parallel where the system can (io_uring), and returns when all are done.
  virtual void read_batch(std::span<ReadRequest> requests) = 0;
};

class NACRE_API Clock {
 public:
  virtual ~Clock() = default;
  virtual uint64_t now_ns() = 0;         // monotonic, about 35 ns a call
  virtual uint64_t coarse_now_ns() = 0;  // monotonic, a few milliseconds coarse, about 5 ns a call
  virtual uint64_t wall_ns() = 0;        // since 1970 UTC; may jump: only for people and expiry
  virtual void sleep_ns(uint64_t duration_ns) = 0;
};

// How much a background job hurts if it waits.
enum class Urgency : uint8_t {
  kIdle,    // only when nobody else wants the core
  kNormal,  // background, behind foreground threads
  kHigh,    // writers will be delayed if this does not run
};

// Runs jobs on background threads.
class NACRE_API Executor {
 public:
  virtual ~Executor() = default;
  // Runs `job` once, some time later, on a thread of the executor. Jobs do not throw.
  virtual void submit(Urgency urgency, std::function<void()> job) = 0;
  virtual uint32_t threads() const = 0;
  // Sets the scheduling class of the calling executor thread for the rest of its job.
  virtual void set_urgency(Urgency urgency) = 0;
};

enum class LogFormat : uint8_t {
  kText,  // time, severity, kind, name=value ...
  kJson,  // an object a line
};

// The file LOG in the directory of a database that is opened for writing, and older ones: LOG.1 is the youngest of them. It holds the
// events, one a line, each in the file when its call returns. It never fails an operation: what cannot be written is left out and
// counted (kEventsLost). A file of these names that is not a log of Nacre's stays as it is; then there is no log.
struct LogOptions {
  bool enabled = true;
  LogFormat format = LogFormat::kText;
  Severity least = Severity::kDebug;          // kDebug: every decision; kInfo: what jobs have done; kWarning: trouble only
  uint64_t file_bytes = uint64_t{4} << 20;    // at least 64 KiB; then the next file begins
  uint32_t files = 4;                         // 1 to 1,000, LOG included; the oldest is removed
};

struct NACRE_API Runtime {
  std::shared_ptr<FileSystem> file_system;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<Executor> executor;
  std::shared_ptr<EventSink> events;  // told everything, whether there is a LOG or not
  uint64_t random_seed = 0;  // 0: taken from the kernel at each open; otherwise every random choice follows from it
  LogOptions log;
  // kSlowOperation tells of users' operations that wait so long, a few a second, and of a sample of those that take so long for
  // other reasons; 0: of none. A step of a cursor is no operation.
  uint64_t slow_ns = 100'000'000;

  // The process-wide default: kernel files, two background threads a core, events in the LOG of each database only.
  static const Runtime& standard();
};

}  // namespace nacre
