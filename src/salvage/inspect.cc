// inspect(): finds out what a path is, and hands it to who knows.

#include "nacre/inspect.h"

#include <algorithm>

#include "base/result.h"
#include "format/file_names.h"
#include "salvage/damaged_manifest.h"
#include "salvage/damaged_table.h"
#include "salvage/items.h"
#include "salvage/patient_file.h"
#include "salvage/survey.h"

namespace nacre {

namespace {

using format::NameKind;

// What a file is by its bytes: one that was copied under another name.
std::optional<NameKind> kind_by_bytes(ReadableFile& file) {
  char magic[8] = {};
  (void)salvage::read_what_can_be(file, 0, magic);
  const Bytes begin(magic, sizeof magic);
  if (begin == "NacreLog") return NameKind::kLog;
  if (begin == "NacreMft") return NameKind::kManifest;
  if (begin == "MANIFEST") return NameKind::kCurrent;
  if (file.size_bytes() < format::kFooterBytes) return std::nullopt;
  (void)salvage::read_what_can_be(file, file.size_bytes() - sizeof magic, magic);
  if (begin == "NacreTbl") return NameKind::kTable;
  return std::nullopt;
}

// Which table of which database the file is: as it says, or by its name and what lies beside it.
format::TableIdentity table_identity(Directory& directory, ReadableFile& file, uint64_t number) {
  if (file.size_bytes() >= format::kFooterBytes) {
    std::string footer(format::kFooterBytes, '\0');
    (void)salvage::read_what_can_be(file, file.size_bytes() - footer.size(), footer);
    if (const auto id = format::peek_identity(footer)) return *id;
  }
  std::vector<RepairFinding> unused;
  return {.uuid = salvage::read_known_tree(directory, unused).uuid, .number = number};
}

Result<void> inspect_file(Directory& directory, const std::string& name, const InspectOptions& options,
                          salvage::Items& items) {
  NACRE_TRY_ASSIGN(auto file, directory.open_read(name));
  const auto parsed = format::parse_name(name);
  const uint64_t number = parsed ? parsed->number : 0;
  const std::optional<NameKind> kind = parsed ? std::optional(parsed->kind) : kind_by_bytes(*file);
  if (!kind)
    return invalid_argument(Operation::kOpen, "neither its name nor its bytes are those of a file of a database");
  switch (*kind) {
    case NameKind::kCurrent: salvage::inspect_current(*file, items); return {};
    case NameKind::kManifest: salvage::inspect_manifest(*file, items); return {};
    case NameKind::kLog: salvage::inspect_log(std::move(file), number, options, items); return {};
    case NameKind::kTable: {
      const format::TableIdentity id = table_identity(directory, *file, number);
      if (id.uuid.is_nil())
        items.damage(0, 0, "whose table it is cannot be known here: no checksum of a block can be right");
      salvage::inspect_table(std::move(file), id, options, items);
      return {};
    }
    default:
      items.add({.what = "file",
                 .bytes = file->size_bytes(),
                 .fields = {salvage::word("why", "holds no data: a lock, a reserve of space, or a report")}});
      return {};
  }
}

}  // namespace

namespace {

Result<void> inspect_whole(Directory& directory, salvage::Items& items) {
  NACRE_TRY_ASSIGN(const auto entries, directory.list());
  if (!salvage::holds_data(entries)) {
    const bool foreign = std::any_of(entries.begin(), entries.end(), [](const DirectoryEntry& entry) {
      return !format::parse_name(entry.name).has_value();
    });
    if (foreign) return invalid_argument(Operation::kOpen, "the directory is not a database and holds other files");
    return Error{
        .kind = ErrorKind::kNotFound, .operation = Operation::kOpen, .reason = "the directory holds no database"};
  }
  salvage::inspect_directory(directory, items);
  return {};
}

}  // namespace

Result<void> inspect(const std::string& path, const InspectOptions& options,
                     const std::function<bool(const InspectItem&)>& on_item, const Runtime& runtime) noexcept {
  salvage::Items items(on_item);
  if (const auto directory = runtime.file_system->open_directory(path, false)) {
    return inspect_whole(**directory, items);
  }
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  NACRE_TRY_ASSIGN(const auto directory, runtime.file_system->open_directory(parent, false));
  return inspect_file(*directory, slash == std::string::npos ? path : path.substr(slash + 1), options, items);
}

}  // namespace nacre
