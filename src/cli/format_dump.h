// Dump: entries of one or more keyspaces as a stream of checksummed blocks. Faster than text, any bytes cost nothing, and damage
// or a cut is noticed and told: what stands before is good.
//
//   header, 32 bytes
//     0   8  magic "NacreDmp"
//     8   4  version, 1
//     12  4  how many keyspaces it has
//     16  8  required features: 1 keyspaces have their options; readers refuse what they do not know
//     24  8  xxh3 of bytes 0 to 23, seed kSeed
//   blocks, each a header of 32 bytes and a payload
//     0   4  kind: 1 keyspace, 2 entries, 3 end
//     4   4  entries in it; 0 for kinds 1 and 3
//     8   8  payload bytes
//     16  8  xxh3 of the payload, seed kSeed + offset of the block in the dump
//     24  8  xxh3 of bytes 0 to 23, the same seed
//   payload
//     keyspace  options, if the header says so, and its name, 1 to 255 bytes; the entries behind it are its own
//     options   u8 compression, u8 bottom compression, u8 shape, u8 0, u32 filter bits per key, u32 block bytes
//     entries   { u32 key bytes, u32 value bytes, key, value } ...
//     end       u64 entries, u64 key and value bytes of all blocks; nothing follows
//
// All numbers are little-endian. A block header that checks tells where the next block begins: a damaged payload loses its
// own entries only. Checksums are seeded with the place: a block that was lost, doubled or moved is noticed.
#pragma once

#include "cli/entry_reader.h"
#include "cli/entry_writer.h"
#include "cli/input_buffer.h"

namespace nacre::cli {

namespace dump {

inline constexpr Bytes kMagic = "NacreDmp";
inline constexpr uint32_t kVersion = 1;
inline constexpr uint64_t kFeatureOptions = 1;
inline constexpr size_t kHeaderBytes = 32;
inline constexpr size_t kOptionsBytes = 12;
inline constexpr uint64_t kSeed = 0x6e61637265646d70;  // "nacredmp"
inline constexpr size_t kBlockBytes = 64 << 10;        // a block is written once it has so many

enum class Kind : uint32_t { kKeyspace = 1, kEntries = 2, kEnd = 3 };

uint64_t checksum(Bytes bytes, uint64_t offset);

}  // namespace dump

class DumpReader : public EntryReader {
 public:
  DumpReader(ByteSource& source, size_t most) : input_(source, most) {}
  Step begin() override;
  Step next(Entry& entry) override;

 private:
  Step block();
  Step block_of(dump::Kind kind, uint32_t entries, Bytes payload);
  bool take_keyspace(Bytes payload);
  Step end_block(Bytes payload);
  Step short_input();
  Step complain(Step step, std::string words);
  void finish_block();

  InputBuffer input_;
  size_t block_bytes_ = 0;  // of ahead(): the block whose entries are handed out, 0 if none
  size_t at_ = 0;           // in it
  uint32_t left_ = 0;       // entries not handed out
  uint32_t keyspaces_seen_ = 0;
  uint64_t lost_ = 0;  // entries of damaged blocks
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
  bool has_options_ = false;
  bool ended_ = false;
};

class DumpWriter : public EntryWriter {
 public:
  explicit DumpWriter(uint32_t keyspaces) : keyspaces_(keyspaces) {}
  void begin(std::string& out) override;
  void keyspace(std::string& out, Bytes name, const KeyspaceOptions& options) override;
  void append(std::string& out, Bytes key, Bytes value) override;
  void end(std::string& out) override;

 private:
  void write_block(std::string& out, dump::Kind kind, uint32_t entries, Bytes payload);
  void write_entries(std::string& out);

  uint32_t keyspaces_;
  std::string block_;
  uint32_t block_entries_ = 0;
  uint64_t offset_ = 0;
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace nacre::cli
