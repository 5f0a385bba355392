#include "cli/format_dump.h"

#include <cstring>

#include "cli/line_reader.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace nacre::cli {

namespace dump {

uint64_t checksum(Bytes bytes, uint64_t offset) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), kSeed + offset);
}

}  // namespace dump

namespace {

constexpr size_t kEntryHeadBytes = 8;
constexpr size_t kEndBytes = 16;
constexpr size_t kMostNameBytes = 255;

template <class Number>
void append_number(std::string& out, Number number) {
  for (size_t i = 0; i < sizeof number; i++) out += static_cast<char>(number >> (8 * i));
}

template <class Number>
Number number_at(Bytes bytes, size_t at) {
  Number number = 0;
  for (size_t i = 0; i < sizeof number; i++) number |= Number{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
  return number;
}

std::string counted_entries(uint64_t entries) {
  return std::to_string(entries) + (entries == 1 ? " entry" : " entries");
}

}  // namespace

Step DumpReader::complain(Step step, std::string words) {
  complaint_ = {.offset = place_.bytes, .words = std::move(words)};
  return step;
}

// The input gives less than the format says.
Step DumpReader::short_input() {
  const Step why = ending(input_);
  if (why == Step::kBroken) return complain(why, kTooLong);
  if (why == Step::kEnd) return complain(Step::kBroken, "the dump is cut off here: its end is missing");
  return why;
}

Step DumpReader::begin() {
  const bool enough = input_.need(dump::kHeaderBytes);
  const Bytes header = input_.ahead().substr(0, dump::kHeaderBytes);
  const bool empty = header.empty() && ending(input_) == Step::kEnd;
  if (empty || header.substr(0, dump::kMagic.size()) != dump::kMagic.substr(0, header.size()))
    return complain(Step::kBroken, "this is no dump of nacre");
  if (!enough) return short_input();
  const auto features = number_at<uint64_t>(header, 16);
  if (number_at<uint32_t>(header, 8) != dump::kVersion || (features & ~dump::kFeatureOptions) != 0)
    return complain(Step::kBroken, "the dump is of a newer version than this tool knows");
  if (dump::checksum(header.substr(0, 24), 0) != number_at<uint64_t>(header, 24))
    return complain(Step::kBroken, "the header of the dump is damaged");
  keyspaces_ = number_at<uint32_t>(header, 12);
  has_options_ = (features & dump::kFeatureOptions) != 0;
  input_.consume(dump::kHeaderBytes);
  place_.bytes = input_.offset();
  return Step::kEntry;
}

void DumpReader::finish_block() {
  input_.consume(block_bytes_);
  block_bytes_ = 0;
  place_.bytes = input_.offset();
}

Step DumpReader::next(Entry& entry) {
  while (left_ == 0) {
    finish_block();
    const Step step = block();
    if (step != Step::kEntry) return step;
  }
  const Bytes block = input_.ahead().substr(0, block_bytes_);
  const uint64_t key_bytes = number_at<uint32_t>(block, at_);
  const uint64_t value_bytes = number_at<uint32_t>(block, at_ + 4);
  entry.key = block.substr(at_ + kEntryHeadBytes, key_bytes);
  entry.value = block.substr(at_ + kEntryHeadBytes + key_bytes, value_bytes);
  at_ += kEntryHeadBytes + key_bytes + value_bytes;
  left_--;
  entries_++;
  bytes_ += key_bytes + value_bytes;
  place_.records++;
  return Step::kEntry;
}

// Reads the next block. kEntry: left_ says how many entries it has.
Step DumpReader::block() {
  if (ended_) {
    if (input_.need(1)) return complain(Step::kBroken, "bytes follow the end of the dump");
    return ending(input_);
  }
  if (!input_.need(dump::kHeaderBytes)) return short_input();
  const std::string header(input_.ahead().substr(0, dump::kHeaderBytes));
  const uint64_t offset = input_.offset();
  if (dump::checksum(Bytes(header).substr(0, 24), offset) != number_at<uint64_t>(header, 24))
    return complain(Step::kBroken, "the header of a block is damaged, or the block belongs elsewhere");
  const auto payload_bytes = number_at<uint64_t>(header, 8);
  if (payload_bytes > input_.most_bytes() - dump::kHeaderBytes) return complain(Step::kBroken, kTooLong);
  if (!input_.need(dump::kHeaderBytes + payload_bytes)) return short_input();
  const Bytes payload = input_.ahead().substr(dump::kHeaderBytes, payload_bytes);
  const auto entries = number_at<uint32_t>(header, 4);
  block_bytes_ = dump::kHeaderBytes + payload_bytes;
  at_ = dump::kHeaderBytes;
  if (dump::checksum(payload, offset) == number_at<uint64_t>(header, 16))
    return block_of(static_cast<dump::Kind>(number_at<uint32_t>(header, 0)), entries, payload);
  if (number_at<uint32_t>(header, 0) != static_cast<uint32_t>(dump::Kind::kEntries))
    return complain(Step::kBroken, "a block without entries is damaged");
  place_.records += entries;
  lost_ += entries;
  return complain(Step::kBad, "a block is damaged: its " + counted_entries(entries) + " are lost");
}

// True if `payload` is exactly `entries` entries.
bool holds_entries(Bytes payload, uint32_t entries) {
  uint64_t at = 0;
  for (uint32_t i = 0; i < entries; i++) {
    if (payload.size() - at < kEntryHeadBytes) return false;
    const uint64_t bytes = uint64_t{number_at<uint32_t>(payload, at)} + number_at<uint32_t>(payload, at + 4);
    at += kEntryHeadBytes;
    if (payload.size() - at < bytes) return false;
    at += bytes;
  }
  return at == payload.size();
}

// Nothing if they are out of the ranges that a keyspace can have.
std::optional<KeyspaceOptions> options_in(Bytes bytes) {
  const auto codec = [&](size_t at) { return static_cast<Compression>(bytes[at]); };
  const KeyspaceOptions options{.compression = codec(0),
                                .bottom_compression = codec(1),
                                .shape = static_cast<CompactionShape>(bytes[2]),
                                .filter_bits_per_key = number_at<uint32_t>(bytes, 4),
                                .block_bytes = number_at<uint32_t>(bytes, 8)};
  const bool possible = options.compression <= Compression::kZstd && options.bottom_compression <= Compression::kZstd &&
                        options.shape <= CompactionShape::kTiered && bytes[3] == 0 &&
                        options.filter_bits_per_key <= 24 && options.block_bytes >= 1024 &&
                        options.block_bytes <= 65536;
  return possible ? std::optional(options) : std::nullopt;
}

void append_options(std::string& out, const KeyspaceOptions& options) {
  for (const auto choice : {static_cast<uint8_t>(options.compression), static_cast<uint8_t>(options.bottom_compression),
                            static_cast<uint8_t>(options.shape), uint8_t{0}})
    append_number(out, choice);
  append_number(out, options.filter_bits_per_key);
  append_number(out, options.block_bytes);
}

bool DumpReader::take_keyspace(Bytes payload) {
  if (has_options_) {
    if (payload.size() < dump::kOptionsBytes) return false;
    keyspace_options_ = options_in(payload.substr(0, dump::kOptionsBytes));
    if (!keyspace_options_) return false;
    payload.remove_prefix(dump::kOptionsBytes);
  }
  keyspace_ = payload;
  return !payload.empty() && payload.size() <= kMostNameBytes;
}

Step DumpReader::block_of(dump::Kind kind, uint32_t entries, Bytes payload) {
  switch (kind) {
    case dump::Kind::kKeyspace:
      if (entries != 0 || keyspaces_seen_ == keyspaces_ || !take_keyspace(payload)) break;
      keyspaces_seen_++;
      return Step::kKeyspace;
    case dump::Kind::kEntries:
      if (keyspaces_seen_ == 0 || !holds_entries(payload, entries)) break;
      left_ = entries;
      return Step::kEntry;
    case dump::Kind::kEnd:
      if (entries != 0 || payload.size() != kEndBytes) break;
      return end_block(payload);
    default: break;
  }
  return complain(Step::kBroken, "a block is not as a dump has them");
}

Step DumpReader::end_block(Bytes payload) {
  const bool agrees = number_at<uint64_t>(payload, 0) == entries_ + lost_ && keyspaces_seen_ == keyspaces_ &&
                      (lost_ != 0 || number_at<uint64_t>(payload, 8) == bytes_);
  if (!agrees) return complain(Step::kBroken, "the counts at the end of the dump are not those of its blocks");
  ended_ = true;
  finish_block();
  return block();
}

void DumpWriter::write_block(std::string& out, dump::Kind kind, uint32_t entries, Bytes payload) {
  std::string header;
  append_number(header, static_cast<uint32_t>(kind));
  append_number(header, entries);
  append_number(header, uint64_t{payload.size()});
  append_number(header, dump::checksum(payload, offset_));
  append_number(header, dump::checksum(header, offset_));
  out += header;
  out += payload;
  offset_ += header.size() + payload.size();
}

void DumpWriter::write_entries(std::string& out) {
  if (block_entries_ == 0) return;
  write_block(out, dump::Kind::kEntries, block_entries_, block_);
  block_.clear();
  block_entries_ = 0;
}

void DumpWriter::begin(std::string& out) {
  std::string header(dump::kMagic);
  append_number(header, dump::kVersion);
  append_number(header, keyspaces_);
  append_number(header, dump::kFeatureOptions);
  append_number(header, dump::checksum(header, 0));
  out += header;
  offset_ = header.size();
}

void DumpWriter::keyspace(std::string& out, Bytes name, const KeyspaceOptions& options) {
  write_entries(out);
  std::string payload;
  append_options(payload, options);
  payload += name;
  write_block(out, dump::Kind::kKeyspace, 0, payload);
}

void DumpWriter::append(std::string& out, Bytes key, Bytes value) {
  append_number(block_, static_cast<uint32_t>(key.size()));
  append_number(block_, static_cast<uint32_t>(value.size()));
  block_ += key;
  block_ += value;
  block_entries_++;
  entries_++;
  bytes_ += key.size() + value.size();
  if (block_.size() >= dump::kBlockBytes) write_entries(out);
}

void DumpWriter::end(std::string& out) {
  write_entries(out);
  std::string payload;
  append_number(payload, entries_);
  append_number(payload, bytes_);
  write_block(out, dump::Kind::kEnd, 0, payload);
}

}  // namespace nacre::cli
