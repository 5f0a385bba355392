// Properties of the whole engine, by rapidcheck: any sequence of operations, with flush, compaction, reopening, snapshots and
// cursors in between, answers as a sorted map does. What fails is shrunk to a few operations and printed.
//
// model_test.cc goes deep with one long stream and everything the API has; this goes wide with short ones that shrink.
// RC_PARAMS="seed=... max_success=1000" replays or searches further (rapidcheck's own variable).

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "nacre/nacre.h"
#include "os/testing.h"

namespace nacre {

enum class Kind : uint8_t {
  kPut,
  kErase,
  kEraseRange,
  kBatch,
  kFlush,
  kCompact,
  kReopen,
  kSnapshot,
  kReadSnapshot,
  kOpenCursor,
  kStep,
  kSetOptions,  // of the keyspace, and of memtables
  kCount
};

struct Op {
  Kind kind = Kind::kPut;
  uint32_t key = 0;
  uint32_t other = 0;  // end of a range, second key of a batch, steps of a cursor
  uint32_t bytes = 0;  // of the value
};

std::ostream& operator<<(std::ostream& out, const Op& op) {
  static constexpr const char* kNames[] = {"put",           "erase",       "erase_range", "batch",
                                           "flush",         "compact",     "reopen",      "snapshot",
                                           "read_snapshot", "open_cursor", "step",        "set_options"};
  return out << kNames[static_cast<size_t>(op.kind)] << "(" << op.key << ", " << op.other << ", " << op.bytes << ")";
}

namespace {

using Contents = std::map<std::string, std::string>;

rc::Gen<Op> any_op() {
  // Writes are three times as frequent as the rest: most sequences should have something to get wrong.
  const auto kind = rc::gen::weightedOneOf<Kind>(
      {{6, rc::gen::element(Kind::kPut, Kind::kPut, Kind::kErase, Kind::kEraseRange, Kind::kBatch)},
       {4, rc::gen::element(Kind::kFlush, Kind::kFlush, Kind::kCompact, Kind::kReopen, Kind::kSnapshot,
                            Kind::kReadSnapshot, Kind::kOpenCursor, Kind::kStep, Kind::kSetOptions)}});
  return rc::gen::build<Op>(
      rc::gen::set(&Op::kind, kind), rc::gen::set(&Op::key, rc::gen::inRange<uint32_t>(0, 24)),
      rc::gen::set(&Op::other, rc::gen::inRange<uint32_t>(0, 24)),
      rc::gen::set(&Op::bytes, rc::gen::weightedOneOf<uint32_t>({{8, rc::gen::inRange<uint32_t>(0, 40)},
                                                                 {1, rc::gen::inRange<uint32_t>(500, 5000)}})));
}

std::string key_of(uint32_t i) { return std::string(i % 5, 'p') + std::to_string(i); }

class World {
 public:
  explicit World(const Options& options) : options_(options) { open(); }

  void apply(const Op& op) {
    const std::string key = key_of(op.key);
    const std::string other = key_of(op.other);
    switch (op.kind) {
      case Kind::kPut:
        db_->put(key, next_value(op)).value();
        map_[key] = value_;
        break;
      case Kind::kErase:
        db_->erase(key).value();
        map_.erase(key);
        break;
      case Kind::kEraseRange: erase_range(std::min(key, other), std::max(key, other)); break;
      case Kind::kBatch: batch(key, other, op); break;
      case Kind::kFlush: db_->flush().value(); break;
      case Kind::kCompact: db_->compact().value(); break;
      case Kind::kReopen: reopen(); break;
      case Kind::kSnapshot: snapshot_.emplace(db_->snapshot(), map_); break;
      case Kind::kReadSnapshot:
        if (snapshot_) compare(snapshot_->second, snapshot_->first);
        break;
      case Kind::kOpenCursor: open_cursor(key); break;
      case Kind::kStep: step(op.other); break;
      case Kind::kSetOptions: set_options(op); break;
      case Kind::kCount: break;
    }
  }

  void compare_all() { compare(map_, {}); }

 private:
  void open() {
    db_.emplace(Db::open(directory_ / "db", options_).value());
    RC_ASSERT((db_->default_keyspace().options() == keyspace_options_));
  }
  void set_options(const Op& op) {
    keyspace_options_ = {.compression = static_cast<Compression>(op.key % 3),
                         .bottom_compression = static_cast<Compression>(op.other % 3),
                         .shape = static_cast<CompactionShape>(op.bytes % 3),
                         .filter_bits_per_key = op.key,
                         .block_bytes = 1024 + op.other};
    db_->default_keyspace().set_options(keyspace_options_).value();
    Options options = db_->options();
    options.memtable = static_cast<MemtableKind>(op.key % 2);
    db_->set_options(options).value();
  }
  std::string next_value(const Op& op) {
    value_ = std::to_string(++values_) + std::string(op.bytes, 'v');
    return value_;
  }
  void erase_range(const std::string& from, const std::string& to) {
    if (from == to) return;
    db_->erase_range(from, to).value();
    map_.erase(map_.lower_bound(from), map_.lower_bound(to));
  }
  void batch(const std::string& key, const std::string& other, const Op& op) {
    Batch batch;
    batch.put(key, next_value(op));
    batch.erase(other);
    batch.put(key + "+", value_);
    db_->write(batch).value();
    map_[key] = value_;
    map_.erase(other);
    map_[key + "+"] = value_;
  }
  void reopen() {
    snapshot_.reset();
    cursor_.reset();
    db_->close().value();
    open();
  }
  void open_cursor(const std::string& from) {
    cursor_.emplace(db_->cursor());
    cursor_contents_ = map_;
    cursor_->seek(from);
    place_ = cursor_contents_.lower_bound(from);
    check_cursor();
  }
  void step(uint32_t steps) {
    for (uint32_t i = 0; cursor_ && place_ != cursor_contents_.end() && i < steps; i++) {
      cursor_->next();
      ++place_;
      check_cursor();
    }
  }
  void check_cursor() {
    cursor_->status().value();
    RC_ASSERT(cursor_->valid() == (place_ != cursor_contents_.end()));
    if (!cursor_->valid()) return;
    RC_ASSERT(std::string(cursor_->key()) == place_->first);
    RC_ASSERT(std::string(cursor_->value()) == place_->second);
  }
  void compare(const Contents& expected, const Snapshot& snapshot) {
    Contents forward;
    Scan scan = db_->scan({.snapshot = snapshot});
    for (const auto& [key, value] : scan) forward.emplace(key, value);
    scan.status().value();
    RC_ASSERT(forward == expected);
    Contents backward;
    Scan reverse = db_->scan({.reverse = true, .snapshot = snapshot});
    for (const auto& [key, value] : reverse) backward.emplace(key, value);
    reverse.status().value();
    RC_ASSERT(backward == expected);
    for (uint32_t i = 0; i < 24; i++) {
      const auto got = db_->get(key_of(i), snapshot).value();
      const auto wanted = expected.find(key_of(i));
      RC_ASSERT(got.has_value() == (wanted != expected.end()));
      if (got) RC_ASSERT(got->to_string() == wanted->second);
    }
  }

  const Options options_;
  KeyspaceOptions keyspace_options_ = options_.keyspace;
  const os::TemporaryDirectory directory_;
  Contents map_;
  std::string value_;
  uint64_t values_ = 0;
  std::optional<Db> db_;  // what follows refers to it
  std::optional<std::pair<Snapshot, Contents>> snapshot_;
  std::optional<Cursor> cursor_;
  Contents cursor_contents_;
  Contents::const_iterator place_;
};

void check_property(MemtableKind memtable) {
  const bool holds = rc::check("answers as a sorted map does", [memtable] {
    Options options;
    options.memory_bytes = kMinMemoryBytes;
    options.memtable = memtable;
    options.keyspace.shape =
        *rc::gen::element(CompactionShape::kLazyLeveled, CompactionShape::kLeveled, CompactionShape::kTiered);
    options.keyspace.block_bytes = *rc::gen::element<uint32_t>(1024, 8192);
    const auto ops = *rc::gen::container<std::vector<Op>>(any_op());
    World world(options);
    for (const Op& op : ops) world.apply(op);
    world.compare_all();
  });
  EXPECT_TRUE(holds);
}

TEST(Property, AnySequenceOnABTree) { check_property(MemtableKind::kBTree); }
TEST(Property, AnySequenceOnASkipList) { check_property(MemtableKind::kSkipList); }

}  // namespace
}  // namespace nacre
