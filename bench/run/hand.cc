#include "bench/run/hand.h"

#include <algorithm>

#include "bench/failure.h"

namespace bench {

namespace {

constexpr size_t kMinSlots = 1000;  // of keys, for the largest batch

}  // namespace

Hand::Hand(const Stage& stage, Tally& tally)
    : stage_(stage),
      tally_(tally),
      keys_(stage.records.key, std::max<size_t>(kMinSlots, stage.settings.batch)),
      value_buffers_(1) {}

void Hand::prepare(const Operation& operation) {
  const Records& records = stage_.records;
  switch (operation.action) {
    case Action::kPutBatch:
      value_buffers_.resize(std::max(value_buffers_.size(), operation.numbers.size()));
      changes_.clear();
      for (size_t i = 0; i < operation.numbers.size(); i++) {
        const uint64_t number = operation.numbers[i];
        const uint32_t size = records.value.size_of(number);
        changes_.push_back({keys_.write(records.code_of(number), i),
                            stage_.values.make(number, operation.version, size, value_buffers_[i])});
      }
      return;
    case Action::kMultiGet:
      key_views_.clear();
      for (size_t i = 0; i < operation.numbers.size(); i++) {
        key_views_.push_back(keys_.write(records.code_of(operation.numbers[i]), i));
      }
      return;
    case Action::kGetMissing: key_ = keys_.write(records.code_of(operation.number) + 1); return;
    case Action::kEraseRange:
    case Action::kScanWindow: end_key_ = keys_.write(records.code_of(operation.number + operation.count), 1); break;
    case Action::kPut:
    case Action::kModify: prepare_value(operation); break;
    default: break;
  }
  key_ = keys_.write(records.code_of(operation.number));
}

void Hand::prepare_value(const Operation& operation) {
  const uint32_t size =
      operation.value_bytes != 0 ? operation.value_bytes : stage_.records.value.size_of(operation.number);
  value_ = stage_.values.make(operation.number, operation.version, size, value_buffers_[0]);
}

void Hand::act(const Operation& operation) {
  seen_ = {};
  switch (operation.action) {
    case Action::kPut: return session_->put(key_, value_);
    case Action::kPutBatch: return session_->write(changes_);
    case Action::kErase: return session_->erase(key_);
    case Action::kEraseRange: return session_->erase_range(key_, end_key_);
    case Action::kGet:
    case Action::kGetMissing: got_ = session_->get(key_); return;
    case Action::kMultiGet: return session_->multi_get(key_views_, seen_);
    case Action::kModify:
      got_ = session_->get(key_);
      if (got_) seen_.look(key_, *got_);  // the put may end the life of the view
      return session_->put(key_, value_);
    case Action::kScan: return session_->cursor()->forward(key_, operation.count, seen_);
    case Action::kScanBack: return session_->cursor()->backward(key_, operation.count, seen_);
    case Action::kScanWindow: return session_->cursor({key_, end_key_})->forward({}, operation.count + 1, seen_);
    case Action::kWalk:
    case Action::kWalkBack:
      if (cursor_ == nullptr) cursor_ = session_->cursor();
      return operation.action == Action::kWalk ? cursor_->forward(key_, operation.count, seen_)
                                               : cursor_->backward(key_, operation.count, seen_);
  }
}

void Hand::check(const Operation& operation) {
  const uint64_t key_bytes = stage_.records.key.size_bytes;
  tally_.operations++;
  switch (operation.action) {
    case Action::kPut: return wrote(1, key_bytes + value_.size());
    case Action::kPutBatch: {
      uint64_t bytes = 0;
      for (const Change& change : changes_) bytes += change.key.size() + change.value.size();
      return wrote(changes_.size(), bytes);
    }
    case Action::kErase: return wrote(1, key_bytes);
    case Action::kEraseRange: return wrote(operation.count, 2 * key_bytes);
    case Action::kGet: return check_get(operation, true);
    case Action::kGetMissing: return check_get(operation, false);
    case Action::kMultiGet: {
      uint64_t sum = 0;
      for (const uint64_t number : operation.numbers) sum += number;
      const uint64_t wanted = operation.numbers.size();
      if (seen_.entries != wanted)
        wrong("keys found of those asked for together with", operation.numbers[0], seen_.entries, wanted);
      if (seen_.sum != sum) wrong("sum of what was found together with", operation.numbers[0], seen_.sum, sum);
      tally_.found += seen_.entries;
      tally_.expected += wanted;
      return read(wanted, seen_.bytes);
    }
    case Action::kModify:
      if (seen_.entries != 1) wrong("found", operation.number, seen_.entries, 1);
      if (seen_.sum != operation.number) wrong("the value of another", operation.number, seen_.sum, operation.number);
      tally_.found++;
      tally_.expected++;
      tally_.user_read += seen_.bytes;
      return wrote(1, key_bytes + value_.size());
    default: return check_scan(operation);
  }
}

void Hand::check_get(const Operation& operation, bool there) {
  if (got_.has_value() != there) wrong("found", operation.number, got_.has_value() ? 1 : 0, there ? 1 : 0);
  uint64_t bytes = stage_.records.key.size_bytes;
  if (there) {
    if (got_->size() < ValueShape::kMinBytes)
      wrong("bytes of the value", operation.number, got_->size(), ValueShape::kMinBytes);
    const uint64_t number = Values::number_in(*got_);
    if (number != operation.number) wrong("the value of another", operation.number, number, operation.number);
    bytes += got_->size();
    tally_.found++;
    tally_.expected++;
  }
  read(1, bytes);
}

// How many entries a scan sees is known where keys have the order of numbers and all are there.
void Hand::check_scan(const Operation& operation) {
  const bool back = operation.action == Action::kScanBack || operation.action == Action::kWalkBack;
  if (stage_.records.scattered) {
    if (seen_.entries < 1 || seen_.entries > operation.count) {
      wrong("entries of a scan from", operation.number, seen_.entries, operation.count);
    }
    tally_.found += seen_.entries;
    tally_.expected += seen_.entries;
  } else if (stage_.all_there) {
    const uint64_t all = stage_.records.count;
    const uint64_t wanted = std::min(operation.count, back ? operation.number : all - operation.number);
    const uint64_t first = back ? operation.number - wanted : operation.number;
    const uint64_t sum = wanted * first + wanted * (wanted - 1) / 2;
    if (seen_.entries != wanted) wrong("entries of a scan from", operation.number, seen_.entries, wanted);
    if (seen_.sum != sum) wrong("sum of a scan from", operation.number, seen_.sum, sum);
    tally_.found += seen_.entries;
    tally_.expected += wanted;
  }
  read(seen_.entries, seen_.bytes);
}

void Hand::wrote(uint64_t entries, uint64_t bytes) {
  tally_.entries += entries;
  tally_.user_written += bytes;
}

void Hand::read(uint64_t entries, uint64_t bytes) {
  tally_.entries += entries;
  tally_.user_read += bytes;
}

void Hand::wrong(const char* what, uint64_t number, uint64_t got, uint64_t wanted) const {
  fail(kWrongAnswer, "%s: %s number %llu: %llu, not %llu", stage_.name.c_str(), what,
       static_cast<unsigned long long>(number), static_cast<unsigned long long>(got),
       static_cast<unsigned long long>(wanted));
}

}  // namespace bench
