// Filters: any image that is accepted can be asked anything; one that was built knows each of its keys.

#include "base/checksum.h"
#include "base/fuzzing.h"
#include "format/filter.h"
#include "format/filter_builder.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  if (!input.flag()) {
    std::vector<uint64_t> hashes;
    fuzz::Input questions(input.bytes(64));
    while (!questions.empty()) hashes.push_back(questions.number());
    const testing::ExactBytes exact(input.rest());
    const auto view = FilterView::parse(exact.view());
    if (!view) return NACRE_CHECK(view.error().kind == ErrorKind::kCorruption);
    for (const uint64_t hash : hashes) {
      view->prefetch(hash);
      static_cast<void>(view->may_contain(hash));
    }
    return;
  }
  FilterBuilder builder(static_cast<float>(1 + input.below(255)) / 8);
  std::vector<uint64_t> hashes;
  while (!input.empty()) hashes.push_back(input.number());
  for (const uint64_t hash : hashes) builder.add(hash);
  const uint64_t promised = builder.image_bytes();
  const os::LargeString image = builder.finish();
  NACRE_CHECK(image.size() == promised && image.empty() == hashes.empty());
  if (image.empty()) return;
  const testing::ExactBytes exact(image);
  const FilterView view = FilterView::parse(exact.view()).value();
  for (const uint64_t hash : hashes) NACRE_CHECK(view.may_contain(hash));
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(1, 200);
  all[0][0] = '\1';
  FilterBuilder builder(10);
  for (uint64_t i = 0; i < 100; i++) builder.add(base::mix64(i, 1));
  all.push_back(std::string(1, '\0') + "\x04\x80\x01\x82\x3f" + std::string(builder.finish()));
  return all;
}

const fuzz::Registration kHere({.name = "filter", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
