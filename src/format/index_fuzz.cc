// The index of a table: an image that is accepted finds for each key the block that a walk over its fences finds; the builder makes such
// an image of any fences. What was built is also changed, so that what lies behind the first checks is reached.

#include <algorithm>

#include "base/fuzzing.h"
#include "format/index.h"
#include "format/index_builder.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

void check_index(Bytes image, fuzz::Input& input) {
  const testing::ExactBytes exact(image);
  const auto view = IndexView::parse(exact.view());
  if (!view) return NACRE_CHECK(view.error().kind == ErrorKind::kCorruption);
  std::vector<std::string> fences;
  uint64_t end = view->begin();
  for (uint32_t i = 0; i < view->blocks(); i++) {
    fences.push_back(std::string(view->prefix()).append(view->fence_rest(i)));
    const auto extent = view->extent(i);
    NACRE_CHECK(extent.offset == end && extent.bytes > 0);
    end += extent.bytes;
  }
  NACRE_CHECK(view->end() == end);
  const auto expect = [&](const std::string& key) {
    const auto at = std::lower_bound(fences.begin(), fences.end(), key);
    NACRE_CHECK(view->lower_bound(key) == static_cast<uint32_t>(at - fences.begin()));
    NACRE_CHECK(view->lower_bound_in(view->leaf_for(key, nullptr), key) == view->lower_bound(key));
  };
  for (const std::string& fence : fences) {
    expect(fence);
    expect(fence + '\0');
    if (!fence.empty()) expect(fence.substr(0, fence.size() - 1));
  }
  expect("");
  expect("\xff\xff\xff\xff\xff\xff\xff\xff\xff");
  while (!input.empty()) expect(input.key());
}

std::string image_of(const std::vector<std::string>& fences, uint64_t first_offset) {
  IndexBuilder builder(first_offset);
  uint64_t end = first_offset;
  for (const std::string& fence : fences) builder.add(fence, end += 100 + fence.size());
  NACRE_CHECK(builder.fits());
  return builder.finish();
}

std::string build(std::vector<std::string> fences, uint64_t first_offset) {
  std::sort(fences.begin(), fences.end());
  return image_of(fences, first_offset);
}

// Two fences in the wrong order are found, wherever they lie.
void check_disorder(std::vector<std::string> fences, size_t at) {
  std::sort(fences.begin(), fences.end());
  std::swap(fences[at], fences[at + 1]);
  const Bytes prefix = Bytes(fences.front()).substr(0, base::common_prefix(fences.front(), fences.back()));
  const auto has_prefix = [prefix](const std::string& fence) { return fence.starts_with(prefix); };
  if (!std::all_of(fences.begin(), fences.end(), has_prefix)) return;  // no such image can be built
  NACRE_CHECK(IndexView::parse(image_of(fences, 0)).has_value() == (fences[at] == fences[at + 1]));
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t how = input.below(3);
  if (how == 0) {
    fuzz::Input questions(input.bytes(64));
    return check_index(input.rest(), questions);
  }
  std::vector<std::string> fences;
  if (how == 2) {
    for (uint64_t blocks = input.below(40); blocks > 0; blocks--) fences.push_back(input.key());
    if (fences.size() >= 2 && input.flag()) return check_disorder(fences, input.below(fences.size() - 1));
    std::string image = build(fences, 0);
    for (uint64_t changes = 1 + input.below(3); changes > 0; changes--) fuzz::change_bytes(image, input);
    return check_index(image, input);
  }
  const uint64_t first_offset = input.below(1000);
  const uint64_t wanted = input.below(700);
  while (!input.empty() && fences.size() < wanted) fences.push_back(input.key());
  const std::string image = build(fences, first_offset);
  NACRE_CHECK(IndexView::parse(image).has_value());
  check_index(image, input);

  std::string between = input.key();
  std::string last = input.key();
  if (between < last) std::swap(between, last);
  const std::string fence = shortest_fence(last, between);
  NACRE_CHECK(last <= fence && (fence < between || last == between) &&
              fence.size() <= std::max(last.size(), between.size()));
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(12, 600);
  for (size_t i = 0; i < all.size(); i++) all[i][0] = static_cast<char>(1 + i % 2);
  std::vector<std::string> fences;
  for (const size_t blocks : {0, 1, 5, 40}) {
    while (fences.size() < blocks) fences.push_back("common/" + std::to_string(1000 + 7 * fences.size()));
    all.push_back(std::string(1, '\0') + "\x03\x41\x42\x43" + build(fences, 16));
  }
  return all;
}

const fuzz::Registration kHere({.name = "index", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
