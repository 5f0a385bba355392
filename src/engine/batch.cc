// The public Batch: changes encoded as the log will hold them.

#include "nacre/batch.h"

#include "base/result.h"
#include "format/batch_format.h"
#include "nacre/keyspace.h"
#include "nacre/options.h"

namespace nacre {

using format::EntryKind;

void Batch::add(uint8_t kind, const Keyspace* keyspace, Bytes key, Bytes value) noexcept {
  if (keyspace != nullptr) {
    if (core_ != nullptr && core_ != keyspace->core()) wrong_ = "the batch names keyspaces of two databases";
    core_ = keyspace->core();
  }
  if (key.size() > kMaxKeyBytes ||
      (kind == static_cast<uint8_t>(EntryKind::kRangeErase) && value.size() > kMaxKeyBytes)) {
    wrong_ = "a key of the batch is longer than 64 KiB";
  } else if (value.size() > kMaxValueBytes) {
    wrong_ = "a value of the batch is longer than 4 GiB - 1";
  } else if (kind == static_cast<uint8_t>(EntryKind::kRangeErase) && key >= value) {
    wrong_ = "a range of the batch is empty: its begin must lie before its end";
  }
  if (wrong_ != nullptr) return;
  format::append_op(encoded_, {.kind = static_cast<EntryKind>(kind),
                               .keyspace = keyspace != nullptr ? keyspace->id() : 0,
                               .key = key,
                               .value = value});
  count_++;
}

void Batch::put(Bytes key, Bytes value) noexcept { add(static_cast<uint8_t>(EntryKind::kPut), nullptr, key, value); }
void Batch::put(const Keyspace& keyspace, Bytes key, Bytes value) noexcept {
  add(static_cast<uint8_t>(EntryKind::kPut), &keyspace, key, value);
}
void Batch::erase(Bytes key) noexcept { add(static_cast<uint8_t>(EntryKind::kErase), nullptr, key, {}); }
void Batch::erase(const Keyspace& keyspace, Bytes key) noexcept {
  add(static_cast<uint8_t>(EntryKind::kErase), &keyspace, key, {});
}
void Batch::erase_range(Bytes begin, Bytes end) noexcept {
  add(static_cast<uint8_t>(EntryKind::kRangeErase), nullptr, begin, end);
}
void Batch::erase_range(const Keyspace& keyspace, Bytes begin, Bytes end) noexcept {
  add(static_cast<uint8_t>(EntryKind::kRangeErase), &keyspace, begin, end);
}

void Batch::clear() noexcept {
  encoded_.clear();
  count_ = 0;
  core_ = nullptr;
  wrong_ = nullptr;
}

Result<void> Batch::valid_for(const engine::Core* core) const noexcept {
  if (wrong_ != nullptr) return invalid_argument(Operation::kWrite, wrong_);
  if (core_ != nullptr && core_ != core) {
    return invalid_argument(Operation::kWrite, "the batch names a keyspace of another database");
  }
  return {};
}

}  // namespace nacre
