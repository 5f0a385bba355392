// Batches: what decodes is encoded again to the same operations, and a damaged batch is refused where the damage is.

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
    NACRE_CHECK(op.key.size() <= kMaxKeyBytes && op.value.size() <= kMaxValueBytes);
    ops.push_back(op);
  }
}

void run(Bytes bytes) {
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
  NACRE_CHECK(whole && same.size() == ops.size());
  for (size_t i = 0; i < ops.size(); i++) {
    NACRE_CHECK(same[i].kind == ops[i].kind && same[i].keyspace == ops[i].keyspace && same[i].key == ops[i].key &&
                same[i].value == ops[i].value);
  }
}

std::vector<std::string> seeds() {
  std::string batch;
  append_op(batch, {.kind = EntryKind::kPut, .key = "key", .value = "value"});
  append_op(batch, {.kind = EntryKind::kErase, .keyspace = 300, .key = "gone"});
  append_op(batch, {.kind = EntryKind::kRangeErase, .keyspace = UINT32_MAX, .key = "a", .value = "b"});
  append_op(batch, {.kind = EntryKind::kPut, .key = "", .value = std::string(200, 'v')});
  return {batch};
}

const fuzz::Registration kHere({.name = "batch_format", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
