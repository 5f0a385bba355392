// Manifest edits. Raw: what decodes is encoded again to equal edits. Drawn: fields with any numbers in them, written here as the format says
// and not by the encoder; they are refused exactly if a number is impossible, and else say what was written.

#include "base/fuzzing.h"
#include "format/block.h"
#include "format/test_bytes.h"
#include "format/version_edit_samples.h"

namespace nacre::format {
namespace {

std::vector<VersionEdit> decode(Bytes payload, bool* whole) {
  std::vector<VersionEdit> edits;
  EditReader reader(payload);
  VersionEdit edit;
  while (true) {
    const auto more = reader.next(&edit);
    *whole = more.has_value();
    if (!more) NACRE_CHECK(more.error().kind == ErrorKind::kCorruption || more.error().kind == ErrorKind::kUnsupported);
    if (!more || !*more) return edits;
    edits.push_back(edit);
  }
}

void check_raw(Bytes bytes) {
  const testing::ExactBytes exact(bytes);
  bool whole = false;
  const std::vector<VersionEdit> edits = decode(exact.view(), &whole);
  const std::string again = encode_edits(edits);
  if (whole) NACRE_CHECK(again.size() <= bytes.size() || bytes.empty());
  NACRE_CHECK(decode(again, &whole) == edits && whole);
}

// An edit, its bytes, and whether there can be such a one.
struct Drawn {
  VersionEdit edit;
  std::string fields;
  bool possible = true;

  void put(uint64_t tag, Bytes value) {
    base::append_varint(fields, tag);
    base::append_sized(fields, value);
  }
  void put_numbers(uint64_t tag, std::initializer_list<uint64_t> numbers) {
    std::string value;
    for (const uint64_t number : numbers) base::append_varint(value, number);
    put(tag, value);
  }
  void require(bool holds) { possible &= holds; }
};

// Numbers of a record, of which one at most is not as usual: with more than one a missing check would hide behind another.
class Numbers {
 public:
  Numbers(fuzz::Input& input, uint64_t most) : input_(input), odd_one_(input.below(most)) {}
  uint64_t next(uint64_t usual) { return at_++ == odd_one_ ? input_.number() : usual; }

 private:
  fuzz::Input& input_;
  const uint64_t odd_one_;
  uint64_t at_ = 0;
};

// Behind a record's known fields: one with an odd tag is passed over.
void put_later_field(std::string& record, Drawn& drawn, fuzz::Input& input) {
  const uint64_t shape = input.below(8);
  if (shape < 6) return;
  base::append_varint(record, shape == 6 ? 77 : 78);
  base::append_sized(record, "later");
  drawn.require(shape == 6);
}

std::string draw_long_key(const char* usual, fuzz::Input& input) {
  return input.below(8) != 7 ? usual : input.run_of_bytes(kMaxKeyBytes + 2);
}

void draw_table(Drawn& drawn, fuzz::Input& input) {
  uint64_t n[] = {2, 300, 13, 70000, 100000, 1000, 10, 1, 5, 2000};  // level, run, number, ..., as the format has them
  Numbers numbers(input, 20);
  for (uint64_t& number : n) number = numbers.next(number);
  const auto compression = static_cast<uint8_t>(numbers.next(1));
  const auto flags = static_cast<uint8_t>(numbers.next(input.below(2)));
  const std::string smallest = draw_long_key("apple", input);
  const std::string largest = draw_long_key("zoo", input);
  std::string record;
  for (const uint64_t number : n) base::append_varint(record, number);
  base::append_fixed(record, uint64_t{77});
  base::append_fixed(record, compression);
  base::append_fixed(record, flags);
  base::append_sized(record, smallest);
  base::append_sized(record, largest);
  drawn.require(n[0] < kMaxLevels && n[1] <= kMaxCounter && n[2] != 0 && n[2] <= kMaxCounter && n[6] <= n[5]);
  drawn.require(n[8] <= n[9] && n[9] <= kMaxSequence && compression <= 2 && flags <= 1);
  drawn.require(smallest.size() <= kMaxKeyBytes && largest.size() <= kMaxKeyBytes);
  drawn.require(flags == 1 ? smallest < largest : smallest <= largest);
  put_later_field(record, drawn, input);
  drawn.put(10, record);
  drawn.edit.added.push_back({.level = static_cast<uint32_t>(n[0]),
                              .run = n[1],
                              .table = {.number = n[2],
                                        .file_bytes = n[3],
                                        .data_bytes = n[4],
                                        .entries = n[5],
                                        .erases = n[6],
                                        .range_tombstones = n[7],
                                        .smallest_sequence = n[8],
                                        .largest_sequence = n[9],
                                        .entries_hash = 77,
                                        .compression = static_cast<Compression>(compression),
                                        .largest_exclusive = flags == 1,
                                        .smallest_key = smallest,
                                        .largest_key = largest}});
}

KeyspaceOptions draw_options(Drawn& drawn, std::string& record, Numbers& numbers) {
  uint8_t enums[] = {1, 2, 0};  // compression, bottom compression, shape
  for (uint8_t& each : enums) each = static_cast<uint8_t>(numbers.next(each));
  const uint64_t filter_bits = numbers.next(10);
  const uint64_t block_bytes = numbers.next(8192);
  for (const uint8_t each : enums) base::append_fixed(record, each);
  base::append_varint(record, filter_bits);
  base::append_varint(record, block_bytes);
  drawn.require(enums[0] <= 2 && enums[1] <= 2 && enums[2] <= 2);
  drawn.require(filter_bits <= kMaxFilterBitsPerKey && block_bytes >= kMinBlockBytes && block_bytes <= kMaxBlockBytes);
  return {.compression = static_cast<Compression>(enums[0]),
          .bottom_compression = static_cast<Compression>(enums[1]),
          .shape = static_cast<CompactionShape>(enums[2]),
          .filter_bits_per_key = static_cast<uint32_t>(filter_bits),
          .block_bytes = static_cast<uint32_t>(block_bytes)};
}

void draw_keyspace(Drawn& drawn, uint64_t keyspace, fuzz::Input& input) {
  Numbers numbers(input, 12);
  const uint64_t id = numbers.next(keyspace);
  const std::string name = input.below(8) != 7 ? "users" : input.run_of_bytes(kMaxKeyspaceNameBytes + 2);
  const auto order = static_cast<uint8_t>(numbers.next(0));
  std::string record;
  base::append_varint(record, id);
  base::append_sized(record, name);
  base::append_fixed(record, order);
  drawn.require(id == keyspace && !name.empty() && name.size() <= kMaxKeyspaceNameBytes && order == 0);
  const KeyspaceOptions options = draw_options(drawn, record, numbers);
  put_later_field(record, drawn, input);
  drawn.put(4, record);
  drawn.edit.created = KeyspaceRecord{.id = static_cast<uint32_t>(id), .name = name, .options = options};
}

void draw_number(Drawn& drawn, uint64_t tag, uint64_t most, std::optional<uint64_t>& field, fuzz::Input& input) {
  if (input.below(4) != 3) return;
  const uint64_t number = input.number();
  drawn.put_numbers(tag, {number});
  drawn.require(number <= most);
  field = number;
}

Drawn draw_edit(fuzz::Input& input) {
  Drawn drawn;
  VersionEdit& edit = drawn.edit;
  const uint64_t keyspace = input.mostly(0);
  if (keyspace != 0) drawn.put_numbers(2, {keyspace});
  drawn.require(keyspace <= UINT32_MAX);
  edit.keyspace = static_cast<uint32_t>(keyspace);
  if (input.flag()) draw_keyspace(drawn, keyspace, input);
  edit.dropped = input.below(8) == 7;
  if (edit.dropped) drawn.put(6, {});
  draw_number(drawn, 8, kMaxSequence, edit.flushed_through, input);
  for (uint64_t tables = input.below(3); tables > 0; tables--) draw_table(drawn, input);
  for (uint64_t removed = input.below(3); removed > 0; removed--) {
    edit.removed.push_back(input.mostly(5));
    drawn.require(edit.removed.back() <= kMaxCounter);
    drawn.put_numbers(12, {edit.removed.back()});
  }
  if (input.below(4) == 3) {
    edit.log_floor = LogFloor{.lsn = input.mostly(8192), .segment = input.mostly(3)};
    drawn.require(edit.log_floor->lsn <= kMaxCounter && edit.log_floor->segment <= kMaxCounter);
    drawn.put_numbers(14, {edit.log_floor->lsn, edit.log_floor->segment});
  }
  draw_number(drawn, 16, kMaxCounter, edit.next_file_number, input);
  draw_number(drawn, 18, kMaxSequence, edit.last_sequence, input);
  draw_number(drawn, 20, kMaxCounter, edit.next_run_id, input);
  draw_number(drawn, 22, kMaxCounter, edit.reserved_file_number, input);
  draw_number(drawn, 24, kMaxCounter, edit.next_keyspace_id, input);
  if (input.below(4) == 3) {
    const NumberRange range{.first = input.mostly(20), .end = input.mostly(30)};
    drawn.require(range.first < range.end && range.end <= kMaxCounter);
    drawn.put_numbers(26, {range.first, range.end});
    edit.foreign_numbers.push_back(range);
  }
  draw_number(drawn, 28, kMaxCounter, edit.log_synced_through, input);
  if (input.below(4) == 3) {
    std::string record;
    Numbers numbers(input, 8);
    edit.options = draw_options(drawn, record, numbers);
    put_later_field(record, drawn, input);
    drawn.put(30, record);
  }
  return drawn;
}

void check_drawn(fuzz::Input& input) {
  std::string payload;
  std::vector<VersionEdit> edits;
  bool possible = true;
  while (possible && !input.empty() && edits.size() < 4) {
    Drawn drawn = draw_edit(input);
    base::append_sized(payload, drawn.fields);
    possible = drawn.possible;
    if (possible) edits.push_back(std::move(drawn.edit));
  }
  bool whole = false;
  NACRE_CHECK(decode(testing::ExactBytes(payload).view(), &whole) == edits && whole == possible);
  if (whole) NACRE_CHECK(encode_edits(edits) == payload || payload.find("later") != std::string::npos);
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  if (input.flag()) return check_drawn(input);
  check_raw(input.rest());
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(40, 100);
  for (std::string& seed : all) seed[0] = '\1';
  for (const VersionEdit& edit : testing::sample_edits()) {
    all.push_back(std::string(1, '\0') + encode_edits(std::span(&edit, 1)));
  }
  return all;
}

const fuzz::Registration kHere({.name = "version_edit", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
