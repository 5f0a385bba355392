#include "table/warm_blocks.h"

#include <cstring>

#include "table/table.h"

namespace nacre::table {

void WarmBlocks::add(uint32_t block, Bytes image) {
  const auto bytes = static_cast<int64_t>(image.size());
  if (warming_.room_bytes.fetch_sub(bytes, std::memory_order_relaxed) < bytes) return;
  cache::Cache::Draft draft = warming_.cache.allocate_ahead(image.size());
  std::memcpy(draft.bytes().data(), image.data(), image.size());
  drafts_.emplace_back(block, std::move(draft));
}

void WarmBlocks::publish(const Table& table) {
  for (auto& [block, draft] : drafts_) (void)warming_.cache.publish(std::move(draft), table.slot(block));
  drafts_.clear();
}

}  // namespace nacre::table
