// The writer: opens a database, tells the oracle all that it holds, then commits from several threads to several keyspaces until it
// is killed, loses its disk, or is asked to end (SIGTERM), and tells the oracle about every commit before and after (claims.h).
//
// Only the public API is used. Keys: thread t owns "t/...", so that what it left is a function of how many of its commits there
// are; "shared/..." belongs to all. Every commit puts its thread's number under "head/t", in any one of the keyspaces.
//
//   nacre-kernel-writer DIRECTORY PIPE SEED [create | read-only] [check]
//
// read-only ends after the dump. check verifies every checksum after the dump.
#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "base/prng.h"
#include "tests/kernel/claims.h"

namespace nacre::kernel_tests {
namespace {

constexpr int kThreads = 4;
constexpr const char* kKeyspaceNames[] = {"default", "alpha", "beta"};
constexpr int kKeyspaces = 3;
constexpr std::string_view kPassing = "passing/";  // keyspaces that come and go
constexpr size_t kPassingMost = 3;
constexpr size_t kDumpBytes = 64 << 10;

volatile std::sig_atomic_t asked_to_end = 0;

enum ChangeKind : uint8_t { kPut, kErase, kEraseRange };

class Writer {
 public:
  Writer(Db db, Claims& claims, uint64_t seed) : db_(std::move(db)), claims_(claims), seed_(seed) {}

  // Tells all that the database holds, and learns from the heads where to go on. False if it cannot be read.
  bool dump() {
    for (uint8_t i = 0; i < kKeyspaces; i++) {
      for (const std::string& name : db_.keyspaces()) {
        if (name == kKeyspaceNames[i] && !dump_keyspace(i)) return false;
      }
    }
    for (const std::string& name : db_.keyspaces()) {
      if (!name.starts_with(kPassing)) continue;
      claims_.send(Frame('L').text(name));
      passing_.push_back(name);
    }
    return true;
  }
  void check() {
    const auto findings = db_.check();
    if (!findings) return claims_.error('X', findings.error());
    for (const CheckFinding& finding : *findings) {
      if (finding.error.kind == ErrorKind::kIo) {  // the power may have gone while it read: no word of what is stored
        claims_.error('E', finding.error);
      } else {
        claims_.send(Frame('X').text("check: " + finding.detail + ": " + finding.error.to_string()));
      }
    }
  }

  // Commits until told to end or until every thread has met an error.
  bool run() {
    for (const char* name : kKeyspaceNames) {
      auto keyspace = db_.keyspace(name);
      if (!keyspace) return claims_.error('E', keyspace.error()), false;
      keyspaces_.push_back(*keyspace);
    }
    std::vector<std::thread> threads;
    for (uint8_t i = 0; i < kThreads; i++) threads.emplace_back([this, i] { commit_until_told(i); });
    for (std::thread& thread : threads) thread.join();
    keyspaces_.clear();
    return true;
  }
  void close() { claims_.closed(db_.close()); }

 private:
  bool dump_keyspace(uint8_t index) {
    Frame frame('D');
    frame.number(index);
    const auto keyspace = db_.keyspace(kKeyspaceNames[index]);
    if (!keyspace) return claims_.error('E', keyspace.error()), false;
    Scan scan = keyspace->scan();
    for (const auto& [key, value] : scan) {
      frame.entry(key, value);
      if (key.starts_with("head/")) take_head(key, value);
      if (frame.size() < kDumpBytes) continue;
      claims_.send(std::move(frame));
      frame = Frame('D');
      frame.number(index);
    }
    if (const auto status = scan.status(); !status) return claims_.error('E', status.error()), false;
    claims_.send(std::move(frame));
    return true;
  }
  void take_head(Bytes key, Bytes value) {
    uint64_t& head = heads_[key.back() - '0'];
    head = std::max<uint64_t>(head, std::strtoull(std::string(value).c_str(), nullptr, 10));
  }

  void commit_until_told(uint8_t thread) {
    base::Prng random(seed_ * kThreads + thread);
    for (uint64_t number = heads_[thread] + 1; asked_to_end == 0; number++) {
      if (!commit(thread, number, random)) return;
      if (random.one_in(10 * disk_one_in_) && !sync(thread)) return;
      if (thread == 0 && random.one_in(60)) change_keyspaces(number);
      if (thread == 0 && random.one_in(40)) (void)db_.flush();  // its errors come back at commits
      if (thread == 0 && random.one_in(400)) (void)db_.compact();
    }
  }

  bool commit(uint8_t thread, uint64_t number, base::Prng& random) {
    const Durability durability =
        random.one_in(disk_one_in_) ? Durability::kDisk : static_cast<Durability>(random.below(2));
    Frame frame('A');
    frame.number(thread).number(number).number(static_cast<uint8_t>(durability));
    Batch batch;
    for (uint64_t left = random.below(6); left > 0; left--) change(thread, number, random, batch, frame);
    put(random.below(kKeyspaces), std::string("head/") + static_cast<char>('0' + thread), std::to_string(number), batch,
        frame);
    claims_.send(std::move(frame));
    const auto written = db_.write(batch, durability);
    if (written) return claims_.send(Frame('K').number(thread).number(number)), true;
    claims_.send(Frame('F')
                     .number(thread)
                     .number(number)
                     .number(static_cast<uint8_t>(written.error().kind))
                     .text(written.error().to_string()));
    return false;
  }
  bool sync(uint8_t thread) {
    claims_.send(Frame('S').number(thread));
    if (!db_.sync()) return false;
    claims_.send(Frame('s').number(thread));
    return true;
  }

  // A keyspace is durable once it is created, and with it all that was committed before. Errors come back at commits.
  void change_keyspaces(uint64_t number) {
    if (passing_.size() < kPassingMost) {
      passing_.push_back(std::string(kPassing) + std::to_string(number));
      claims_.send(Frame('C').text(passing_.back()));
      (void)db_.create_keyspace(passing_.back(), {});
    } else {
      claims_.send(Frame('R').text(passing_.front()));
      (void)db_.drop_keyspace(passing_.front());
      passing_.erase(passing_.begin());
    }
  }

  // One random change, to the batch and to what the oracle is told.
  void change(uint8_t thread, uint64_t number, base::Prng& random, Batch& batch, Frame& frame) {
    const uint64_t keyspace = random.below(kKeyspaces);
    if (random.one_in(5)) {
      return put(keyspace, "shared/" + std::to_string(random.below(8)),
                 std::to_string(thread) + " " + std::to_string(number), batch, frame);
    }
    const uint64_t at = random.below(400);
    const std::string key = own_key(thread, at);
    if (random.one_in(12)) {
      const std::string end = own_key(thread, at + 1 + random.below(30));
      batch.erase_range(keyspaces_[keyspace], key, end);
      frame.number(kEraseRange).number(static_cast<uint8_t>(keyspace)).entry(key, end);
    } else if (random.one_in(5)) {
      batch.erase(keyspaces_[keyspace], key);
      frame.number(kErase).number(static_cast<uint8_t>(keyspace)).entry(key, "");
    } else {
      put(keyspace, key, value(number, random), batch, frame);
    }
  }
  void put(uint64_t keyspace, const std::string& key, const std::string& value, Batch& batch, Frame& frame) {
    batch.put(keyspaces_[keyspace], key, value);
    frame.number(kPut).number(static_cast<uint8_t>(keyspace)).entry(key, value);
  }
  static std::string own_key(uint8_t thread, uint64_t i) {
    char text[32];
    std::snprintf(text, sizeof text, "%d/%06llu", thread, static_cast<unsigned long long>(i));
    return text;
  }
  static std::string value(uint64_t number, base::Prng& random) {
    const uint64_t bytes = random.one_in(300) ? 100'000 : random.one_in(40) ? random.below(20'000) : random.below(400);
    std::string value = std::to_string(number) + ":";
    while (value.size() < bytes) value += std::to_string(random.next());
    return value;
  }

  Db db_;
  Claims& claims_;
  const uint64_t seed_;
  // Where few commits ask for the disk, a cut finds much that the log alone has, or nobody yet.
  const uint64_t disk_one_in_ = std::array<uint64_t, 4>{3, 3, 60, 600}[seed_ / 12 % 4];
  std::vector<Keyspace> keyspaces_;
  std::vector<std::string> passing_;  // of thread 0
  uint64_t heads_[kThreads] = {};
};

// As small as it gets, so that flushes and merges never end; the rest is the seed's choice.
Options options_of(const std::string& mode, uint64_t seed) {
  Options options;
  options.mode = mode == "read-only" ? OpenMode::kReadOnly : OpenMode::kCreateIfMissing;
  options.memory_bytes = kMinMemoryBytes;
  options.memtable = seed % 2 == 0 ? MemtableKind::kBTree : MemtableKind::kSkipList;
  options.keyspace.shape = static_cast<CompactionShape>(seed / 2 % 3);
  options.keyspace.block_bytes = seed / 6 % 2 == 0 ? 8192 : 1024;
  return options;
}

int run(const std::string& path, Claims& claims, uint64_t seed, const std::string& mode, bool check) {
  auto db = Db::open(path, options_of(mode, seed));
  if (!db) return claims.error('E', db.error()), 1;
  Writer writer(*std::move(db), claims, seed);
  if (!writer.dump()) return 1;
  claims.send(Frame('O'));
  if (check) writer.check();
  if (mode != "read-only" && !writer.run()) return 1;
  writer.close();
  return 0;
}

}  // namespace
}  // namespace nacre::kernel_tests

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s DIRECTORY PIPE SEED [create | read-only] [check]\n", argv[0]);
    return 2;
  }
  std::signal(SIGTERM, [](int) { nacre::kernel_tests::asked_to_end = 1; });
  nacre::kernel_tests::Claims claims(std::atoi(argv[2]));
  return nacre::kernel_tests::run(argv[1], claims, std::strtoull(argv[3], nullptr, 10), argc > 4 ? argv[4] : "create",
                                  argc > 5 && std::string(argv[5]) == "check");
}
