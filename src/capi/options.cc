#include "capi/options.h"

#include <cstring>
#include <limits>
#include <memory>
#include <optional>

#include "base/result.h"
#include "capi/door.h"
#include "capi/event_sink.h"
#include "capi/handles.h"
#include "capi/numbers.h"
#include "capi/sized.h"

namespace nacre::capi {

namespace {

Error wrong(const char* reason) { return invalid_argument(Operation::kConfigure, reason); }

// The enumerator with the number that `field` has.
template <class Enum, class Field>
Result<Enum> chosen(const Field& field, const char* reason) {
  constexpr auto none = Enum{255};
  const Enum found = named(number_in(field), none);
  if (found == none) return wrong(reason);
  return found;
}

Result<std::optional<Durability>> as_durability(const nacre_durability& field) {
  if (number_in(field) == NACRE_DURABILITY_DEFAULT) return std::optional<Durability>();
  return chosen<Durability>(field, "durability is none of nacre_durability");
}

Result<Compression> as_compression(const nacre_compression& field, Compression by_default) {
  if (number_in(field) == NACRE_COMPRESSION_DEFAULT) return by_default;
  return chosen<Compression>(field, "compression or bottom_compression is none of nacre_compression");
}

// None, if the data is null.
Result<std::optional<std::string>> as_bound(nacre_bytes bytes) {
  NACRE_TRY_ASSIGN(const Bytes bound, as_bytes(bytes));
  if (bound.data() == nullptr) return std::optional<std::string>();
  return std::optional(std::string(bound));
}

}  // namespace

Result<Options> as_options(const nacre_options& given) {
  Options options;
  NACRE_TRY_ASSIGN(options.mode, chosen<OpenMode>(given.mode, "mode is none of nacre_open_mode"));
  NACRE_TRY_ASSIGN(const std::optional<Durability> durability, as_durability(given.durability));
  options.durability = durability.value_or(options.durability);
  if (given.memory_bytes != 0) options.memory_bytes = given.memory_bytes;
  NACRE_TRY_ASSIGN(options.memtable, chosen<MemtableKind>(given.memtable, "memtable is none of nacre_memtable_kind"));
  options.row_cache_percent = given.row_cache_percent;
  NACRE_TRY_ASSIGN(options.keyspace, as_keyspace_options(given.keyspace));
  return options;
}

Result<KeyspaceOptions> as_keyspace_options(const nacre_keyspace_options* sized) {
  NACRE_TRY_ASSIGN(const nacre_keyspace_options given, taken(sized));
  KeyspaceOptions options;
  NACRE_TRY_ASSIGN(options.compression, as_compression(given.compression, options.compression));
  NACRE_TRY_ASSIGN(options.bottom_compression, as_compression(given.bottom_compression, options.bottom_compression));
  NACRE_TRY_ASSIGN(options.shape, chosen<CompactionShape>(given.shape, "shape is none of nacre_compaction_shape"));
  if (given.filter_bits_per_key == NACRE_NO_FILTER) {
    options.filter_bits_per_key = 0;
  } else if (given.filter_bits_per_key != 0) {
    options.filter_bits_per_key = given.filter_bits_per_key;
  }
  if (given.block_bytes > std::numeric_limits<uint32_t>::max()) return wrong("block_bytes must be 1,024 to 65,536");
  if (given.block_bytes != 0) options.block_bytes = static_cast<uint32_t>(given.block_bytes);
  return options;
}

Result<WriteOptions> as_write_options(const nacre_write_options* sized) {
  WriteOptions options;
  if (sized == nullptr) return options;
  NACRE_TRY_ASSIGN(const nacre_write_options given, taken(sized));
  NACRE_TRY_ASSIGN(options.durability, as_durability(given.durability));
  options.fail_if_delayed = given.fail_if_delayed != 0;
  return options;
}

Result<ScanOptions> as_scan_options(const nacre_scan_options* sized) {
  NACRE_TRY_ASSIGN(const nacre_scan_options given, taken(sized));
  ScanOptions options;
  NACRE_TRY_ASSIGN(options.prefix, as_bound(given.prefix));
  NACRE_TRY_ASSIGN(options.from, as_bound(given.from));
  NACRE_TRY_ASSIGN(options.to, as_bound(given.to));
  if (given.snapshot != nullptr) options.snapshot = given.snapshot->snapshot;
  if (given.limit != 0) options.limit = given.limit;
  options.reverse = given.reverse != 0;
  if (given.reserved != 0) return wrong("reserved must be 0");
  return options;
}

Result<Surroundings> surroundings_of(const nacre_options& given) {
  const Runtime defaults;
  NACRE_TRY_ASSIGN(nacre_log_options log, taken(given.log));
  if (log.files == 0) log.files = defaults.log.files;
  if (log.file_bytes == 0) log.file_bytes = defaults.log.file_bytes;
  log.disabled = log.disabled != 0 ? 1 : 0;
  NACRE_TRY(chosen<LogFormat>(log.format, "format is none of nacre_log_format"));
  NACRE_TRY(chosen<Severity>(log.least, "least is none of nacre_severity"));
  return Surroundings{.on_event = given.on_event,
                      .event_context = given.event_context,
                      .log = log,
                      .slow_ns = given.slow_ns != 0 ? given.slow_ns : defaults.slow_ns};
}

Runtime runtime_with(const Surroundings& with) {
  Runtime runtime = Runtime::standard();
  if (with.on_event != nullptr) runtime.events = std::make_shared<CallingSink>(with.on_event, with.event_context);
  runtime.log = {.enabled = with.log.disabled == 0,
                 .format = named(number_in(with.log.format), LogFormat::kText),
                 .least = named(number_in(with.log.least), Severity::kDebug),
                 .file_bytes = with.log.file_bytes,
                 .files = with.log.files};
  runtime.slow_ns = with.slow_ns != NACRE_NEVER_SLOW ? with.slow_ns : 0;
  return runtime;
}

Result<void> check_same(const Surroundings& now, const Surroundings& wanted) {
  if (now.on_event != wanted.on_event || now.event_context != wanted.event_context)
    return wrong("on_event and event_context are taken when a database is opened: close and open it to change them");
  if (std::memcmp(&now.log, &wanted.log, sizeof now.log) != 0)
    return wrong("log is taken when a database is opened: close and open it to change it");
  if (now.slow_ns != wanted.slow_ns)
    return wrong("slow_ns is taken when a database is opened: close and open it to change it");
  return {};
}

nacre_keyspace_options as_c(const KeyspaceOptions& options) {
  return {.struct_size = sizeof(nacre_keyspace_options),
          .compression = number_of(options.compression),
          .bottom_compression = number_of(options.bottom_compression),
          .shape = number_of(options.shape),
          .filter_bits_per_key = options.filter_bits_per_key != 0 ? options.filter_bits_per_key : NACRE_NO_FILTER,
          .block_bytes = options.block_bytes};
}

nacre_options as_c(const Options& options, const nacre_keyspace_options* keyspace) {
  return {.struct_size = sizeof(nacre_options),
          .mode = number_of(options.mode),
          .durability = number_of(options.durability),
          .memory_bytes = options.memory_bytes,
          .memtable = number_of(options.memtable),
          .row_cache_percent = options.row_cache_percent,
          .keyspace = keyspace,
          .on_event = nullptr,
          .event_context = nullptr,
          .log = nullptr,
          .slow_ns = 0};
}

}  // namespace nacre::capi
