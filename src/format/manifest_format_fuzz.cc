// A manifest's frame, raw and mended: the walk over records ends, stays inside, and what it delivers is what an encoder of the same
// records makes again. Written: any records, cut off or damaged somewhere, are read up to there and no other; a cut is never called damage.

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

void check_written(fuzz::Input& input) {
  const ManifestHeader header{.uuid = Uuid::from_random(5, 6), .number = 9};
  std::string file = encode_manifest_header(header);
  std::vector<std::string> payloads;
  std::vector<size_t> ends;                   // of each record, where its mark begins
  const uint64_t unmarked = input.below(16);  // this record, if there is one, has none
  for (uint64_t records = input.below(8); records > 0; records--) {
    payloads.push_back(std::string(input.bytes(50)) + 'x');
    append_manifest_record(file, header, file.size(), payloads.back());
    ends.push_back(file.size());
    if (payloads.size() != unmarked + 1) append_manifest_record(file, header, file.size(), {});
  }
  if (unmarked + 1 < payloads.size()) {          // a record without its mark, and others behind it: something is gone
    if (input.flag()) file.resize(ends.back());  // the last one has none either
    bool sound = false;
    const auto read = read_all(testing::ExactBytes(file).view(), header, &sound);
    payloads.resize(unmarked + 1);
    return NACRE_CHECK(read == payloads && !sound);
  }
  const size_t behind_header = file.size() - kManifestHeaderBytes;
  const size_t at = kManifestHeaderBytes + input.below(behind_header + 1);
  const bool cut = input.flag();
  const size_t size = file.size();
  if (cut) file.resize(at);
  if (!cut && at < size) file[at] = static_cast<char>(file[at] ^ (1 << input.below(8)));
  bool sound = false;
  const auto read = read_all(testing::ExactBytes(file).view(), header, &sound);
  size_t whole = 0;  // records before the place
  while (whole < ends.size() && ends[whole] <= at) whole++;
  const bool mark_hit = whole > 0 && !cut && at < ends[whole - 1] + kManifestRecordHeaderBytes;
  // Behind a mark that is damaged a record proves it; without one behind it, it was never written.
  const size_t expected = mark_hit && whole < payloads.size() ? payloads.size() : whole;
  NACRE_CHECK(read == std::vector(payloads.begin(), payloads.begin() + static_cast<ptrdiff_t>(expected)));
  const bool damage = !cut && at < size && expected < payloads.size();
  NACRE_CHECK(sound || damage);
  if (damage && expected + 1 < payloads.size()) NACRE_CHECK(!sound);  // whole records lie behind it
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t how = input.below(3);
  if (how == 2) return check_written(input);
  const bool mended = how == 1;
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
  std::vector<std::string> all = fuzz::random_seeds(20, 60);
  for (std::string& seed : all) seed[0] = '\2';
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

// CURRENT and the UUID in it: what encode_current() makes is accepted, and nothing else.
void run_current(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t how = input.below(3);
  if (how == 2) {
    const CurrentFile written{.manifest_number = std::max<uint64_t>(1, input.number()),
                              .uuid = Uuid::from_random(input.number(), input.number())};
    const auto read = decode_current(encode_current(written));
    return NACRE_CHECK(read && read->manifest_number == written.manifest_number && read->uuid == written.uuid);
  }
  const bool mended = how == 1;
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
  return {std::string(1, '\0') + text, '\1' + text, std::string(1, '\0') + "MANIFEST-000001\n", "\2\x81\x3f\7\x80\1"};
}

const fuzz::Registration kCurrent({.name = "current", .run = run_current, .seeds = seeds_of_current});

}  // namespace
}  // namespace nacre::format
