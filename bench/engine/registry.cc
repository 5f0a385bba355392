#include "bench/engine/registry.h"

#include <array>

namespace bench {

namespace {

// CMake defines NACRE_BENCH_<ENGINE> for those it found.
#ifdef NACRE_BENCH_ROCKSDB
#define ROCKSDB(open) nullptr, open
#else
#define ROCKSDB(open) "librocksdb-dev, or -DNACRE_BENCH_ROCKSDB_ROOT=DIR", nullptr
#endif
#ifdef NACRE_BENCH_LEVELDB
#define LEVELDB(open) nullptr, open
#else
#define LEVELDB(open) "libleveldb-dev", nullptr
#endif
#ifdef NACRE_BENCH_LMDB
#define LMDB(open) nullptr, open
#else
#define LMDB(open) "liblmdb-dev", nullptr
#endif
#ifdef NACRE_BENCH_WIREDTIGER
#define WIREDTIGER(open) nullptr, open
#else
#define WIREDTIGER(open) "libwiredtiger-dev", nullptr
#endif
#ifdef NACRE_BENCH_TIDESDB
#define TIDESDB(open) nullptr, open
#else
#define TIDESDB(open) "-DNACRE_BENCH_TIDESDB_ROOT=DIR", nullptr
#endif

constexpr std::array kEngines{
    Engine{"nacre", "this engine, its defaults but the memory", nullptr, open_nacre},
    Engine{"rocksdb", "RocksDB as it comes", ROCKSDB(open_rocksdb)},
    Engine{"rocksdb-tuned", "RocksDB with the options of its tuning guides", ROCKSDB(open_rocksdb_tuned)},
    Engine{"rocksdb-best", "the same with universal compaction, or what --rocksdb-options says",
           ROCKSDB(open_rocksdb_best)},
    Engine{"leveldb", "LevelDB with a filter and larger buffers", LEVELDB(open_leveldb)},
    Engine{"lmdb", "LMDB; every commit is synced", LMDB(open_lmdb)},
    Engine{"lmdb-nosync", "LMDB with NOSYNC and WRITEMAP", LMDB(open_lmdb_nosync)},
    Engine{"wiredtiger", "WiredTiger, its B-tree, with a log", WIREDTIGER(open_wiredtiger)},
    Engine{"tidesdb", "TidesDB", TIDESDB(open_tidesdb)},
};

}  // namespace

std::span<const Engine> engines() { return kEngines; }

const Engine* find_engine(std::string_view name) {
  for (const Engine& engine : kEngines) {
    if (engine.name == name) return &engine;
  }
  return nullptr;
}

}  // namespace bench
