// Batches. Raw: what decodes is encoded again to the same operations, and a damaged batch is refused where the damage is. Drawn: operations
// with any numbers in them, written here as the format says; they are refused exactly if they are impossible.

#include "base/fuzzing.h"
#include "format/batch_format.h"
#include "format/test_bytes.h"
#include "nacre/options.h"

namespace nacre::format {
namespace {

std::vector<BatchOp> decode(Bytes batch, bool* whole) {
  std::vector<BatchOp> ops;
  BatchReader reader(batch);
  BatchOp op;
  while (true) {
    const auto more = reader.next(&op);
    *whole = more.has_value();
    if (!more) {
      NACRE_CHECK(more.error().kind == ErrorKind::kCorruption || more.error().kind == ErrorKind::kUnsupported);
      NACRE_CHECK(more.error().offset < batch.size());
      NACRE_CHECK(!reader.next(&op));  // and no later call finds its way back
      return ops;
    }
    if (!*more) return ops;
    ops.push_back(op);
  }
}

void expect_same(const std::vector<BatchOp>& a, const std::vector<BatchOp>& b) {
  NACRE_CHECK(a.size() == b.size());
  for (size_t i = 0; i < a.size(); i++) {
    NACRE_CHECK(a[i].kind == b[i].kind && a[i].keyspace == b[i].keyspace && a[i].key == b[i].key &&
                a[i].value == b[i].value);
  }
}

void check_raw(Bytes bytes) {
  const testing::ExactBytes batch(bytes);
  bool whole = false;
  const std::vector<BatchOp> ops = decode(batch.view(), &whole);
  std::string again;
  for (const BatchOp& op : ops) {
    const size_t before = again.size();
    append_op(again, op);
    NACRE_CHECK(again.size() - before == encoded_bytes(op));
  }
  if (whole) NACRE_CHECK(again.size() <= bytes.size());  // a varint may have been longer than need be
  const std::vector<BatchOp> same = decode(again, &whole);
  NACRE_CHECK(whole);
  expect_same(same, ops);
}

void check_drawn(fuzz::Input& input) {
  std::string batch;
  std::vector<std::string> owned;
  owned.reserve(60);  // never grows: `ops` points into it
  std::vector<BatchOp> ops;
  bool possible = true;
  int long_keys = 0;
  while (possible && !input.empty() && ops.size() < 30) {
    const auto kind = static_cast<uint8_t>(input.below(8) != 7 ? input.below(3) : input.byte());
    const uint64_t keyspace = input.mostly(3);
    const bool is_long = input.below(8) == 7 && long_keys++ < 3;
    const std::string& key = owned.emplace_back(is_long ? input.run_of_bytes(kMaxKeyBytes + 2) : input.key());
    const bool has_value = kind != static_cast<uint8_t>(EntryKind::kErase);
    const std::string& value = owned.emplace_back(has_value ? input.bytes(20) : Bytes());
    const uint64_t said = input.mostly(value.size());  // more than there is: cut off
    batch.push_back(static_cast<char>(kind));
    base::append_varint(batch, keyspace);
    base::append_varint(batch, key.size());
    if (has_value) base::append_varint(batch, std::max<uint64_t>(said, value.size()));
    batch += key + value;
    possible = kind <= kHighestKnownKind && keyspace <= UINT32_MAX && key.size() <= kMaxKeyBytes &&
               (said <= value.size() || !has_value);
    if (possible) ops.push_back({static_cast<EntryKind>(kind), static_cast<uint32_t>(keyspace), key, value});
  }
  bool whole = false;
  const testing::ExactBytes exact(batch);
  expect_same(decode(exact.view(), &whole), ops);
  NACRE_CHECK(whole == possible);
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  if (input.flag()) return check_drawn(input);
  check_raw(input.rest());
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(20, 80);
  for (std::string& seed : all) seed[0] = '\1';
  std::string& batch = all.emplace_back(1, '\0');
  append_op(batch, {.kind = EntryKind::kPut, .key = "key", .value = "value"});
  append_op(batch, {.kind = EntryKind::kErase, .keyspace = 300, .key = "gone"});
  append_op(batch, {.kind = EntryKind::kRangeErase, .keyspace = UINT32_MAX, .key = "a", .value = "b"});
  append_op(batch, {.kind = EntryKind::kPut, .key = "", .value = std::string(200, 'v')});
  return all;
}

const fuzz::Registration kHere({.name = "batch_format", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
