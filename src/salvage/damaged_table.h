// DamagedTable: a table file of which whatever can be read is read.
//
// While footer and index check, they say where the blocks lie, and each block is judged alone. When they do not, the blocks are
// looked for: each ends with a trailer of a known shape whose checksum is seeded with the table and the offset where the
// block begins, and the next block begins behind it. So one pass collects what looks like a trailer, and a block is proved by
// trying the trailers behind its beginning; after damage each trailer's end is tried as a beginning. The bytes between proved
// blocks are gaps.
//
// A range of the file that the system cannot read counts as damaged, page by page.
//
// Memory: 24 bytes a block, the index, the range tombstones, and one block. Thread safety: one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format/block.h"
#include "format/footer.h"
#include "format/index.h"
#include "format/stored_block.h"
#include "format/tombstones.h"
#include "nacre/runtime.h"

namespace nacre::salvage {

// A part of a file that does not check.
struct Fault {
  const char* part = "";
  uint64_t offset = 0;
  uint64_t bytes = 0;
  Error error;
};

// Fills `out`; pages that the system cannot read become zeros, and the answer is false.
bool read_what_can_be(ReadableFile& file, uint64_t offset, std::span<char> out);

class DamagedTable {
 public:
  struct Place {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    bool gap = false;  // no block was found here; the last one may be empty: the file ends too early
  };
  struct Block {
    std::string image;  // unpacked
    format::BlockView view;
    Compression compression = Compression::kNone;
  };

  DamagedTable(std::unique_ptr<ReadableFile> file, const format::TableIdentity& id);

  const format::TableIdentity& id() const { return id_; }
  uint64_t file_bytes() const { return file_bytes_; }
  const std::optional<format::Footer>& footer() const { return footer_; }
  const std::optional<format::TableProperties>& properties() const { return properties_; }
  // Nothing: they are damaged, or nobody knows whether there are any.
  const std::optional<format::TombstoneSet>& tombstones() const { return tombstones_; }
  const std::vector<Fault>& faults() const { return faults_; }

  const std::vector<Place>& places() const { return places_; }
  Result<Block> load(const Place& place) const;
  // The fence of block `i`, if the index is whole.
  std::optional<std::string> fence(size_t i) const;

 private:
  struct Trailer {
    uint64_t at = 0;
    uint32_t raw_bytes = 0;
    Compression compression = Compression::kNone;
    format::StoredKind kind = format::StoredKind::kData;
  };

  void fault(const char* part, uint64_t offset, uint64_t bytes, Error error);
  Result<std::string> load_part(uint64_t offset, uint64_t bytes, format::StoredKind kind) const;
  void read_footer();
  void read_properties();
  void read_tombstones();
  void read_filter();
  bool read_index();
  void search();
  std::vector<Trailer> trailers() const;
  const Trailer* block_from(uint64_t begin, const std::vector<Trailer>& all, uint64_t* budget) const;
  void found(uint64_t begin, const Trailer& trailer);

  std::unique_ptr<ReadableFile> file_;
  format::TableIdentity id_;
  uint64_t file_bytes_;
  std::optional<format::Footer> footer_;
  std::optional<format::TableProperties> properties_;
  std::optional<format::TombstoneSet> tombstones_;
  std::optional<std::string> index_image_;
  format::IndexView index_;
  std::vector<Place> places_;
  std::vector<Fault> faults_;
  bool data_ended_ = false;  // while searching: a part behind the data was found
};

}  // namespace nacre::salvage
