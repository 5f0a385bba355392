#include "format/compress.h"

#include <lz4.h>
#include <zstd.h>

#include <cstring>
#include <string>

#include "base/assert.h"
#include "base/result.h"

namespace nacre::format {
namespace {

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

bool unpack_lz4(Bytes packed, std::span<char> out) {
  const int got =
      LZ4_decompress_safe(packed.data(), out.data(), static_cast<int>(packed.size()), static_cast<int>(out.size()));
  return got >= 0 && static_cast<size_t>(got) == out.size();
}

bool unpack_zstd(Bytes packed, std::span<char> out) {
  // Creating a context costs more than unpacking a block. Nothing in here waits, so one a thread is enough.
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  NACRE_CHECK(context != nullptr);  // no memory (docs/adr/0008), which says nothing about the block
  const size_t got = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), packed.data(), packed.size());
  return ZSTD_isError(got) == 0 && got == out.size();
}

}  // namespace

struct Compressor::State {
  std::unique_ptr<char[]> lz4;
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd;
};

Compressor::Compressor(Compression codec, int zstd_level)
    : codec_(codec), zstd_level_(zstd_level), state_(std::make_unique<State>()) {
  if (codec == Compression::kLz4) state_->lz4 = std::make_unique<char[]>(static_cast<size_t>(LZ4_sizeofState()));
  if (codec == Compression::kZstd) {
    state_->zstd.reset(ZSTD_createCCtx());
    NACRE_CHECK(state_->zstd != nullptr);  // no memory
  }
}

Compressor::~Compressor() = default;

size_t Compressor::compress(Bytes raw, char* to, size_t room) {
  if (codec_ == Compression::kLz4) {
    const int got = LZ4_compress_fast_extState(state_->lz4.get(), raw.data(), to, static_cast<int>(raw.size()),
                                               static_cast<int>(room), 1);
    return got > 0 ? static_cast<size_t>(got) : 0;
  }
  const size_t got = ZSTD_compressCCtx(state_->zstd.get(), to, room, raw.data(), raw.size(), zstd_level_);
  return ZSTD_isError(got) == 0 ? got : 0;
}

Compression Compressor::append(Bytes raw, os::LargeString* out) {
  const size_t before = out->size();
  size_t packed = 0;
  if (codec_ != Compression::kNone && raw.size() <= kMaxCompressedRawBytes) {
    const size_t room = raw.size() - raw.size() / 16;
    out->resize_and_overwrite(before + room, [&](char* data, size_t) {
      packed = compress(raw, data + before, room);
      return before + packed;
    });
  }
  if (packed != 0) return codec_;
  out->append(raw);
  return Compression::kNone;
}

Result<void> decompress(Compression codec, Bytes packed, std::span<char> out) {
  if (codec == Compression::kNone) {
    if (packed.size() != out.size()) return malformed("uncompressed block is not of the size it says");
    if (!out.empty()) std::memcpy(out.data(), packed.data(), out.size());
    return {};
  }
  if (packed.size() > kMaxCompressedRawBytes || out.size() > kMaxCompressedRawBytes) {
    return malformed("compressed block is larger than any can be");
  }
  const bool done =
      codec == Compression::kLz4 ? unpack_lz4(packed, out) : codec == Compression::kZstd && unpack_zstd(packed, out);
  if (!done) {
    return Error{
        .kind = ErrorKind::kCorruption, .operation = Operation::kDecompress, .reason = "block does not decompress"};
  }
  return {};
}

std::string codec_versions() { return std::string("lz4 ") + LZ4_versionString() + ", zstd " + ZSTD_versionString(); }

}  // namespace nacre::format
