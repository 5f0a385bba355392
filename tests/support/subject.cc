#include "tests/support/subject.h"

#include <utility>

#include "tests/support/sorted_maps.h"

namespace nacre::tests {

namespace {

template <class T>
std::string error_of(const Result<T>& result) {
  return result ? std::string() : "error: " + result.error().to_string();
}

std::string to_string(const KeyspaceOptions& options) {
  static constexpr const char* kShapes[] = {"lazy-leveled", "leveled", "tiered"};
  static constexpr const char* kCodecs[] = {"none", "lz4", "zstd"};
  return std::string(kShapes[static_cast<size_t>(options.shape)]) + ", " +
         kCodecs[static_cast<size_t>(options.compression)] + " over " +
         kCodecs[static_cast<size_t>(options.bottom_compression)] + ", blocks of " +
         std::to_string(options.block_bytes) + ", " + std::to_string(options.filter_bits_per_key) + " filter bits";
}

void add_value(std::string& answer, const std::optional<Value>& value) {
  const std::string text = value ? value->to_string() : "";
  add_found(answer, value ? &text : nullptr);
}

}  // namespace

std::string to_string(const Options& options) {
  static constexpr const char* kDurabilities[] = {"memory", "os", "disk"};
  return std::to_string(options.memory_bytes >> 20) + " MiB, " +
         (options.memtable == MemtableKind::kBTree ? "B-tree" : "skip list") + ", row cache " +
         std::to_string(options.row_cache_percent) + "%, durability " +
         kDurabilities[static_cast<size_t>(options.durability)] + "; new keyspaces: " + to_string(options.keyspace);
}

Subject::Subject(std::string path, std::function<Options()> options, const Runtime& runtime)
    : path_(std::move(path)), options_(std::move(options)), runtime_(runtime) {
  open();
}

std::string Subject::describe() const {
  std::string text = to_string(now_);
  for (const KeyspaceOptions& options : keyspace_options_) text += "\n    keyspace: " + to_string(options);
  return text;
}

void Subject::open() {
  now_ = options_();
  auto opened = Db::open(path_, now_, runtime_);
  if (!opened) {
    broken_ = error_of(opened);
    return;
  }
  db_.emplace(*std::move(opened));
  const bool fresh = keyspace_options_.empty();
  if (fresh) keyspace_options_.push_back(now_.keyspace);
  keyspaces_ = {db_->default_keyspace()};
  for (uint32_t k = 1; k < kKeyspaceCount; ++k) {
    const std::string name = "keyspace-" + std::to_string(k);
    if (fresh) keyspace_options_.push_back(options_().keyspace);
    auto keyspace = fresh ? db_->create_keyspace(name, keyspace_options_.back()) : db_->keyspace(name);
    if (!keyspace) {
      broken_ = error_of(keyspace);
      return;
    }
    keyspaces_.push_back(*keyspace);
  }
}

std::string Subject::reopen() {
  snapshots_ = {};
  keyspaces_.clear();
  if (const std::string wrong = error_of(db_->close()); !wrong.empty()) return wrong;
  db_.reset();
  open();
  return broken_;
}

Snapshot Subject::snapshot_of(const Operation& operation) const {
  return operation.slot == kNow ? Snapshot() : snapshots_[operation.slot];
}

std::string Subject::apply(const Operation& operation) {
  if (!broken_.empty()) return broken_;
  const Keyspace& keyspace = keyspaces_[operation.keyspace];
  const WriteOptions durability{.durability = operation.durability};
  switch (operation.kind) {
    case OperationKind::kPut: return error_of(keyspace.put(operation.key, operation.value, durability));
    case OperationKind::kErase: return error_of(keyspace.erase(operation.key, durability));
    case OperationKind::kEraseRange: return error_of(keyspace.erase_range(operation.key, *operation.end, durability));
    case OperationKind::kBatch: return write(operation);
    case OperationKind::kTransaction: return transaction(operation);
    case OperationKind::kConflict: return conflict(operation);
    case OperationKind::kMultiGet: return multi_get(operation);
    case OperationKind::kScan: return scan(operation);
    case OperationKind::kTakeSnapshot: snapshots_[operation.slot] = db_->snapshot(); return {};
    case OperationKind::kDropSnapshot: snapshots_[operation.slot] = {}; return {};
    case OperationKind::kFlush: return error_of(db_->flush());
    case OperationKind::kCompact: return error_of(db_->compact());
    case OperationKind::kSettle: return error_of(db_->settle());
    case OperationKind::kSync: return error_of(db_->sync());
    case OperationKind::kReopen: return reopen();
    case OperationKind::kGet: break;
  }
  const auto got = keyspace.get(operation.key, snapshot_of(operation));
  if (!got) return error_of(got);
  std::string answer;
  add_value(answer, *got);
  return answer;
}

std::string Subject::write(const Operation& operation) {
  Batch batch;
  for (const Operation& part : operation.parts) {
    const Keyspace& keyspace = keyspaces_[part.keyspace];
    if (part.kind == OperationKind::kPut) batch.put(keyspace, part.key, part.value);
    if (part.kind == OperationKind::kErase) batch.erase(keyspace, part.key);
    if (part.kind == OperationKind::kEraseRange) batch.erase_range(keyspace, part.key, *part.end);
  }
  return error_of(db_->write(batch, operation.durability));
}

std::string Subject::transaction(const Operation& operation) {
  Transaction transaction = db_->begin();
  std::string answer;
  for (const Operation& part : operation.parts) {
    const Keyspace& keyspace = keyspaces_[part.keyspace];
    if (part.kind == OperationKind::kPut) answer += error_of(transaction.put(keyspace, part.key, part.value));
    if (part.kind == OperationKind::kErase) answer += error_of(transaction.erase(keyspace, part.key));
    if (part.kind == OperationKind::kGet) {
      const auto got = transaction.get(keyspace, part.key);
      if (!got) return error_of(got);
      add_found(answer, *got ? &**got : nullptr);
    }
    if (part.kind == OperationKind::kScan) {
      const auto range = transaction.read_range(keyspace, part.key, *part.end);
      if (!range) return error_of(range);
      for (const auto& [key, value] : *range) add_entry(answer, key, value);
    }
  }
  return answer + error_of(transaction.commit(operation.durability));
}

std::string Subject::conflict(const Operation& operation) {
  const Keyspace& keyspace = keyspaces_[operation.keyspace];
  Transaction transaction = db_->begin();
  if (const auto read = transaction.get(keyspace, operation.key); !read) return error_of(read);
  if (const auto put = transaction.put(keyspace, "never", "never"); !put) return error_of(put);
  if (const auto between = keyspace.put(operation.key, operation.value); !between) return error_of(between);
  const auto committed = transaction.commit();
  if (committed) return "committed;";
  return committed.error().kind == ErrorKind::kConflict ? "conflict;" : error_of(committed);
}

std::string Subject::multi_get(const Operation& operation) {
  const std::vector<Bytes> keys(operation.keys.begin(), operation.keys.end());
  const auto got = keyspaces_[operation.keyspace].multi_get(keys, snapshot_of(operation));
  if (!got) return error_of(got);
  std::string answer;
  for (const auto& value : *got) add_value(answer, value);
  return answer;
}

std::string Subject::scan(const Operation& operation) {
  ScanOptions options{.reverse = operation.reverse, .limit = operation.limit, .snapshot = snapshot_of(operation)};
  (operation.prefix ? options.prefix : options.from) = operation.key;
  options.to = operation.end;
  std::string answer;
  Scan scan = keyspaces_[operation.keyspace].scan(options);
  for (const auto& [key, value] : scan) add_entry(answer, std::string(key), std::string(value));
  return answer + error_of(scan.status());
}

std::string Subject::contents() {
  if (!broken_.empty()) return broken_;
  std::string all;
  for (const Keyspace& keyspace : keyspaces_) {
    Scan scan = keyspace.scan();
    for (const auto& [key, value] : scan) add_entry(all, std::string(key), std::string(value));
    all += error_of(scan.status()) + "\n";
  }
  return all;
}

std::string Subject::findings() {
  const auto found = db_->check();
  std::string text = error_of(found);
  if (!found) return text;
  for (const CheckFinding& finding : *found) text += finding.error.to_string() + " " + finding.detail + "\n";
  return text;
}

}  // namespace nacre::tests
