// RunWriter: sorted entries in, finished tables of one run out.
//
// Tables are cut between user keys only, so that all versions of a key lie in one table: at the target size, and at the
// given cut keys (the borders of the policy's partitions), so that later jobs find tables that end where partitions do.
// A cut for size leaves no small table (shape.h): joining such ones would give as many again, for ever.
//
// Range tombstones are not streamed. When a table is cut, the writer asks for those of the table's part of the key space,
// [where it began, where the next one begins), clipped to it: so no tombstone reaches over the border of two tables.
//
// After finish() every table is synced; the directory is not (the caller does that once, before the manifest names them).
// A writer that is destroyed unfinished removes its files. Thread safety: one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compaction/shape.h"
#include "format/entry.h"
#include "format/version_edit.h"
#include "nacre/runtime.h"
#include "table/table_builder.h"
#include "table/table_cursor.h"

namespace nacre::compaction {

struct RunWriterOptions {
  Directory* directory = nullptr;
  std::function<Result<uint64_t>()> next_table_number;
  format::Uuid uuid;
  uint32_t keyspace = 0;  // id: the tables say whose they are
  Compression compression = Compression::kLz4;
  uint32_t block_bytes = 8192;
  float filter_bits_per_key = 10;
  base::MemoryAccount* account = nullptr;
  table::Warming* warming = nullptr;  // null: the blocks are not wanted in the cache. Outlives what take_warm() gives
  uint64_t table_bytes = uint64_t{32} << 20;
  std::vector<std::string> cut_keys;  // ascending
  // The range tombstones to write for [begin, end), clipped; an empty end is open. Null: none.
  std::function<std::vector<format::RangeTombstone>(Bytes begin, Bytes end)> tombstones;
  std::string begin;  // the part of the key space that this writer covers; an empty end is open
  std::string end;
};

class RunWriter {
 public:
  explicit RunWriter(RunWriterOptions options);
  ~RunWriter();
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  // In internal order; `key_hash` is base::hash_key(key).
  Result<void> add(Bytes key, uint64_t key_hash, uint64_t trailer, Bytes value);
  // The same for the entry at `lone`, which is all of a block: that is copied as it is stored. Only where can_copy() says so.
  Result<void> add_lone(const table::TableCursor& lone);
  bool can_copy(const table::TableCursor& lone) const;
  // Finishes and syncs the last table. Empty when nothing was written. kCorruption, and the tables are removed, if the
  // entries in them do not add up to `entries_hash` (format/entry_hash.h).
  Result<std::vector<format::TableRecord>> finish(uint64_t entries_hash);
  // After finish(): of the tables that it returned, those with blocks for the cache.
  std::vector<table::WarmBlocks> take_warm() { return std::move(warm_); }
  uint64_t bytes_written() const { return bytes_written_; }

 private:
  Result<void> begin_table();
  Result<void> prepare_for(Bytes key);
  Result<void> end_table(Bytes next_begin);
  bool cut_before(Bytes key);

  RunWriterOptions options_;
  size_t next_cut_ = 0;
  std::string table_begin_;  // where the current table's part of the key space begins
  std::string last_key_;
  bool any_in_table_ = false;
  uint64_t number_ = 0;
  std::unique_ptr<WritableFile> file_;
  std::unique_ptr<table::TableBuilder> builder_;
  std::vector<format::TableRecord> finished_;
  std::vector<table::WarmBlocks> warm_;  // the last one is of the current table
  uint64_t bytes_written_ = 0;
  bool done_ = false;
};

}  // namespace nacre::compaction
