// What a store's directory takes: on the disk, and of the page cache.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

uint64_t allocated_bytes(const std::string& directory);   // blocks that its files hold, not their lengths
uint64_t page_cache_bytes(const std::string& directory);  // pages of its files that are in memory (mincore)

}  // namespace bench
