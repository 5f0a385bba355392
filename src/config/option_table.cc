#include "config/option_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "base/assert.h"
#include "format/block.h"
#include "format/version_edit.h"

namespace nacre::config {

namespace {

constexpr std::string_view kModes[] = {"create_if_missing", "must_exist", "create_new", "read_only"};
constexpr std::string_view kDurabilities[] = {"memory", "os", "disk"};
constexpr std::string_view kMemtables[] = {"btree", "skip_list"};
constexpr std::string_view kCompressions[] = {"none", "lz4", "zstd"};
constexpr std::string_view kShapes[] = {"lazy_leveled", "leveled", "tiered"};
static_assert(std::size(kModes) == static_cast<size_t>(OpenMode::kReadOnly) + 1);
static_assert(std::size(kDurabilities) == static_cast<size_t>(Durability::kDisk) + 1);
static_assert(std::size(kMemtables) == static_cast<size_t>(MemtableKind::kSkipList) + 1);
static_assert(std::size(kCompressions) == static_cast<size_t>(Compression::kZstd) + 1);
static_assert(std::size(kShapes) == static_cast<size_t>(CompactionShape::kTiered) + 1);

template <auto Member>
uint64_t get(const Options& options) {
  return static_cast<uint64_t>(options.*Member);
}
template <auto Member>
void set(Options& options, uint64_t value) {
  auto& member = options.*Member;
  member = static_cast<std::remove_reference_t<decltype(member)>>(value);
}
template <auto Member>
uint64_t get_of_keyspace(const Options& options) {
  return static_cast<uint64_t>(options.keyspace.*Member);
}
template <auto Member>
void set_of_keyspace(Options& options, uint64_t value) {
  auto& member = options.keyspace.*Member;
  member = static_cast<std::remove_reference_t<decltype(member)>>(value);
}

constexpr OptionRow kRows[] = {
    {.name = "memory_bytes",
     .quantity = Quantity::kBytes,
     .unit = "bytes",
     .least = kMinMemoryBytes,
     .most = UINT64_MAX,
     .meaning = "The one ceiling for everything the database holds.",
     .change_when =
         "always worth a thought: a quarter may be memtables, a sixteenth one of them; what is left is cache. More "
         "means fewer merges and fewer reads of the device",
     .get = get<&Options::memory_bytes>,
     .set = set<&Options::memory_bytes>},
    {.name = "durability",
     .quantity = Quantity::kWord,
     .words = kDurabilities,
     .unit = "word",
     .most = std::size(kDurabilities) - 1,
     .while_open = true,
     .meaning =
         "What a finished write has survived, if it does not say its own: `memory` nothing but a clean close, `os` the "
         "death of the process, `disk` a power cut.",
     .change_when =
         "`disk` if writes must survive a power cut, `memory` if a crash may take the newest. Each write may say its "
         "own, and that is the better way: most systems need `disk` for a few",
     .get = get<&Options::durability>,
     .set = set<&Options::durability>},
    {.name = "mode",
     .quantity = Quantity::kWord,
     .words = kModes,
     .unit = "word",
     .most = std::size(kModes) - 1,
     .meaning = "What an open does where there is a database, and where there is none.",
     .change_when =
         "to refuse a wrong path (`must_exist`), to refuse an old database (`create_new`), to look only (`read_only`)",
     .get = get<&Options::mode>,
     .set = set<&Options::mode>},
    {.name = "memtable",
     .quantity = Quantity::kWord,
     .words = kMemtables,
     .unit = "word",
     .most = std::size(kMemtables) - 1,
     .while_open = true,
     .meaning = "The structure that new writes are sorted in.",
     .change_when =
         "never, but for comparison: the skip list takes several times as long for an insert of a random key",
     .get = get<&Options::memtable>,
     .set = set<&Options::memtable>},
    {.name = "row_cache_percent",
     .quantity = Quantity::kNumber,
     .unit = "percent of memory_bytes",
     .most = kMaxRowCachePercent,
     .meaning = "The share of memory for a cache of single hot entries.",
     .change_when =
         "some single entries are read far more often than their neighbours, and memory is short: a row takes its own "
         "bytes, a cached block 8 KiB",
     .get = get<&Options::row_cache_percent>,
     .set = set<&Options::row_cache_percent>},
    {.table = kKeyspaceTable,
     .name = "compression",
     .quantity = Quantity::kWord,
     .words = kCompressions,
     .unit = "word",
     .most = std::size(kCompressions) - 1,
     .while_open = true,
     .meaning = "Of all levels but the bottom one.",
     .change_when = "`none` where values do not compress (pictures, ciphertext): it saves the attempt",
     .get = get_of_keyspace<&KeyspaceOptions::compression>,
     .set = set_of_keyspace<&KeyspaceOptions::compression>},
    {.table = kKeyspaceTable,
     .name = "bottom_compression",
     .quantity = Quantity::kWord,
     .words = kCompressions,
     .unit = "word",
     .most = std::size(kCompressions) - 1,
     .while_open = true,
     .meaning = "Of the bottom level, where most data lie.",
     .change_when = "`zstd` where space matters more than processor time",
     .get = get_of_keyspace<&KeyspaceOptions::bottom_compression>,
     .set = set_of_keyspace<&KeyspaceOptions::bottom_compression>},
    {.table = kKeyspaceTable,
     .name = "shape",
     .quantity = Quantity::kWord,
     .words = kShapes,
     .unit = "word",
     .most = std::size(kShapes) - 1,
     .while_open = true,
     .meaning = "What compaction makes of the tree: space and reads against write work.",
     .change_when =
         "`tiered` to write least, for data that are hardly read before they are erased; `leveled` for comparison",
     .get = get_of_keyspace<&KeyspaceOptions::shape>,
     .set = set_of_keyspace<&KeyspaceOptions::shape>},
    {.table = kKeyspaceTable,
     .name = "filter_bits_per_key",
     .quantity = Quantity::kNumber,
     .unit = "bits",
     .most = format::kMaxFilterBitsPerKey,
     .while_open = true,
     .meaning = "Averaged over the tree: upper levels get more, the bottom fewer. 0: no filters.",
     .change_when =
         "0 for a keyspace that is only scanned; more where most gets ask for keys that are not there and memory is "
         "plenty",
     .get = get_of_keyspace<&KeyspaceOptions::filter_bits_per_key>,
     .set = set_of_keyspace<&KeyspaceOptions::filter_bits_per_key>},
    {.table = kKeyspaceTable,
     .name = "block_bytes",
     .quantity = Quantity::kBytes,
     .unit = "bytes",
     .least = format::kMinBlockBytes,
     .most = format::kMaxBlockBytes,
     .while_open = true,
     .meaning = "What one read from a table brings at most, but for large values.",
     .change_when =
         "smaller if data are much larger than memory and are read entry by entry; larger if they are scanned",
     .get = get_of_keyspace<&KeyspaceOptions::block_bytes>,
     .set = set_of_keyspace<&KeyspaceOptions::block_bytes>},
};
static_assert(std::size(kRows) <= 12, "goals, not knobs: docs/adr/0016");

constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};

}  // namespace

std::span<const OptionRow> option_rows() { return kRows; }

const OptionRow* find_option(std::string_view table, std::string_view name) {
  const auto* found = std::find_if(std::begin(kRows), std::end(kRows),
                                   [&](const OptionRow& row) { return row.table == table && row.name == name; });
  return found == std::end(kRows) ? nullptr : found;
}

template <>
std::span<const std::string_view> words_of<OpenMode>() {
  return kModes;
}
template <>
std::span<const std::string_view> words_of<Durability>() {
  return kDurabilities;
}
template <>
std::span<const std::string_view> words_of<MemtableKind>() {
  return kMemtables;
}
template <>
std::span<const std::string_view> words_of<Compression>() {
  return kCompressions;
}
template <>
std::span<const std::string_view> words_of<CompactionShape>() {
  return kShapes;
}

std::string bytes_text(uint64_t bytes) {
  size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    unit++;
  }
  return std::to_string(bytes).append(kUnits[unit]);
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  const auto* unit = std::find(std::begin(kUnits), std::end(kUnits), text);
  if (unit == std::end(kUnits)) return std::nullopt;
  const auto shift = 10 * static_cast<unsigned>(unit - std::begin(kUnits));
  if (number > UINT64_MAX >> shift) return std::nullopt;
  return number << shift;
}

std::string value_text(const OptionRow& row, uint64_t value) {
  switch (row.quantity) {
    case Quantity::kWord: NACRE_CHECK(value < row.words.size()); return std::string(row.words[value]);
    case Quantity::kBytes: return bytes_text(value);
    case Quantity::kNumber: break;
  }
  return std::to_string(value);
}

std::string range_text(const OptionRow& row) {
  std::string text;
  if (row.quantity == Quantity::kWord) {
    for (const std::string_view word : row.words) text.append(text.empty() ? "" : ", ").append(word);
    return text;
  }
  text.append(row.unit).append(", ");
  if (row.most == UINT64_MAX) return text + "at least " + value_text(row, row.least);
  return text + "from " + value_text(row, row.least) + " to " + value_text(row, row.most);
}

}  // namespace nacre::config
