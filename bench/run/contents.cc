#include "bench/run/contents.h"

#include <algorithm>

namespace bench {

void Contents::apply(const Operation& operation) {
  switch (operation.action) {
    case Action::kPut:
    case Action::kModify:
      own_sizes_ = own_sizes_ || operation.value_bytes != 0;
      return put(operation.number, operation);
    case Action::kPutBatch:
      for (const uint64_t number : operation.numbers) put(number, operation);
      return;
    case Action::kErase: return erase(operation.number);
    case Action::kEraseRange:
      for (uint64_t i = 0; i < operation.count; i++) erase(operation.number + i);
      return;
    default: return;
  }
}

void Contents::put(uint64_t number, const Operation& operation) {
  last_writes_.put(number, operation.version,
                   operation.value_bytes != 0 ? operation.value_bytes : records_.value.size_of(number));
  if (number >= present_.size())
    present_.resize(std::max<uint64_t>({records_.count, number + 1, present_.size() * 5 / 4}));
  if (present_[number]) return;
  present_[number] = true;
  count_++;
  sum_ += number;
  beyond_ += number >= records_.count ? 1 : 0;
  bytes_ += records_.entry_bytes(number);
}

void Contents::erase(uint64_t number) {
  last_writes_.erase(number);
  if (number >= present_.size() || !present_[number]) return;
  present_[number] = false;
  count_--;
  sum_ -= number;
  beyond_ -= number >= records_.count ? 1 : 0;
  bytes_ -= records_.entry_bytes(number);
}

std::optional<uint64_t> Contents::live_bytes() const {
  if (own_sizes_) return std::nullopt;
  return bytes_;
}

}  // namespace bench
