#include "sim/toy_store.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/checksum.h"
#include "base/result.h"

namespace nacre::sim {

namespace {

constexpr uint64_t kLogBytes = 8192;

struct Record {
  uint64_t sequence;  // from 1: zeros are no record
  uint64_t value;
  uint64_t checksum;
};
struct Checkpoint {
  uint64_t count;
  uint64_t hash;
  uint64_t checksum;
};

template <class T>
Bytes bytes_of(const T& plain) {
  return Bytes(reinterpret_cast<const char*>(&plain), sizeof plain);
}

Result<std::string> read_file(Directory& directory, const std::string& name) {
  NACRE_TRY_ASSIGN(auto file, directory.open_read(name));
  std::string bytes(file->size_bytes(), '\0');
  NACRE_TRY_ASSIGN(const size_t got, file->read(0, bytes));
  bytes.resize(got);
  return bytes;
}

}  // namespace

ToyStore::ToyStore(const Runtime& runtime, const Bugs& bugs, std::function<void(uint64_t)> claimed)
    : runtime_(runtime), bugs_(bugs), claimed_(std::move(claimed)) {}

uint64_t ToyStore::extend_hash(uint64_t hash, uint64_t value) { return base::mix64(hash, value); }

uint64_t ToyStore::checksum(uint64_t sequence, uint64_t value, uint64_t number) const {
  return bugs_.no_checksum ? 1 : base::mix64(base::mix64(sequence, value), number);
}

Result<std::unique_ptr<ToyStore>> ToyStore::open(const Runtime& runtime, const Bugs& bugs,
                                                 std::function<void(uint64_t)> claimed) {
  std::unique_ptr<ToyStore> store(new ToyStore(runtime, bugs, std::move(claimed)));
  NACRE_TRY_ASSIGN(store->directory_, runtime.file_system->open_directory("toy", true));
  NACRE_TRY_ASSIGN(store->lock_, store->directory_->lock("LOCK", LockKind::kWrite));
  NACRE_TRY(store->recover());
  return store;
}

ToyStore::~ToyStore() {
  mutex_.lock();
  while (jobs_ != 0) jobs_done_.wait(mutex_);
  mutex_.unlock();
}

Result<void> ToyStore::recover() {
  auto current = read_file(*directory_, "CURRENT");
  if (!current && current.error().kind != ErrorKind::kNotFound) return current.error();
  const uint64_t old = current ? std::strtoull(current->c_str(), nullptr, 10) : 0;
  if (current && old == 0) return malformed("CURRENT names nothing");
  if (old != 0) NACRE_TRY(replay(old));
  // A new checkpoint comes first and removals after it: a failed directory sync may have lost the rename that made
  // `old` current, so on the platter CURRENT may name an older one still.
  NACRE_TRY_ASSIGN(const auto entries, directory_->list());
  number_ = old;
  for (const DirectoryEntry& entry : entries) {
    number_ = std::max<uint64_t>(number_, std::strtoull(entry.name.c_str(), nullptr, 10));
    if (entry.name == "CURRENT.tmp") NACRE_TRY(directory_->remove(entry.name));
  }
  NACRE_TRY(checkpoint());
  for (const DirectoryEntry& entry : entries) {
    if (std::strtoull(entry.name.c_str(), nullptr, 10) != 0) NACRE_TRY(directory_->remove(entry.name));
  }
  return {};
}

Result<void> ToyStore::replay(uint64_t number) {
  NACRE_TRY_ASSIGN(const std::string text, read_file(*directory_, std::to_string(number) + ".ckpt"));
  Checkpoint state;
  if (text.size() != sizeof state) return malformed("checkpoint of a wrong size");
  std::memcpy(&state, text.data(), sizeof state);
  if (state.checksum != checksum(state.count, state.hash, number)) return malformed("damaged checkpoint");
  count_ = state.count;
  hash_ = state.hash;
  NACRE_TRY_ASSIGN(const std::string log, read_file(*directory_, std::to_string(number) + ".wal"));
  for (size_t at = 0; at + sizeof(Record) <= log.size(); at += sizeof(Record)) {
    Record record;
    std::memcpy(&record, log.data() + at, sizeof record);
    if (record.sequence != count_ + 1 || record.checksum != checksum(record.sequence, record.value, number)) break;
    ++count_;
    hash_ = extend_hash(hash_, record.value);
  }
  return {};
}

Result<void> ToyStore::write_file(const std::string& name, const std::string& text, bool sync) {
  NACRE_TRY_ASSIGN(auto file, directory_->create(name));
  NACRE_TRY(file->append(text));
  if (sync) NACRE_TRY(file->sync());
  return {};
}

// Writes the state to new files, makes them current, and gives the old ones to the background.
Result<void> ToyStore::checkpoint() {
  const uint64_t next = number_ + 1;
  const std::string name = std::to_string(next);
  const Checkpoint state{count_, hash_, checksum(count_, hash_, next)};
  NACRE_TRY(write_file(name + ".ckpt", std::string(bytes_of(state)), true));
  NACRE_TRY_ASSIGN(auto log, directory_->create_mapped(name + ".wal", kLogBytes));
  NACRE_TRY(log->sync(0, kLogBytes));
  if (!bugs_.no_directory_sync) NACRE_TRY(directory_->sync());
  NACRE_TRY(write_file("CURRENT.tmp", name, !bugs_.no_sync_before_rename));
  NACRE_TRY(directory_->rename("CURRENT.tmp", "CURRENT"));
  if (!bugs_.no_directory_sync) NACRE_TRY(directory_->sync());
  if (log_ != nullptr) remove_later(number_);
  log_ = std::move(log);
  number_ = next;
  end_ = 0;
  return {};
}

void ToyStore::remove_later(uint64_t number) {
  ++jobs_;
  runtime_.executor->submit(Urgency::kIdle, [this, number] {
    (void)directory_->remove(std::to_string(number) + ".ckpt");  // what fails now goes at the next open
    (void)directory_->remove(std::to_string(number) + ".wal");
    sync::MutexLock lock(mutex_);
    if (--jobs_ == 0) jobs_done_.notify_all();
  });
}

// Gives the value its place and stores it. mutex_ is held, unless that is the bug.
Result<uint64_t> ToyStore::place(uint64_t value) {
  if (broken_) return Error{.kind = ErrorKind::kClosed};
  if (end_ + sizeof(Record) > kLogBytes) {
    if (auto made = checkpoint(); !made) {
      broken_ = true;
      return made.error();
    }
  }
  const uint64_t position = count_;
  const uint64_t offset = end_;
  sync::yield_point();
  count_ = position + 1;
  end_ = offset + sizeof(Record);
  hash_ = extend_hash(hash_, value);
  claimed_(value);
  const Record record{position + 1, value, checksum(position + 1, value, number_)};
  std::memcpy(log_->data() + offset, &record, sizeof record);
  log_->stored(offset, offset + sizeof record);
  return position;
}

Result<void> ToyStore::sync_log() {
  sync::MutexLock lock(sync_mutex_);
  auto result = log_->sync(0, kLogBytes);
  if (!result && bugs_.retry_failed_sync) {
    NACRE_TRY_ASSIGN(auto again, directory_->open_mapped(std::to_string(number_) + ".wal"));
    result = again->sync(0, kLogBytes);
  }
  return result;
}

// Some of the bugs are such that the compiler's analysis finds them too.
Result<uint64_t> ToyStore::append(uint64_t value, bool durable) NACRE_NO_THREAD_ANALYSIS {
  if (!bugs_.claim_without_lock) mutex_.lock();
  const auto position = place(value);
  if (position && durable && !bugs_.acknowledge_before_sync) {
    if (bugs_.locks_in_opposite_order) {
      mutex_.unlock();
      sync_mutex_.lock();
      mutex_.lock();
      sync_mutex_.unlock();
    }
    if (auto synced = sync_log(); !synced) {
      broken_ = true;
      if (!bugs_.claim_without_lock) mutex_.unlock();
      return synced.error();
    }
  }
  if (!bugs_.claim_without_lock) mutex_.unlock();
  return position;
}

}  // namespace nacre::sim
