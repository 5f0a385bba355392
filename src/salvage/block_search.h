// BlockSearch: the stored blocks of a table whose index is of no use.
//
// Each block ends with a trailer of a known shape whose checksum is seeded with the table and the offset where the block begins, and
// the next block begins behind it. What looks like a trailer is cheap to find; a block is proved by its checksum alone:
//   1. Where a block ended, the trailers behind it are tried: first as far as blocks usually are long, then farther.
//   2. Where none proves to end a block there is damage. Each trailer behind it is tried in two ways: the size in one of an uncompressed
//      block says where that begins, and behind any a compressed one may begin.
//   3. What is still not found is searched for long blocks, uncompressed ones first.
//   4. If step 2 had to give up, what lies between the blocks that are known now is searched again, the least gaps first.
// Values of small numbers are full of what looks like trailers. So each step has its own bound for the bytes of which it computes checksums,
// a multiple of the file; most of it is only ever needed behind damage.
//
// Memory: what looks like trailers within the usual length of a block, or kMostLooks of them; two buffers; the block that is tried.
// Thread safety: one thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "format/footer.h"
#include "format/stored_block.h"
#include "nacre/runtime.h"

namespace nacre::salvage {

struct FoundBlock {
  uint64_t offset = 0;
  uint64_t bytes = 0;  // with its trailer
  format::StoredKind kind = format::StoredKind::kData;

  uint64_t end() const { return offset + bytes; }
};

class BlockSearch {
 public:
  // Searches the first `end` bytes. Blocks of up to `usual_bytes` are searched for first.
  BlockSearch(ReadableFile& file, const format::TableIdentity& id, uint64_t end, uint64_t usual_bytes)
      : file_(file), id_(id), end_(end), usual_bytes_(usual_bytes) {}

  // By offset, none overlapping.
  std::vector<FoundBlock> run();

 private:
  // What looks like a trailer.
  struct Look {
    uint64_t at = 0;
    uint32_t raw_bytes = 0;
    Compression compression = Compression::kNone;
    format::StoredKind kind = format::StoredKind::kData;

    bool plain() const { return compression == Compression::kNone; }
    uint64_t end() const { return at + format::kStoredTrailerBytes; }
  };
  struct Range {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  struct Budget {
    uint64_t bytes = 0;  // to compute checksums of
    uint64_t looks = 0;  // to compare
    uint64_t ahead = 0;  // to read behind the usual length of a block
    bool refused = false;  // something was not tried
    bool spent() const { return bytes == 0 || looks == 0; }
  };
  // The looks of a range, in order.
  class Scanner {
   public:
    Scanner(ReadableFile& file, const Range& range) : file_(file), at_(range.begin), end_(range.end) {}
    std::optional<Look> next();

   private:
    ReadableFile& file_;
    uint64_t at_;
    uint64_t end_;
    uint64_t window_begin_ = 0;
    std::string window_;
  };
  struct Near;

  static std::optional<Look> look_at(const char* bytes, uint64_t at);
  void search_near(const Range& range, Budget& budget);
  std::optional<Look> long_end_of(uint64_t begin, Budget& budget);
  void search_long_plain(const Range& range, Budget& budget);
  void search_long_packed(const Range& range, Budget& budget);
  bool ended_before(uint64_t begin, uint64_t lower) const;
  bool proves(uint64_t begin, const Look& look, Budget& budget);
  bool may_end(uint64_t begin, const Look& look) const;
  const Look* end_of(uint64_t begin, const std::deque<Look>& looks, uint64_t longest, Budget& budget);
  uint64_t take(uint64_t begin, const Look& look);  // where the block ends
  std::vector<Range> rest();

  ReadableFile& file_;
  const format::TableIdentity id_;
  const uint64_t end_;
  const uint64_t usual_bytes_;
  std::string stored_;  // the block that is tried
  std::vector<FoundBlock> found_;
};

}  // namespace nacre::salvage
