// Runs of one table each, in memory, for tests of what looks at the inputs of a merge.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "table/table_fixture.h"

namespace nacre::compaction {

class RunsFixture {
 public:
  // A run below those that were added before. `keys` ascending, each with a value of so many bytes.
  template <class Keys>
  void add(const Keys& keys, size_t value_bytes, float filter_bits = 10) {
    std::vector<table::OwnedEntry> entries;
    for (const uint64_t key : keys)
      entries.push_back({table::numbered(key), table::put(1), std::string(value_bytes, 'v')});
    table::TableBuilderOptions options = table::small_blocks();
    options.filter_bits_per_key = filter_bits;
    table::build(files_.emplace_back(), entries, options);
    tables_.push_back(table::open(files_.back(), world.cache, world.account).value());
    runs_.push_back(std::make_unique<table::OpenTables>(std::vector<table::Table*>{tables_.back().get()}));
  }
  std::vector<const table::RunTables*> runs() const {
    std::vector<const table::RunTables*> runs;
    for (const auto& run : runs_) runs.push_back(run.get());
    return runs;
  }
  // Of the run added last.
  void break_reads() { files_.back().fail_reads_from = 0; }

  table::World world;

 private:
  std::deque<table::MemoryFile> files_;
  std::vector<base::IntrusivePtr<table::Table>> tables_;
  std::vector<std::unique_ptr<table::RunTables>> runs_;
};

}  // namespace nacre::compaction
