// DamagedTable: a table file of which whatever can be read is read.
//
// While footer and index check, they say where the blocks lie, and each block is judged alone. When they do not, the blocks are
// looked for (block_search.h). The bytes between proved blocks are gaps.
//
// A range of the file that the system cannot read counts as damaged, page by page.
//
// Memory: 24 bytes a block, the index, the range tombstones, and one block; while blocks are looked for 8 MiB more. Thread safety: one
// thread.
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
#include "salvage/block_search.h"

namespace nacre::salvage {

// A part of a file that does not check.
struct Fault {
  const char* part = "";
  uint64_t offset = 0;
  uint64_t bytes = 0;
  Error error;
};

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
  void fault(const char* part, uint64_t offset, uint64_t bytes, Error error);
  Result<std::string> load_part(uint64_t offset, uint64_t bytes, format::StoredKind kind) const;
  void read_footer();
  void read_properties();
  void read_tombstones();
  void read_filter();
  bool read_index();
  void search();
  void found_part(const FoundBlock& block);

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
};

}  // namespace nacre::salvage
