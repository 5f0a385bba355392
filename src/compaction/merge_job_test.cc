// What a merge does with an entry that is all of a block. What it does with others is looked at by the tests of the whole engine.

#include "compaction/merge_job.h"

#include <gtest/gtest.h>

#include "format/file_names.h"
#include "format/mend.h"
#include "os/memory_file_system.h"
#include "table/table_fixture.h"

namespace nacre::compaction {
namespace {

using table::MemoryFile;
using table::OwnedEntry;

constexpr uint32_t kBlockBytes = 1024;

std::string text(uint64_t number, size_t bytes) {
  std::string text = "value " + std::to_string(number) + " ";
  while (text.size() < bytes) text += text;
  text.resize(bytes);
  return text;
}

// Every third entry is larger than a block.
std::vector<OwnedEntry> mixed_entries(uint64_t count, format::Sequence sequence) {
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < count; i++) {
    const bool large = i % 3 == 0;
    entries.push_back({table::numbered(i), table::put(sequence), text(i + 1000 * sequence, large ? 5000 + i : 30)});
  }
  return entries;
}

class MergeJob : public ::testing::Test {
 protected:
  void add_run(const std::vector<OwnedEntry>& entries, Compression compression) {
    files_.push_back(std::make_unique<MemoryFile>());
    table::build(*files_.back(), entries, table::small_blocks(compression));
    tables_.push_back(table::open(*files_.back(), world_.cache, world_.account).value());
    runs_.push_back(std::make_unique<table::OpenTables>(std::vector<table::Table*>{tables_.back().get()}));
  }

  void forget_runs() {
    runs_.clear();
    tables_.clear();
    files_.clear();
  }

  // All runs, the newest first, to the bottom.
  Result<MergeResult> merge(Compression compression) {
    std::vector<merge::Source> sources;
    for (const auto& run : runs_) sources.emplace_back(table::RunCursor(*run, {.streaming = true}));
    RunWriterOptions writer;
    writer.directory = directory_.get();
    writer.next_table_number = [this]() -> Result<uint64_t> { return ++last_number_; };
    writer.compression = compression;
    writer.block_bytes = kBlockBytes;
    return merge_part(merge::MergeCursor(std::move(sources)), merge::VersionFilter({100}, true, nullptr), writer, {},
                      {});
  }

  base::IntrusivePtr<table::Table> written(const MergeResult& merged) {
    EXPECT_EQ(merged.tables.size(), 1U);
    const table::TableIdentity id{.uuid = {}, .number = merged.tables[0].number};
    auto file = directory_->open_read(format::table_name(id.number)).value();
    return table::Table::open(std::move(file), id, world_.cache, &world_.account).value();
  }

  table::World world_;
  std::vector<std::unique_ptr<MemoryFile>> files_;

 private:
  std::vector<base::IntrusivePtr<table::Table>> tables_;
  std::vector<std::unique_ptr<table::RunTables>> runs_;
  os::MemoryFileSystem out_;
  std::unique_ptr<Directory> directory_ = out_.open_directory("", false).value();
  uint64_t last_number_ = 20;
};

// That it was copied shows in its sequence, which a merge to the bottom takes from all entries that it writes anew.
TEST_F(MergeJob, ALargeEntryIsCopiedAsItIsStored) {
  for (const Compression compression : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    const auto entries = mixed_entries(300, 7);
    add_run(entries, Compression::kLz4);
    const MergeResult merged = merge(compression).value();
    const auto table = written(merged);
    ASSERT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
    auto cursor = table->cursor();
    cursor.seek_first();
    for (size_t i = 0; i < entries.size(); i++, cursor.next()) {
      ASSERT_TRUE(cursor.valid());
      EXPECT_EQ(cursor.key(), entries[i].key);
      EXPECT_EQ(cursor.value(), entries[i].value);
      const bool copied = i % 3 == 0 && compression == Compression::kLz4;
      EXPECT_EQ(format::sequence_of(cursor.trailer()), copied ? 7U : 0U) << i;
    }
    EXPECT_FALSE(cursor.valid());
    EXPECT_EQ(merged.totals.entries_written, entries.size());
    forget_runs();
  }
}

TEST_F(MergeJob, ALargeEntryThatIsHiddenGoes) {
  add_run(mixed_entries(200, 9), Compression::kLz4);
  add_run(mixed_entries(300, 7), Compression::kLz4);
  const MergeResult merged = merge(Compression::kLz4).value();
  EXPECT_EQ(merged.totals.entries_read, 500U);
  EXPECT_EQ(merged.totals.entries_written, 300U);
  const auto table = written(merged);
  ASSERT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
  auto cursor = table->cursor();
  cursor.seek_first();
  for (uint64_t i = 0; i < 300; i++, cursor.next()) {
    ASSERT_TRUE(cursor.valid());
    const size_t bytes = i % 3 == 0 ? 5000 + i : 30;
    EXPECT_EQ(cursor.value(), text(i + 1000 * (i < 200 ? 9 : 7), bytes)) << i;
  }
}

// LZ4 makes none of them smaller. The last two are larger than what a builder gathers, the last one than what is ever compressed.
TEST_F(MergeJob, WhatDoesNotCompressIsCopiedToo) {
  std::vector<OwnedEntry> entries;
  base::Prng random(1);
  for (const size_t bytes : {3000, 70'000, 600'000, 17'000'000}) {
    std::string noise(bytes, '\0');
    for (char& byte : noise) byte = static_cast<char>(random.next());
    entries.push_back({table::numbered(entries.size()), table::put(7), std::move(noise)});
  }
  add_run(entries, Compression::kLz4);
  const auto table = written(merge(Compression::kLz4).value());
  ASSERT_TRUE(table->verify().has_value()) << table->verify().error().to_string();
  auto cursor = table->cursor();
  cursor.seek_first();
  for (const OwnedEntry& entry : entries) {
    ASSERT_TRUE(cursor.valid());
    EXPECT_EQ(format::sequence_of(cursor.trailer()), 7U) << entry.value.size();
    EXPECT_TRUE(cursor.value() == entry.value) << entry.value.size();
    cursor.next();
  }
}

// Memory may fail before the checksum of a block is taken: in the value, or in the tag by which gets find the entry.
TEST_F(MergeJob, ALargeEntryThatItsBlockWasNotMadeForIsNotCopied) {
  const std::string key = table::numbered(1);
  for (const bool tag : {false, true}) {
    forget_runs();
    add_run({{key, table::put(7), text(1, 5000)}}, Compression::kNone);
    std::string& file = files_.back()->bytes;
    const size_t key_at = file.find(key);
    file[tag ? key_at + key.size() : 4000] ^= 1;
    format::testing::mend_table(file);
    const auto merged = merge(Compression::kNone);
    ASSERT_FALSE(merged.has_value()) << tag;
    EXPECT_EQ(merged.error().kind, ErrorKind::kCorruption);
    EXPECT_EQ(merged.error().file_number, table::identity().number)
        << "it was found in what was written, not in what was read";
  }
}

TEST_F(MergeJob, ADamagedLargeEntryIsNotCopied) {
  add_run(mixed_entries(300, 7), Compression::kLz4);
  files_.back()->bytes[100] ^= 1;
  const auto merged = merge(Compression::kLz4);
  ASSERT_FALSE(merged.has_value());
  EXPECT_EQ(merged.error().kind, ErrorKind::kCorruption);
}

// A last entry may be alone in its block though it is small: copied, it would stay so from merge to merge.
TEST_F(MergeJob, ASmallEntryThatIsAloneIsNotCopied) {
  for (uint64_t i = 0; i < 50; i++) add_run({{table::numbered(i), table::put(7), "small"}}, Compression::kLz4);
  const auto table = written(merge(Compression::kLz4).value());
  EXPECT_LE(table->blocks(), 2U);
}

}  // namespace
}  // namespace nacre::compaction
