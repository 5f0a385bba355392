// The whole engine against std::map: one seeded stream of every public operation, and after each the same answer from both.
//
// A case is a combination of memtable, compaction shape and codec; block size and filter bits vary with it. Seeded
// base::Prng, so a failure is replayed by the line it prints. NACRE_MODEL_SEED and NACRE_MODEL_STEPS search further.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/no_trouble.h"
#include "tests/support/random_bytes.h"

namespace nacre {
namespace {

using tests::key_of;
using tests::seed_from_environment;
using tests::value_of;

constexpr uint64_t kKeys = 700;
constexpr uint64_t kLargeValues = 5;  // a case: they cost much

using Held = std::shared_ptr<const std::string>;
using Contents = std::map<std::string, Held>;

Options options_of(uint32_t configuration) {
  constexpr Compression kCodecs[] = {Compression::kNone, Compression::kLz4, Compression::kZstd};
  constexpr CompactionShape kShapes[] = {CompactionShape::kLazyLeveled, CompactionShape::kLeveled,
                                         CompactionShape::kTiered};
  constexpr uint32_t kBlocks[] = {1024, 8192, 65536, 4096, 2048};
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.memtable = configuration % 2 == 0 ? MemtableKind::kBTree : MemtableKind::kSkipList;
  options.row_cache_percent = configuration % 5 == 4 ? 10 : 0;
  options.keyspace.shape = kShapes[configuration / 2 % 3];
  options.keyspace.compression = kCodecs[configuration / 6 % 3];
  options.keyspace.bottom_compression = kCodecs[(configuration / 6 + configuration % 2) % 3];
  options.keyspace.block_bytes = kBlocks[configuration % 5];
  options.keyspace.filter_bits_per_key = configuration % 3 == 1 ? 0 : 10;
  return options;
}

std::string shown(Bytes key) {
  std::string text;
  for (const char c : key.substr(0, 40)) {
    char piece[8];
    std::snprintf(piece, sizeof piece, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", static_cast<unsigned char>(c));
    text += piece;
  }
  return key.size() <= 40 ? text : text + "... (" + std::to_string(key.size()) + " bytes)";
}

// What a cursor over `contents` within [from, to) would do.
class ModelCursor {
 public:
  ModelCursor(const Contents& contents, const std::string& from, const std::optional<std::string>& to)
      : contents_(std::make_unique<Contents>(contents.lower_bound(from),
                                             to ? contents.lower_bound(std::max(*to, from)) : contents.end())),
        at_(contents_->end()) {}
  bool valid() const { return at_ != contents_->end(); }
  const std::string& key() const { return at_->first; }
  const std::string& value() const { return *at_->second; }
  void seek_first() { at_ = contents_->begin(); }
  void seek_last() { stand_before(contents_->end()); }
  void seek(const std::string& key) { at_ = contents_->lower_bound(key); }
  void seek_before(const std::string& key) { stand_before(contents_->lower_bound(key)); }
  void next() {
    if (valid()) ++at_;
  }
  void prev() {
    if (valid()) stand_before(at_);
  }
  const Contents& contents() const { return *contents_; }

 private:
  void stand_before(Contents::const_iterator after) {
    at_ = after == contents_->begin() ? contents_->end() : std::prev(after);
  }

  std::unique_ptr<const Contents> contents_;  // apart, so that moving this leaves the iterator valid
  Contents::const_iterator at_;
};

struct HeldSnapshot {
  Snapshot snapshot;
  std::map<uint32_t, Contents> contents;  // by keyspace id
};

struct HeldCursor {
  Cursor cursor;
  ModelCursor model;
};

struct HeldValue {
  Value value;
  Held model;
};

std::optional<std::string> after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back()++;
  return prefix;
}

class ModelTest : public testing::TestWithParam<uint32_t> {
 protected:
  void run(uint64_t steps) {
    open();
    for (step_ = 0; step_ < steps && !HasFailure(); step_++) one_step();
    if (HasFailure()) return;
    for (auto& held : cursors_) move_cursor(held, 20);
    check_everything();
    reopen();
    check_everything();
    const auto findings = db_->check();
    ASSERT_TRUE(findings.has_value());
    for (const CheckFinding& finding : *findings) ADD_FAILURE() << finding.error.to_string() << " " << finding.detail;
  }

  void open() {
    auto opened = Db::open(directory_ / "db", options_, runtime_);
    ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
    db_.emplace(*std::move(opened));
    keyspaces_.clear();
    std::vector<std::string> names = db_->keyspaces();
    std::sort(names.begin(), names.end());
    std::vector<std::string> expected = {"default"};
    for (const auto& [name, contents] : model_) {
      if (name != "default") expected.push_back(name);
    }
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(names, expected);
    for (const auto& name : {"default", "left", "right"}) add_keyspace(name);
  }
  void add_keyspace(const std::string& name) {
    keyspaces_.erase(name);
    keyspaces_.emplace(name, db_->keyspace(name).value());
    model_.try_emplace(name);
  }
  void let_go() {
    cursors_.clear();
    snapshots_.clear();
    values_.clear();
  }
  void reopen() {
    if (!cursors_.empty() || !snapshots_.empty() || !values_.empty()) {
      const auto busy = db_->close();
      ASSERT_FALSE(busy.has_value()) << cursors_.size() << " cursors, " << snapshots_.size() << " snapshots, "
                                     << values_.size() << " values";
      ASSERT_EQ(busy.error().kind, ErrorKind::kBusy);
    }
    check_values();
    let_go();
    keyspaces_.clear();
    const auto closed = db_->close();
    ASSERT_TRUE(closed.has_value()) << closed.error().to_string();
    db_.reset();
    open();
  }

  // ---- what is picked at random
  std::string pick_key() { return key_of(random_.below(kKeys)); }
  Held pick_value() {
    uint64_t bytes = random_.below(100);
    if (random_.one_in(8)) bytes = random_.below(5000);
    if (random_.one_in(60)) bytes = random_.below(20000);
    if (large_left_ > 0 && random_.one_in(150)) {
      large_left_--;
      bytes = 100'000 + random_.below(2'900'000);
    }
    return std::make_shared<const std::string>(value_of(random_, bytes));
  }
  const std::string& pick_name() {
    auto at = keyspaces_.begin();
    std::advance(at, random_.below(keyspaces_.size()));
    return at->first;
  }
  // Now, or one of the snapshots.
  const HeldSnapshot* pick_snapshot() {
    if (snapshots_.empty() || random_.one_in(2)) return nullptr;
    return &snapshots_[random_.below(snapshots_.size())];
  }
  const Contents& contents_of(const std::string& name, const HeldSnapshot* snapshot) {
    static const Contents kNothing;
    if (snapshot == nullptr) return model_.at(name);
    const auto found = snapshot->contents.find(keyspaces_.at(name).id());
    return found == snapshot->contents.end() ? kNothing : found->second;
  }
  static Snapshot snapshot_of(const HeldSnapshot* held) { return held == nullptr ? Snapshot() : held->snapshot; }

  // ---- steps
  void one_step() {
    const uint64_t dice = random_.below(1000);
    if (dice < 330) return put();
    if (dice < 390) return erase();
    if (dice < 410) return erase_range();
    if (dice < 500) return batch();
    if (dice < 530) return transaction();
    if (dice < 660) return get();
    if (dice < 700) return multi_get();
    if (dice < 760) return scan();
    if (dice < 860) return cursor();
    if (dice < 900) return snapshot();
    if (dice < 930) return check_values();
    if (dice < 950) return succeed(db_->flush(), "flush");
    if (dice < 953) return succeed(db_->compact(), "compact");
    if (dice < 956) return succeed(db_->settle(), "settle");
    if (dice < 964) return reopen();
    if (dice < 970) return drop_and_create();
    if (dice < 975) return succeed(db_->sync(), "sync");
    if (dice < 980) return overwrite_much();
    get();
  }
  void succeed(const Result<void>& result, const char* what) {
    ASSERT_TRUE(result.has_value()) << what << ": " << result.error().to_string();
  }
  WriteOptions write_options() {
    if (random_.one_in(3)) return {.durability = Durability::kMemory};
    if (random_.one_in(100)) return {.durability = Durability::kDisk};
    return {};
  }
  void put() {
    const std::string& name = pick_name();
    const std::string key = pick_key();
    const Held value = pick_value();
    succeed(keyspaces_.at(name).put(key, *value, write_options()), "put");
    model_[name][key] = value;
  }
  // Enough to fill a memtable, so that flushes and compactions happen by themselves.
  void overwrite_much() {
    const std::string& name = pick_name();
    for (int i = 0; i < 60; i++) {
      const std::string key = pick_key();
      const Held value = std::make_shared<const std::string>(value_of(random_, random_.below(20'000)));
      succeed(keyspaces_.at(name).put(key, *value), "put");
      model_[name][key] = value;
    }
  }
  void erase() {
    const std::string& name = pick_name();
    const std::string key = pick_key();
    succeed(keyspaces_.at(name).erase(key, write_options()), "erase");
    model_[name].erase(key);
  }
  static void erase_from(Contents& contents, const std::string& begin, const std::string& end) {
    contents.erase(contents.lower_bound(begin), contents.lower_bound(end));
  }
  std::pair<std::string, std::string> pick_range() {
    std::string begin = pick_key();
    std::string end = pick_key();
    if (random_.one_in(3)) end = begin + '\0';
    if (end < begin) std::swap(begin, end);
    if (begin == end) end += '\0';
    return {begin, end};
  }
  void erase_range() {
    const std::string& name = pick_name();
    const auto [begin, end] = pick_range();
    if (!random_.one_in(4) && std::distance(model_[name].lower_bound(begin), model_[name].lower_bound(end)) > 200)
      return;
    succeed(keyspaces_.at(name).erase_range(begin, end, write_options()), "erase_range");
    erase_from(model_[name], begin, end);
  }
  void batch() {
    Batch batch;
    auto after = model_;
    const uint64_t count = random_.below(20);
    for (uint64_t i = 0; i < count && batch.size_bytes() < 1'000'000; i++) {
      const std::string& name = pick_name();
      const Keyspace& keyspace = keyspaces_.at(name);
      if (random_.one_in(12)) {
        const auto [begin, end] = pick_range();
        batch.erase_range(keyspace, begin, end);
        erase_from(after[name], begin, end);
      } else if (random_.one_in(4)) {
        const std::string key = pick_key();
        batch.erase(keyspace, key);
        after[name].erase(key);
      } else {
        const std::string key = pick_key();
        const Held value = pick_value();
        batch.put(keyspace, key, *value);
        after[name][key] = value;
      }
    }
    succeed(db_->write(batch, write_options()), "write");
    model_.swap(after);
  }
  // Another than the transaction that is under way changes a key.
  void disturb(const std::string& name, const std::string& key, std::map<std::string, Contents>& after) {
    if (random_.one_in(3)) {
      succeed(keyspaces_.at(name).erase_range(key, key + '\0'), "erase_range");
      model_[name].erase(key);
      after[name].erase(key);
    } else {
      const Held value = pick_value();
      succeed(keyspaces_.at(name).put(key, *value), "put");
      model_[name][key] = value;
      after[name][key] = value;
    }
    if (random_.one_in(2)) succeed(db_->flush(), "flush");
  }
  // After its end a transaction begins anew, and sees what it and others did.
  void transaction() {
    Transaction transaction = db_->begin();
    const std::string name = pick_name();
    std::string key = pick_key();
    do {
      run_transaction(transaction, name, key);
    } while (!HasFatalFailure() && random_.one_in(3));
  }
  // Reads the key first; the next run is to read one that this one wrote or relied on.
  void run_transaction(Transaction& transaction, const std::string& name, std::string& next_key) {
    const Keyspace& keyspace = keyspaces_.at(name);
    auto after = model_;
    const std::string read = next_key;
    const auto got = transaction.get(keyspace, read);
    ASSERT_TRUE(got.has_value()) << got.error().to_string();
    expect_value(got->has_value() ? std::optional<Bytes>(**got) : std::nullopt, model_[name], read);
    std::set<std::string> relied_on = {read};
    for (uint64_t i = random_.below(6); i > 0; i--) {
      const std::string key = pick_key();
      relied_on.insert(key);
      if (random_.one_in(4)) {
        succeed(transaction.erase(keyspace, key), "transaction erase");
        after[name].erase(key);
      } else {
        const Held value = pick_value();
        succeed(transaction.put(keyspace, key, *value), "transaction put");
        after[name][key] = value;
      }
    }
    const auto [begin, end] = pick_range();
    const bool scanned = random_.one_in(2);
    if (scanned) {
      const auto range = transaction.read_range(keyspace, begin, end);
      ASSERT_TRUE(range.has_value()) << range.error().to_string();
      const ModelCursor expected(after[name], begin, end);
      auto at = expected.contents().begin();
      ASSERT_EQ(range->size(), expected.contents().size());
      for (const auto& [key, value] : *range) {
        ASSERT_EQ(key, at->first);
        ASSERT_EQ(value, *at->second) << shown(key);
        ++at;
      }
    }
    next_key = *std::next(relied_on.begin(), static_cast<ptrdiff_t>(random_.below(relied_on.size())));
    // What another changes meanwhile refuses the transaction if it read, scanned or wrote it, and else it does not.
    bool refused = false;
    if (random_.one_in(2)) {
      const std::string keys[] = {begin, end, next_key};
      const std::string& other = keys[random_.below(3)];
      refused = relied_on.contains(other) || (scanned && begin <= other && other < end);
      disturb(name, other, after);
    }
    const auto committed = transaction.commit();
    if (refused) {
      ASSERT_FALSE(committed.has_value()) << "what it relied on was changed by another";
      ASSERT_EQ(committed.error().kind, ErrorKind::kConflict) << committed.error().to_string();
    } else {
      succeed(committed, "commit");
      model_.swap(after);
    }
  }
  void expect_value(std::optional<Bytes> got, const Contents& contents, const std::string& key) {
    const auto expected = contents.find(key);
    if (expected == contents.end()) {
      ASSERT_FALSE(got.has_value()) << "a key that should be absent: " << shown(key);
    } else {
      ASSERT_TRUE(got.has_value()) << "a lost key: " << shown(key);
      ASSERT_TRUE(*got == *expected->second)
          << "another value of " << shown(key) << ": " << got->size() << " bytes, not " << expected->second->size();
    }
  }
  void get() {
    const std::string& name = pick_name();
    const HeldSnapshot* snapshot = pick_snapshot();
    const std::string key = pick_key();
    const Contents& contents = contents_of(name, snapshot);
    auto got = keyspaces_.at(name).get(key, snapshot_of(snapshot));
    ASSERT_TRUE(got.has_value()) << got.error().to_string();
    expect_value(got->has_value() ? std::optional<Bytes>(**got) : std::nullopt, contents, key);
    const auto contains = keyspaces_.at(name).contains(key, snapshot_of(snapshot));
    ASSERT_TRUE(contains.has_value()) << contains.error().to_string();
    ASSERT_EQ(*contains, contents.contains(key)) << shown(key);
    if (got->has_value() && values_.size() < 20 && random_.one_in(10))
      values_.push_back({*std::move(*got), contents.at(key)});
  }
  void multi_get() {
    const std::string& name = pick_name();
    const HeldSnapshot* snapshot = pick_snapshot();
    std::vector<std::string> keys;
    for (uint64_t i = random_.below(40); i > 0; i--) keys.push_back(pick_key());
    const std::vector<Bytes> asked(keys.begin(), keys.end());
    const auto got = keyspaces_.at(name).multi_get(asked, snapshot_of(snapshot));
    ASSERT_TRUE(got.has_value()) << got.error().to_string();
    ASSERT_EQ(got->size(), keys.size());
    for (size_t i = 0; i < keys.size(); i++) {
      expect_value((*got)[i] ? std::optional<Bytes>(*(*got)[i]) : std::nullopt, contents_of(name, snapshot), keys[i]);
    }
  }
  // Random bounds; `from` and `to` are what they come to.
  ScanOptions pick_bounds(const HeldSnapshot* snapshot, std::string* from, std::optional<std::string>* to) {
    ScanOptions options{.snapshot = snapshot_of(snapshot)};
    if (random_.one_in(3)) *from = *(options.from = pick_key());
    if (random_.one_in(3)) *to = options.to = pick_key();
    if (random_.one_in(3)) {
      const std::string key = pick_key();
      options.prefix = key.substr(0, random_.below(key.size() + 1));
      *from = std::max(*from, *options.prefix);
      if (const auto end = after_prefix(*options.prefix); end && (!*to || *end < **to)) *to = end;
    }
    return options;
  }
  void scan() {
    const std::string& name = pick_name();
    const HeldSnapshot* snapshot = pick_snapshot();
    std::string from;
    std::optional<std::string> to;
    ScanOptions options = pick_bounds(snapshot, &from, &to);
    options.reverse = random_.one_in(2);
    if (random_.one_in(3)) options.limit = random_.below(30);
    ModelCursor expected(contents_of(name, snapshot), from, to);
    options.reverse ? expected.seek_last() : expected.seek_first();
    uint64_t left = options.limit;
    Scan scan = keyspaces_.at(name).scan(options);
    for (const auto& [key, value] : scan) {
      ASSERT_GT(left--, 0U);
      ASSERT_TRUE(expected.valid()) << "too much: " << shown(key);
      ASSERT_EQ(shown(key), shown(expected.key()));
      ASSERT_TRUE(key == expected.key() && value == expected.value()) << shown(key);
      options.reverse ? expected.prev() : expected.next();
    }
    succeed(scan.status(), "scan");
    ASSERT_TRUE(left == 0 || !expected.valid()) << "too little: " << shown(expected.key()) << " is missing";
  }
  void cursor() {
    if (cursors_.size() < 6 && random_.one_in(3)) {
      const std::string& name = pick_name();
      const HeldSnapshot* snapshot = pick_snapshot();
      std::string from;
      std::optional<std::string> to;
      const ScanOptions options = pick_bounds(snapshot, &from, &to);
      cursors_.push_back({keyspaces_.at(name).cursor(options), ModelCursor(contents_of(name, snapshot), from, to)});
    }
    if (cursors_.empty()) return;
    const size_t at = random_.below(cursors_.size());
    move_cursor(cursors_[at], 1 + random_.below(12));
    if (random_.one_in(12)) cursors_.erase(cursors_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void move_cursor(HeldCursor& held, uint64_t moves) {
    std::string path;
    for (; moves > 0 && !HasFatalFailure(); moves--) {
      const uint64_t dice = random_.below(20);
      const std::string key = pick_key();
      const auto move = [&](auto& cursor) {
        if (dice == 0) return cursor.seek_first();
        if (dice == 1) return cursor.seek_last();
        if (dice < 4) return cursor.seek(key);
        if (dice < 6) return cursor.seek_before(key);
        if (dice < 13) return cursor.next();
        cursor.prev();
      };
      path += " " + std::to_string(dice);
      move(held.cursor);
      move(held.model);
      succeed(held.cursor.status(), "cursor");
      ASSERT_EQ(held.cursor.valid(), held.model.valid()) << path << " key " << shown(key);
      if (!held.model.valid()) continue;
      ASSERT_EQ(shown(held.cursor.key()), shown(held.model.key())) << path << " key " << shown(key);
      ASSERT_TRUE(held.cursor.value() == held.model.value()) << path << " at " << shown(held.model.key());
    }
  }
  void snapshot() {
    if (snapshots_.size() < 4) {
      HeldSnapshot held{.snapshot = db_->snapshot(), .contents = {}};
      for (const auto& [name, keyspace] : keyspaces_) held.contents[keyspace.id()] = model_.at(name);
      snapshots_.push_back(std::move(held));
    } else {
      snapshots_.erase(snapshots_.begin() + static_cast<std::ptrdiff_t>(random_.below(snapshots_.size())));
    }
  }
  void check_values() {
    for (const HeldValue& held : values_) ASSERT_TRUE(held.value == *held.model) << "a held value changed";
    if (!values_.empty() && random_.one_in(3)) values_.erase(values_.begin());
  }
  void drop_and_create() {
    const std::string name = random_.one_in(2) ? "left" : "right";
    succeed(db_->drop_keyspace(name), "drop_keyspace");
    const Keyspace gone = keyspaces_.at(name);
    const auto put = gone.put("key", "value");
    ASSERT_FALSE(put.has_value());
    ASSERT_EQ(put.error().kind, ErrorKind::kNotFound);
    model_.erase(name);
    add_keyspace(name);
  }
  void check_everything() {
    for (const auto& [name, keyspace] : keyspaces_) {
      const Contents& contents = model_.at(name);
      auto expected = contents.begin();
      Scan scan = keyspace.scan();
      for (const auto& [key, value] : scan) {
        ASSERT_TRUE(expected != contents.end()) << name << " too much: " << shown(key);
        ASSERT_TRUE(key == expected->first && value == *expected->second)
            << name << " " << shown(key) << ", expected " << shown(expected->first);
        ++expected;
      }
      succeed(scan.status(), "scan");
      ASSERT_TRUE(expected == contents.end()) << name << " lost " << shown(expected->first);
    }
  }

  os::TemporaryDirectory directory_;
  Runtime runtime_ = tests::untroubled_runtime();
  Options options_ = options_of(GetParam());
  uint64_t seed_ = seed_from_environment("NACRE_MODEL_SEED", 20'000 + GetParam());
  base::Prng random_{seed_};
  uint64_t large_left_ = kLargeValues;
  uint64_t step_ = 0;
  std::optional<Db> db_;
  std::map<std::string, Keyspace> keyspaces_;
  std::map<std::string, Contents> model_;
  // Gone before the database, in the order that a program would choose.
  std::vector<HeldValue> values_;
  std::vector<HeldCursor> cursors_;
  std::vector<HeldSnapshot> snapshots_;
};

TEST_P(ModelTest, AnswersAsASortedMapDoes) {
  run(seed_from_environment("NACRE_MODEL_STEPS", 1200));
  if (HasFailure()) {
    ADD_FAILURE() << "at step " << step_ << "; replay: NACRE_MODEL_SEED=" << seed_
                  << " whole_model_test --gtest_filter='*AnswersAsASortedMapDoes/" << GetParam() << "'";
  }
}

INSTANTIATE_TEST_SUITE_P(Configurations, ModelTest, testing::Range(0U, 18U));

}  // namespace
}  // namespace nacre
