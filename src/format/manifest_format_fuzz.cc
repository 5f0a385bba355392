// A manifest's frame, raw and mended: the walk over records ends, stays inside, and what it delivers is what an encoder of the same
// records makes again.

#include "base/fuzzing.h"
#include "format/manifest_format.h"
#include "format/mend.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

std::vector<std::string> read_all(Bytes file, const ManifestHeader& header, bool* sound) {
  std::vector<std::string> payloads;
  ManifestReader reader(file, header);
  while (true) {
    const auto next = reader.next();
    *sound = next.has_value();
    if (!next) {
      NACRE_CHECK(next.error().kind == ErrorKind::kCorruption && next.error().offset <= file.size());
      return payloads;
    }
    if (!*next) break;
    NACRE_CHECK(!(*next)->empty() && reader.record_offset() >= kManifestHeaderBytes);
    payloads.emplace_back(**next);
  }
  NACRE_CHECK(reader.end_offset() + reader.torn_bytes() <= file.size());
  const auto after = reader.next();
  NACRE_CHECK(after && !*after);
  return payloads;
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const bool mended = input.flag();
  std::string file(input.rest());
  if (mended) testing::mend_manifest(file);
  const testing::ExactBytes exact(file);
  const auto header = decode_manifest_header(exact.view());
  if (!header) {
    NACRE_CHECK(header.error().kind == ErrorKind::kCorruption || header.error().kind == ErrorKind::kUnsupported);
    return;
  }
  std::string again = encode_manifest_header(*header);
  NACRE_CHECK(again == exact.view().substr(0, kManifestHeaderBytes));
  bool sound = false;
  const auto payloads = read_all(exact.view(), *header, &sound);
  for (const std::string& payload : payloads) {
    append_manifest_record(again, *header, again.size(), payload);
    append_manifest_record(again, *header, again.size(), {});
  }
  NACRE_CHECK(read_all(again, *header, &sound) == payloads && sound);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (const bool mended : {false, true}) {
    const ManifestHeader header{.uuid = Uuid::from_random(5, 6), .number = 9};
    std::string file = encode_manifest_header(header);
    for (const Bytes payload : {"snapshot of the tree", "an edit", "another edit"}) {
      append_manifest_record(file, header, file.size(), payload);
      append_manifest_record(file, header, file.size(), {});
    }
    all.push_back(std::string(1, static_cast<char>(mended)) + file);
    all.push_back(all.back().substr(0, all.back().size() - 5));
  }
  return all;
}

const fuzz::Registration kHere({.name = "manifest_format", .run = run, .seeds = seeds});

// CURRENT and the UUID in it: only what encode_current() makes is accepted.
void run_current(Bytes bytes) {
  fuzz::Input input(bytes);
  const bool mended = input.flag();
  std::string text(input.rest());
  if (mended) testing::mend_current(text);
  const testing::ExactBytes exact(text);
  const auto current = decode_current(exact.view());
  if (!current) {
    NACRE_CHECK(current.error().kind == ErrorKind::kCorruption || current.error().kind == ErrorKind::kInvalidArgument);
    return;
  }
  NACRE_CHECK(encode_current(*current) == text && current->manifest_number != 0);
}

std::vector<std::string> seeds_of_current() {
  const std::string text = encode_current({.manifest_number = 12, .uuid = Uuid::from_random(7, 8)});
  return {std::string(1, '\0') + text, '\1' + text, std::string(1, '\0') + "MANIFEST-000001\n"};
}

const fuzz::Registration kCurrent({.name = "current", .run = run_current, .seeds = seeds_of_current});

}  // namespace
}  // namespace nacre::format
