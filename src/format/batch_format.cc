#include "format/batch_format.h"

#include "base/result.h"
#include "nacre/options.h"

namespace nacre::format {

char* store_op(char* to, const BatchOp& op) {
  *to++ = static_cast<char>(op.kind);
  to = base::store_varint64(to, op.keyspace);
  to = base::store_varint64(to, op.key.size());
  const bool has_value = op.kind != EntryKind::kErase;
  if (has_value) to = base::store_varint64(to, op.value.size());
  to += op.key.copy(to, op.key.size());
  if (has_value) to += op.value.copy(to, op.value.size());
  return to;
}

void append_op(std::string& out, const BatchOp& op) {
  const size_t before = out.size();
  const size_t after = before + encoded_bytes(op);
  out.resize_and_overwrite(after, [&](char* data, size_t /* may be the capacity */) {
    store_op(data + before, op);
    return after;
  });
}

Error BatchReader::failed_at(size_t offset, const char* reason) {
  decoder_.bytes(decoder_.remaining() + 1);  // fails: and so does every later read
  return malformed(reason, offset);
}

Result<bool> BatchReader::next(BatchOp* op) {
  if (decoder_.ok() && decoder_.at_end()) return false;
  const size_t start = size_ - decoder_.remaining();
  const auto kind = decoder_.fixed<uint8_t>();
  if (!decoder_.ok()) return failed_at(start, "batch: read on after an error");
  if (kind > kHighestKnownKind) {
    Error error = failed_at(start, "batch: an operation of a newer version; open it with that version");
    error.kind = ErrorKind::kUnsupported;
    return error;
  }
  op->kind = static_cast<EntryKind>(kind);
  op->keyspace = static_cast<uint32_t>(decoder_.varint_at_most(UINT32_MAX));
  const uint64_t key_bytes = decoder_.varint_at_most(kMaxKeyBytes);
  const uint64_t value_bytes = op->kind == EntryKind::kErase ? 0 : decoder_.varint_at_most(kMaxValueBytes);
  op->key = decoder_.bytes(key_bytes);
  op->value = decoder_.bytes(value_bytes);
  if (!decoder_.ok()) return failed_at(start, "batch: an operation is damaged or cut off");
  return true;
}

}  // namespace nacre::format
