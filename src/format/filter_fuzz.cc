// Filters: any image that is accepted can be asked anything, be it raw bytes or one that was built and then changed; one that was built
// knows each of its keys.

#include "base/checksum.h"
#include "base/fuzzing.h"
#include "format/filter.h"
#include "format/filter_builder.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

void check_filter(Bytes image, fuzz::Input& questions) {
  const testing::ExactBytes exact(image);
  const auto view = FilterView::parse(exact.view());
  if (!view) return NACRE_CHECK(view.error().kind == ErrorKind::kCorruption);
  for (int i = 0; i < 16; i++) {
    const uint64_t hash = questions.number() ^ (questions.number() << 32);
    view->prefetch(hash);
    static_cast<void>(view->may_contain(hash));
  }
  for (const uint64_t edge : {uint64_t{0}, ~uint64_t{0}}) static_cast<void>(view->may_contain(edge));
}

void check_built(fuzz::Input& input, bool changed) {
  FilterBuilder builder(static_cast<float>(1 + input.below(255)) / 8);
  std::vector<uint64_t> hashes;
  for (uint64_t wanted = input.below(200); wanted > 0 && !input.empty(); wanted--) hashes.push_back(input.number());
  for (const uint64_t hash : hashes) builder.add(hash);
  const uint64_t promised = builder.image_bytes();
  const os::LargeString image = builder.finish();
  NACRE_CHECK(image.size() == promised && image.empty() == hashes.empty());
  if (changed) {
    std::string other(image);
    if (!other.empty() && input.flag())
      other[input.below(8)] ^= static_cast<char>(1 << input.below(8));  // lines, probes
    for (uint64_t changes = input.below(3); changes > 0; changes--) fuzz::change_bytes(other, input);
    return check_filter(other, input);
  }
  if (image.empty()) return;
  const testing::ExactBytes exact(image);
  const FilterView view = FilterView::parse(exact.view()).value();
  for (const uint64_t hash : hashes) NACRE_CHECK(view.may_contain(hash));
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t how = input.below(3);
  if (how != 0) return check_built(input, how == 2);
  fuzz::Input questions(input.bytes(64));
  check_filter(input.rest(), questions);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(20, 100);
  for (size_t i = 0; i < all.size(); i++) all[i].replace(0, 3, std::string{static_cast<char>(i == 0 ? 1 : 2), 80, 9});
  FilterBuilder builder(10);
  for (uint64_t i = 0; i < 100; i++) builder.add(base::mix64(i, 1));
  all.push_back(std::string(1, '\0') + "\x04\x80\x01\x82\x3f" + std::string(builder.finish()));
  return all;
}

const fuzz::Registration kHere({.name = "filter", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
