// Inspection of files.

#include "nacre/inspect.h"

#include <vector>

#include "capi/door.h"
#include "capi/numbers.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

Result<InspectOptions> as_inspect_options(const nacre_inspect_options* sized) {
  NACRE_TRY_ASSIGN(const nacre_inspect_options given, taken(sized));
  if (given.reserved != 0) return invalid_argument(Operation::kConfigure, "reserved must be 0");
  if (given.block != 0 && given.block_only == 0)
    return invalid_argument(Operation::kConfigure, "block is set, but block_only is 0");
  InspectOptions options{.entries = given.entries != 0, .values = given.values != 0};
  if (given.block_only != 0) options.block = given.block;
  return options;
}

nacre_inspect_field as_c(const InspectField& field) {
  return {.name = field.name,
          .kind = number_of(field.kind),
          .reserved = 0,
          .number = field.number,
          .text = capi::as_c(Bytes(field.text))};
}

}  // namespace

nacre_status nacre_inspect(const char* path, const nacre_inspect_options* options, nacre_inspect_fn on_item,
                           void* context, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed(path, "the path is NULL"));
    if (on_item == nullptr) return invalid_argument(Operation::kNone, "the callback is NULL");
    NACRE_TRY_ASSIGN(const InspectOptions how, as_inspect_options(options));
    std::vector<nacre_inspect_field> fields;
    return inspect(path, how, [&](const InspectItem& item) {
      fields.clear();
      for (const InspectField& field : item.fields) fields.push_back(as_c(field));
      const nacre_inspect_item told{.struct_size = sizeof told,
                                    .what = item.what,
                                    .offset = item.offset,
                                    .bytes = item.bytes,
                                    .depth = item.depth,
                                    .damaged = item.damaged ? 1u : 0u,
                                    .fields = fields.data(),
                                    .field_count = fields.size()};
      return on_item(context, &told);
    });
  });
}
