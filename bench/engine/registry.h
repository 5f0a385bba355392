// The engines by name: which there are, and why one is not.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "bench/engine/store.h"

namespace bench {

struct Engine {
  const char* name;
  const char* words;
  const char* absent;  // what this build lacks for it; null: it is there
  std::unique_ptr<Store> (*open)(const OpenOptions&);
};

std::span<const Engine> engines();
const Engine* find_engine(std::string_view name);  // null: no such name

// One a file. rocksdb: its three columns.
std::unique_ptr<Store> open_nacre(const OpenOptions& options);
std::unique_ptr<Store> open_rocksdb(const OpenOptions& options);
std::unique_ptr<Store> open_rocksdb_tuned(const OpenOptions& options);
std::unique_ptr<Store> open_rocksdb_best(const OpenOptions& options);
std::unique_ptr<Store> open_leveldb(const OpenOptions& options);
std::unique_ptr<Store> open_lmdb(const OpenOptions& options);
std::unique_ptr<Store> open_lmdb_nosync(const OpenOptions& options);
std::unique_ptr<Store> open_wiredtiger(const OpenOptions& options);
std::unique_ptr<Store> open_tidesdb(const OpenOptions& options);

}  // namespace bench
