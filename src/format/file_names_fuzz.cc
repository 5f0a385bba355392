// File names: a name is ours only if making it again gives the same bytes; and the text of a UUID has one form.

#include "base/fuzzing.h"
#include "format/file_names.h"
#include "format/test_bytes.h"
#include "format/uuid.h"

namespace nacre::format {
namespace {

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  if (!input.flag()) {
    const testing::ExactBytes exact(input.rest());
    const auto name = parse_name(exact.view());
    if (!name) return;
    NACRE_CHECK(make_name(*name) == exact.view());
    NACRE_CHECK(!is_numbered(name->kind) || name->number != 0);
    return;
  }
  FileName name{.kind = static_cast<NameKind>(input.below(10)), .temporary = input.flag()};
  const uint64_t number = input.number();
  if (is_numbered(name.kind)) name.number = number != 0 ? number : 1;
  if (name.kind == NameKind::kReport) name.number = number;
  NACRE_CHECK(parse_name(make_name(name)) == name);

  const Uuid uuid = Uuid::from_random(input.number(), input.number());
  NACRE_CHECK(Uuid::load(uuid.view().data()) == uuid && !uuid.is_nil() && uuid.to_string().size() == 36);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(1, 20);
  all[0][0] = '\1';
  for (const char* name :
       {"CURRENT", "CURRENT.tmp", "MANIFEST-000012", "000013.wal", "1234567.sst", "000014.blob", "LOCK", "STATS",
        "LOG.3", "REPAIR-UNFINISHED", "18446744073709551615.sst", "000013.wal.tmp"}) {
    all.push_back(std::string(1, '\0') + name);
  }
  return all;
}

const fuzz::Registration kHere({.name = "file_names", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
