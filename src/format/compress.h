// Compressor and decompress: LZ4 and zstd behind one surface, for blocks of a table.
//
// Only bytes that get smaller by a sixteenth are worth the time it takes to unpack them; others, and those larger than
// kMaxCompressedRawBytes, are left as they are. The second bound lets a reader refuse a stored size above it before it
// allocates, so a few hostile bytes cannot ask for gigabytes.
//
// Thread safety: a Compressor belongs to one thread at a time; decompress() may be called from all.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "nacre/bytes.h"
#include "nacre/error.h"
#include "nacre/options.h"
#include "os/pages.h"

namespace nacre::format {

inline constexpr uint64_t kMaxCompressedRawBytes = uint64_t{16} << 20;

constexpr bool is_known(Compression codec) { return codec <= Compression::kZstd; }

class Compressor {
 public:
  // `zstd_level` counts for zstd alone: 1 (fast) to 19.
  Compressor(Compression codec, int zstd_level);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Appends `raw` to `out`, compressed or as it is, and says which.
  Compression append(Bytes raw, os::LargeString* out);

 private:
  struct State;

  size_t compress(Bytes raw, char* to, size_t room);  // 0: it does not fit, or failed

  Compression codec_;
  int zstd_level_;
  std::unique_ptr<State> state_;
};

// Fills all of `out`, whose size is that of the raw bytes. Reads hostile bytes: kCorruption unless `packed` unpacks to
// exactly that many.
Result<void> decompress(Compression codec, Bytes packed, std::span<char> out);

// "lz4 1.9.4, zstd 1.5.4": the libraries that this process has loaded.
std::string codec_versions();

}  // namespace nacre::format
