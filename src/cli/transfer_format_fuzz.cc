// The readers of import, one target a format. The first byte draws encoding, header, and the pieces in which the rest arrives: any
// bytes are entries and complaints, the same ones in any pieces; what was read is written again and reads the same.

#include "base/fuzzing.h"
#include "cli/format_dump.h"
#include "cli/testing.h"

namespace nacre::cli {
namespace {

using namespace std::string_literals;
using testing::Found;

void check_same(const Found& found, const Found& same) {
  NACRE_CHECK(found.end == same.end && found.entries == same.entries && found.keyspaces == same.keyspaces &&
              found.options == same.options);
  NACRE_CHECK(found.rejected == same.rejected && found.complaints.size() == same.complaints.size());
  NACRE_CHECK(found.place.bytes == same.place.bytes && found.place.lines == same.place.lines);
  for (size_t i = 0; i < found.complaints.size(); i++) {
    const Complaint& one = found.complaints[i];
    const Complaint& other = same.complaints[i];
    NACRE_CHECK(!one.words.empty() && one.words == other.words && one.offset == other.offset);
    NACRE_CHECK(one.line == other.line && one.column == other.column);
  }
}

void run_format(const FormatChoice& choice, Bytes text, size_t piece) {
  const Found found = testing::read_all(choice, text);
  check_same(found, testing::read_all(choice, text, piece));
  for (const Complaint& complaint : found.complaints) NACRE_CHECK(complaint.offset <= text.size());
  for (const auto& options : found.options) {
    NACRE_CHECK(!options || (options->compression <= Compression::kZstd && options->shape <= CompactionShape::kTiered &&
                             options->filter_bits_per_key <= 24 && options->block_bytes <= 65536));
  }
  if (choice.format != TransferFormat::kDump) {
    NACRE_CHECK(found.end == Step::kEnd && found.place.bytes == text.size());
    NACRE_CHECK(found.place.records == found.entries.size() + found.rejected.size());
  }
  FormatChoice again = choice;
  if (again.header == Header::kYes) again.header = Header::kAuto;
  const Found same = testing::read_all(again, testing::written(again, found.entries), piece);
  NACRE_CHECK(same.end == Step::kEnd && same.complaints.empty() && same.entries == found.entries);
}

void run_text(TransferFormat format, Bytes bytes) {
  fuzz::Input input(bytes);
  const uint8_t draw = input.byte();
  FormatChoice choice{.format = format,
                      .encoding = static_cast<Encoding>(draw & 3),
                      .header = static_cast<Header>((draw >> 2 & 3) % 3)};
  if (why_not(format, choice.encoding) != nullptr) choice.encoding = default_encoding(format);
  run_format(choice, input.rest(), size_t{1} << (draw >> 5));
}

void run_tsv(Bytes bytes) { run_text(TransferFormat::kTsv, bytes); }
void run_csv(Bytes bytes) { run_text(TransferFormat::kCsv, bytes); }
void run_jsonl(Bytes bytes) { run_text(TransferFormat::kJsonl, bytes); }

std::vector<std::string> tsv_seeds() {
  return {"\1key\tvalue\na\\tb\tc\\xff\nno tab\na\tb\tc\n\tx"s,
          "\2"
          "6b\t76\n6\t0\n",
          "\3aw==\tdg==\n"};
}

std::vector<std::string> csv_seeds() {
  return {"\0key,value\r\na,b\r\n\"a\"\"\n,\",\" \"\r\n,\n"s,
          "\0a,b,c\n\"open\n"s,
          "\0a\"b,c\n\"a\"b,c\na\rb,c\n"s,
          "\x04k\xc3\xa9y,v\n1,2\n",
          "\x08key,value\nkey,\"value\"\n",
          "\1a\\x00,\\q\nb,c",
          "\0\xef\xbb\xbf\"key\",\"value\"\nx,y\n"s};
}

std::vector<std::string> jsonl_seeds() {
  return {"\2{\"key\":\"a\",\"value\":\"\\u00e4\\ud83d\\udc1a\"}\n{\"key_hex\":\"00ff\",\"value_base64\":\"AP8=\"}\n",
          "\3{\"value_escape\":\"\\\\x00\",\"key\":\"\"}\n[]\n{}\n{\"key\":{}}\n",
          "\2{\"key\":\"a\",\"key\":\"b\",\"value\":\"\"}\n{\"key\":1.5e3}\n{\"key\":null}\nnonsense\n"};
}

// A dump, damaged raw or with right checksums over the damage.
void mend(std::string& text) {
  const auto store = [&](size_t at, uint64_t number) {
    for (size_t i = 0; i < 8; i++) text[at + i] = static_cast<char>(number >> (8 * i));
  };
  if (text.size() < dump::kHeaderBytes) return;
  store(24, dump::checksum(Bytes(text).substr(0, 24), 0));
  for (size_t at = dump::kHeaderBytes; text.size() - at >= dump::kHeaderBytes;) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < 8; i++) bytes |= uint64_t{static_cast<uint8_t>(text[at + 8 + i])} << (8 * i);
    const Bytes payload = Bytes(text).substr(at + dump::kHeaderBytes, bytes);
    store(at + 16, dump::checksum(payload, at));
    store(at + 24, dump::checksum(Bytes(text).substr(at, 24), at));
    at += dump::kHeaderBytes + payload.size();
  }
}

std::string sound_dump() {
  std::string text;
  DumpWriter writer(2);
  writer.begin(text);
  writer.keyspace(text, "default", {});
  for (const char* key : {"", "a", "bb"}) writer.append(text, key, "value");
  writer.keyspace(text, "other", {.shape = CompactionShape::kTiered, .block_bytes = 1024});
  writer.append(text, "key", std::string(300, 'v'));
  writer.end(text);
  return text;
}

void run_dump(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint8_t draw = input.byte();
  std::string text;
  if ((draw & 1) != 0) {
    text = input.rest();
  } else {
    text = sound_dump();
    while (!input.empty()) fuzz::change_bytes(text, input);
  }
  if ((draw & 2) != 0) mend(text);
  run_format({TransferFormat::kDump, Encoding::kNone, Header::kAuto}, text, size_t{1} << (draw >> 5));
}

std::vector<std::string> dump_seeds() {
  return {std::string(1, '\0'), "\1" + sound_dump(), "\3" + sound_dump(), "\2\7\10\x13\1\2"s, "\1NacreDmp"};
}

constexpr uint64_t kBudget = uint64_t{4} << 20;  // some readers with their buffers

const fuzz::Registration kTsv(
    {.name = "transfer_tsv", .run = run_tsv, .seeds = tsv_seeds, .heap_budget_bytes = kBudget});
const fuzz::Registration kCsv(
    {.name = "transfer_csv", .run = run_csv, .seeds = csv_seeds, .heap_budget_bytes = kBudget});
const fuzz::Registration kJsonl(
    {.name = "transfer_jsonl", .run = run_jsonl, .seeds = jsonl_seeds, .heap_budget_bytes = kBudget});
const fuzz::Registration kDump(
    {.name = "transfer_dump", .run = run_dump, .seeds = dump_seeds, .heap_budget_bytes = kBudget});

}  // namespace
}  // namespace nacre::cli
