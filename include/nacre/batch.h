// Batch: several changes that become visible, and survive a crash, all together or not at all.
//
// A batch may span keyspaces. Changes apply in the order in which they were added: the last one to a key wins.
//
// Limits: keys up to 64 KiB, values up to 4 GiB - 1, together at most a quarter of Options::memory_bytes. An over-limit
// change is remembered and Db::write answers kInvalidArgument without applying anything.
// Thread safety: none; one thread builds a batch.
#pragma once

#include <cstdint>
#include <string>

#include "nacre/bytes.h"
#include "nacre/error.h"
#include "nacre/export.h"

namespace nacre {

class Keyspace;
namespace engine {
class Core;
}

class NACRE_API Batch {
 public:
  void put(Bytes key, Bytes value) noexcept;  // in the default keyspace
  void put(const Keyspace& keyspace, Bytes key, Bytes value) noexcept;
  void erase(Bytes key) noexcept;
  void erase(const Keyspace& keyspace, Bytes key) noexcept;
  // Erases every key in [begin, end). begin must lie before end.
  void erase_range(Bytes begin, Bytes end) noexcept;
  void erase_range(const Keyspace& keyspace, Bytes begin, Bytes end) noexcept;

  void clear() noexcept;
  bool empty() const noexcept { return count_ == 0; }
  uint32_t count() const noexcept { return count_; }  // changes
  uint64_t size_bytes() const noexcept { return encoded_.size(); }

  // For the engine: the encoded changes, and what was wrong with them.
  Bytes encoded() const noexcept { return encoded_; }
  Result<void> valid_for(const engine::Core* core) const noexcept;

 private:
  void add(uint8_t kind, const Keyspace* keyspace, Bytes key, Bytes value) noexcept;

  std::string encoded_;
  uint32_t count_ = 0;
  const engine::Core* core_ = nullptr;  // whose keyspaces were named; only compared
  const char* wrong_ = nullptr;         // the first over-limit change, in words
};

}  // namespace nacre
