// FaultyDirectory: a directory in memory for the tests of this folder, whose n-th operation fails and which can lose
// power. The simulator (sim/) has the full disk model; this one is small enough to sweep every operation of a unit
// test.
//
// Fault model. Every changing operation (create, append, sync, rename, remove, directory sync) counts; fail_at(n) makes
// the n-th fail, and all after it if `for_good`. A failed append has written half; a failed sync has made nothing
// durable and forgets what it should have; a failed rename has happened if `failed_renames_happen`.
// What only looks (list, open_read, read) is counted apart: fail_look_at(n) makes the n-th fail, and shorten_reads() makes
// files end earlier than their size said when they were opened.
// Power cut: of a file's unsynced bytes a prefix stays, perhaps with a hole of zeros in it (sectors are written in any
// order); every name goes back to its durable file or keeps its present one, each for itself.
//
// Thread safety: one mutex around everything.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "nacre/runtime.h"
#include "sync/sync.h"

namespace nacre::tree {

class FaultyDirectory final : public Directory {
 public:
  struct Inode {
    std::string data;
    std::string durable;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  FaultyDirectory() = default;
  FaultyDirectory(Names live, Names durable) : live_(std::move(live)), durable_(std::move(durable)) {}

  // From now on. 0: the next one.
  void fail_at(uint64_t operation, Error error, bool for_good = false) {
    sync::MutexLock lock(mutex_);
    fail_at_ = operations_ + operation;
    failure_ = error;
    for_good_ = for_good;
    failed_ = false;
  }
  void heal() {
    sync::MutexLock lock(mutex_);
    failure_.reset();
  }
  bool failed() const {
    sync::MutexLock lock(mutex_);
    return failed_;
  }
  void fail_look_at(uint64_t look) {
    sync::MutexLock lock(mutex_);
    looks_until_failure_ = look + 1;
  }
  // Whether fail_look_at() struck; from then on nothing fails.
  bool look_failed() {
    sync::MutexLock lock(mutex_);
    return std::exchange(looks_until_failure_, 0) == 0;
  }
  void shorten_reads(uint64_t by_bytes) { shorter_by_bytes_ = by_bytes; }
  uint64_t operations() const {
    sync::MutexLock lock(mutex_);
    return operations_;
  }
  void set_failed_renames_happen(bool happen) { failed_renames_happen_ = happen; }

  // What a reboot after a power cut finds; `prng` decides what was lost.
  std::unique_ptr<FaultyDirectory> after_power_cut(base::Prng& prng) const {
    sync::MutexLock lock(mutex_);
    Names all = live_;
    all.insert(durable_.begin(), durable_.end());
    Names survivors;
    std::map<const Inode*, std::shared_ptr<Inode>> cuts;  // one file may have two names
    for (const auto& [name, unused] : all) {
      const Names& from = prng.one_in(2) ? live_ : durable_;
      const auto at = from.find(name);
      if (at == from.end()) continue;
      std::shared_ptr<Inode>& copy = cuts[at->second.get()];
      if (!copy) copy = cut(*at->second, prng);
      survivors[name] = copy;
    }
    return std::make_unique<FaultyDirectory>(survivors, survivors);
  }
  // The death of the process: everything written stays.
  std::unique_ptr<FaultyDirectory> after_kill() const {
    sync::MutexLock lock(mutex_);
    std::map<const Inode*, std::shared_ptr<Inode>> copies;
    const auto copy = [&copies](const Names& names) {
      Names copied;
      for (const auto& [name, inode] : names) {
        std::shared_ptr<Inode>& same = copies[inode.get()];
        if (!same) same = std::make_shared<Inode>(*inode);
        copied[name] = same;
      }
      return copied;
    };
    return std::make_unique<FaultyDirectory>(copy(live_), copy(durable_));
  }

  // The bytes of files, for tests to read and to damage.
  std::string contents(const std::string& name) const {
    sync::MutexLock lock(mutex_);
    return live_.at(name)->data;
  }
  void put(const std::string& name, std::string data) {
    sync::MutexLock lock(mutex_);
    live_[name] = std::make_shared<Inode>(Inode{data, data});
    durable_[name] = live_[name];
  }
  bool exists(const std::string& name) const {
    sync::MutexLock lock(mutex_);
    return live_.contains(name);
  }
  void erase(const std::string& name) {
    sync::MutexLock lock(mutex_);
    live_.erase(name);
    durable_.erase(name);
  }
  // Name and bytes of everything, to see that nothing was changed.
  std::map<std::string, std::string> picture() const {
    sync::MutexLock lock(mutex_);
    std::map<std::string, std::string> all;
    for (const auto& [name, inode] : live_) all[name] = inode->data;
    return all;
  }

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override {
    sync::MutexLock lock(mutex_);
    NACRE_TRY(look(Operation::kOpen));
    const auto at = live_.find(name);
    if (at == live_.end()) return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kOpen};
    return std::unique_ptr<ReadableFile>(new Reader(*this, at->second->data));
  }
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) override {
    sync::MutexLock lock(mutex_);
    NACRE_TRY(count());
    if (live_.contains(name)) return Error{.kind = ErrorKind::kIo, .operation = Operation::kOpen, .reason = "exists"};
    live_[name] = std::make_shared<Inode>();
    return std::unique_ptr<WritableFile>(new Writer(*this, live_[name]));
  }
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string&, uint64_t, MappedSpace) override {
    return unsupported();
  }
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string&) override { return unsupported(); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    sync::MutexLock lock(mutex_);
    const auto counted = count(Operation::kRename);
    if (!counted && !failed_renames_happen_) return counted;
    const auto at = live_.find(from);
    if (at == live_.end()) return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kRename};
    live_[to] = at->second;
    live_.erase(from);
    return counted;
  }
  Result<void> remove(const std::string& name) override {
    sync::MutexLock lock(mutex_);
    NACRE_TRY(count());
    if (live_.erase(name) == 0) return Error{.kind = ErrorKind::kNotFound, .operation = Operation::kRemove};
    return {};
  }
  Result<std::vector<DirectoryEntry>> list() override {
    sync::MutexLock lock(mutex_);
    NACRE_TRY(look(Operation::kList));
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, inode] : live_) entries.push_back({.name = name, .size_bytes = inode->data.size()});
    return entries;
  }
  Result<void> sync() override {
    sync::MutexLock lock(mutex_);
    NACRE_TRY(count(Operation::kSync));
    durable_ = live_;
    return {};
  }
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string&, LockKind) override { return unsupported(); }
  Result<uint64_t> free_bytes() override { return uint64_t{1} << 40; }
  std::string path() const override { return "memory"; }

 private:
  static Error unsupported() { return Error{.kind = ErrorKind::kUnsupported}; }

  class Reader final : public ReadableFile {
   public:
    Reader(FaultyDirectory& directory, std::string data) : directory_(directory), data_(std::move(data)) {}
    Result<size_t> read(uint64_t offset, std::span<char> out) override {
      sync::MutexLock lock(directory_.mutex_);
      NACRE_TRY(directory_.look(Operation::kRead));
      const Bytes there =
          Bytes(data_).substr(0, data_.size() - std::min<uint64_t>(directory_.shorter_by_bytes_, data_.size()));
      if (offset >= there.size()) return size_t{0};
      return there.copy(out.data(), out.size(), offset);
    }
    uint64_t size_bytes() const override { return data_.size(); }
    void will_need(uint64_t, uint64_t) override {}

   private:
    FaultyDirectory& directory_;
    const std::string data_;
  };

  class Writer final : public WritableFile {
   public:
    Writer(FaultyDirectory& directory, std::shared_ptr<Inode> inode)
        : directory_(directory), inode_(std::move(inode)) {}
    Result<void> append(Bytes data) override {
      sync::MutexLock lock(directory_.mutex_);
      const auto counted = directory_.count();
      inode_->data.append(counted ? data : data.substr(0, data.size() / 2));
      return counted;
    }
    Result<void> sync() override {
      sync::MutexLock lock(directory_.mutex_);
      NACRE_TRY(directory_.count(Operation::kSync));
      inode_->durable = inode_->data;
      return {};
    }
    void start_writeback() override {}
    uint64_t size_bytes() const override {
      sync::MutexLock lock(directory_.mutex_);
      return inode_->data.size();
    }

   private:
    FaultyDirectory& directory_;
    const std::shared_ptr<Inode> inode_;
  };

  static std::shared_ptr<Inode> cut(const Inode& inode, base::Prng& prng) {
    std::string data = inode.data;
    const size_t synced = std::min(inode.durable.size(), data.size());
    data.resize(synced + prng.below(data.size() - synced + 1));
    if (data.size() > synced && prng.one_in(3)) {
      const size_t hole = synced + prng.below(data.size() - synced);
      std::fill_n(data.begin() + static_cast<ptrdiff_t>(hole), 1 + prng.below(data.size() - hole), '\0');
    }
    return std::make_shared<Inode>(Inode{data, data});
  }

  Result<void> count(Operation operation = Operation::kWrite) NACRE_REQUIRES(mutex_) {
    const uint64_t now = operations_++;
    if (!failure_ || now < fail_at_ || (failed_ && !for_good_)) return {};
    failed_ = true;
    Error error = *failure_;
    error.operation = operation;
    return error;
  }

  Result<void> look(Operation operation) NACRE_REQUIRES(mutex_) {
    if (looks_until_failure_ == 0 || --looks_until_failure_ > 0) return {};
    return Error{.kind = ErrorKind::kIo, .operation = operation, .system_errno = 5};
  }

  mutable sync::Mutex mutex_;
  Names live_ NACRE_GUARDED_BY(mutex_);
  Names durable_ NACRE_GUARDED_BY(mutex_);
  uint64_t operations_ NACRE_GUARDED_BY(mutex_) = 0;
  uint64_t fail_at_ NACRE_GUARDED_BY(mutex_) = 0;
  std::optional<Error> failure_ NACRE_GUARDED_BY(mutex_);
  bool for_good_ NACRE_GUARDED_BY(mutex_) = false;
  bool failed_ NACRE_GUARDED_BY(mutex_) = false;
  bool failed_renames_happen_ = false;
  uint64_t looks_until_failure_ NACRE_GUARDED_BY(mutex_) = 0;
  std::atomic<uint64_t> shorter_by_bytes_ = 0;
};

}  // namespace nacre::tree
