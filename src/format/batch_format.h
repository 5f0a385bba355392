// Batch operations as they lie in a log record, and as a write batch keeps them in memory.
//
//   batch     = operation *
//   operation = u8 kind              EntryKind
//               varint keyspace      id, at most 32 bits
//               varint key_bytes     at most kMaxKeyBytes
//               varint value_bytes   at most kMaxValueBytes; left out for kErase
//               key
//               value                of kRangeErase: the end of the range, exclusive
//
// Operation i of a batch whose first sequence is s has sequence s + i. There is no count and no checksum: the log record
// around it has both.
//
// Thread safety: a BatchReader belongs to one thread. Ownership: nothing is copied; what a reader hands out points into
// the bytes that it reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/coding.h"
#include "format/entry.h"
#include "nacre/error.h"

namespace nacre::format {

struct BatchOp {
  EntryKind kind = EntryKind::kPut;
  uint32_t keyspace = 0;
  Bytes key;
  Bytes value;  // empty for kErase
};

// How many bytes store_op() writes.
inline size_t encoded_bytes(const BatchOp& op) {
  const size_t value_bytes = op.kind == EntryKind::kErase ? 0 : base::varint64_bytes(op.value.size()) + op.value.size();
  return 1 + base::varint64_bytes(op.keyspace) + base::varint64_bytes(op.key.size()) + op.key.size() + value_bytes;
}

// Writes the operation to `to` and returns the byte after it. The caller has checked the limits of key and value.
char* store_op(char* to, const BatchOp& op);
void append_op(std::string& out, const BatchOp& op);

// Reads operations one after another from bytes that may be hostile.
class BatchReader {
 public:
  explicit BatchReader(Bytes batch) : decoder_(batch), size_(batch.size()) {}

  // True: `*op` is the next operation. False: the batch ended. kCorruption for bytes that are no operation (the error's
  // offset counts from the batch's start), kUnsupported for a kind that this build does not know; calls after an error
  // return an error again.
  Result<bool> next(BatchOp* op);

 private:
  Error failed_at(size_t offset, const char* reason);

  base::Decoder decoder_;
  size_t size_;
};

}  // namespace nacre::format
