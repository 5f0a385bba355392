// Data blocks: any image that is accepted can be read in every way without a step outside of it; one whose order, tags and heads are right
// answers as a list of its entries does; and the builder makes such blocks of any entries. What was built is also changed, so that what lies
// behind the first checks is reached.

#include <algorithm>

#include "base/checksum.h"
#include "base/fuzzing.h"
#include "format/block.h"
#include "format/block_builder.h"
#include "format/block_cursor.h"
#include "format/entry_hash.h"
#include "format/test_bytes.h"

namespace nacre::format {
namespace {

struct Owned {
  std::string key;
  uint64_t trailer = 0;
  std::string value;
};

bool before(const Owned& a, const Owned& b) { return compare_internal(a.key, a.trailer, b.key, b.trailer) < 0; }

// Reads every entry in every way that the view offers.
std::vector<Owned> entries_of(const BlockView& view) {
  std::vector<Owned> entries;
  BlockCursor cursor;
  cursor.reset(view);
  const auto room = std::make_unique<char[]>(view.longest_key_bytes() + BlockView::kKeySlack);
  for (uint32_t i = 0; i < view.entries(); i++) {
    NACRE_CHECK(view.key_bytes(i) <= view.longest_key_bytes());
    const Bytes key(room.get(), view.copy_key(i, room.get()));
    NACRE_CHECK(cursor.move_to(i) && cursor.key() == key);
    NACRE_CHECK(cursor.value() == view.value(i) && cursor.trailer() == view.trailer(i));
    entries.push_back({std::string(key), view.trailer(i), std::string(view.value(i))});
  }
  NACRE_CHECK(!cursor.next());
  return entries;
}

void expect_answers(const BlockView& view, const std::vector<Owned>& entries, const Owned& wanted, bool sound) {
  view.prefetch_match(base::hash_key(wanted.key));
  const auto found = view.find(wanted.key, base::hash_key(wanted.key), wanted.trailer);
  const uint32_t bound = view.lower_bound(wanted.key, wanted.trailer);
  NACRE_CHECK(found.index <= entries.size() && bound <= entries.size());
  if (!sound) return;
  const auto at = std::lower_bound(entries.begin(), entries.end(), wanted, before);
  NACRE_CHECK(bound == static_cast<uint32_t>(at - entries.begin()));
  const bool there = at != entries.end() && at->key == wanted.key;
  NACRE_CHECK(found.index == (there ? bound : entries.size()));
  NACRE_CHECK(found.may_continue == (at == entries.end() && entries.back().key == wanted.key));
}

void check_block(Bytes image, fuzz::Input& input) {
  const testing::ExactBytes exact(image);
  const auto view = BlockView::parse(exact.view());
  if (!view) return NACRE_CHECK(view.error().kind != ErrorKind::kIo);
  const std::vector<Owned> entries = entries_of(*view);
  bool sound = true;
  for (uint32_t i = 0; i < entries.size(); i++) {
    sound &= i == 0 || before(entries[i - 1], entries[i]);
    sound &= view->tag(i) == tag_of(base::hash_key(entries[i].key));
    // What follows a short key in its head must be zeros.
    sound &= view->head(i) == base::head_at(entries[i].key, view->prefix().size());
  }
  for (size_t i = 0; i < std::min<size_t>(entries.size(), 40); i++) {
    expect_answers(*view, entries, entries[i], sound);
    expect_answers(*view, entries, {entries[i].key, trailer_for_lookup(kMaxSequence), ""}, sound);
    expect_answers(*view, entries, {entries[i].key + '\0', entries[i].trailer, ""}, sound);
  }
  while (!input.empty()) expect_answers(*view, entries, {input.key(), input.number(), ""}, sound);
}

std::vector<Owned> draw_entries(fuzz::Input& input, size_t most) {
  std::vector<Owned> entries;
  while (!input.empty() && entries.size() < most) {
    const EntryKind kind = input.flag() ? EntryKind::kPut : EntryKind::kErase;
    Owned& entry = entries.emplace_back(Owned{input.key(), make_trailer(input.number() & kMaxSequence, kind), ""});
    if (kind == EntryKind::kPut) entry.value = input.bytes(300);
  }
  std::sort(entries.begin(), entries.end(), before);
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const Owned& a, const Owned& b) { return a.key == b.key && a.trailer == b.trailer; }),
                entries.end());
  return entries;
}

void check_built(const std::vector<Owned>& entries) {
  BlockBuilder builder(kMaxBlockBytes);
  uint64_t hash = 0;
  for (const Owned& e : entries) {
    NACRE_CHECK(builder.add(e.key, base::hash_key(e.key), e.trailer, e.value));
    hash += entry_hash(base::hash_key(e.key), e.trailer, e.value);
  }
  const uint64_t promised = builder.image_bytes();
  os::LargeString image;
  builder.finish(&image);
  NACRE_CHECK(image.size() == promised);
  const BlockView view = BlockView::parse(image).value();
  NACRE_CHECK(view.entries_hash() == hash);
  BlockCursor cursor;
  cursor.reset(view);
  for (uint32_t i = 0; cursor.move_to(i); i++) NACRE_CHECK(cursor.head() == base::head_of(cursor.key()));
  const std::vector<Owned> got = entries_of(view);
  NACRE_CHECK(std::ranges::equal(got, entries, [](const Owned& a, const Owned& b) {
    return a.key == b.key && a.trailer == b.trailer && a.value == b.value;
  }));
  fuzz::Input nothing{Bytes()};
  check_block(image, nothing);
}

// A block of the entries, or of one that is too large for offsets.
std::string built_of(const std::vector<Owned>& entries, bool lone) {
  os::LargeString image;
  if (lone) {
    const Owned& e = entries.front();
    BlockBuilder::make_lone(e.key, base::hash_key(e.key), e.trailer, e.value, &image);
    return std::string(image);
  }
  BlockBuilder builder(kMaxBlockBytes);
  for (const Owned& e : entries) builder.add(e.key, base::hash_key(e.key), e.trailer, e.value);
  builder.finish(&image);
  return std::string(image);
}

void run(Bytes bytes) {
  fuzz::Input input(bytes);
  const uint64_t how = input.below(4);
  if (how == 0) {
    fuzz::Input questions(input.bytes(64));
    return check_block(input.rest(), questions);
  }
  const std::vector<Owned> entries = draw_entries(input, how == 1 ? 300 : 1 + input.below(24));
  if (entries.empty()) return;
  if (how == 1) return check_built(entries);
  std::string image = built_of(entries, how == 3);
  for (uint64_t changes = 1 + input.below(3); changes > 0; changes--) fuzz::change_bytes(image, input);
  check_block(image, input);
}

std::vector<std::string> seeds() {
  std::vector<std::string> all = fuzz::random_seeds(5, 400);
  for (size_t i = 0; i < all.size(); i++) all[i].replace(0, 2, std::string{static_cast<char>(1 + i % 3), 7});
  const auto keep = [&all](const std::vector<Owned>& entries) {
    all.push_back(std::string(1, '\0') + '\x04' + "\x01\x05\x02\x06" + built_of(entries, false));
  };
  keep({{"key1", make_trailer(5, EntryKind::kPut), "same"}, {"key2", make_trailer(5, EntryKind::kPut), "same"}});
  keep({{"a", make_trailer(9, EntryKind::kPut), "one"},
        {"a", make_trailer(4, EntryKind::kErase), ""},
        {"abcdefghijkl", make_trailer(8, EntryKind::kPut), "another"},
        {"abcdefghijkm", make_trailer(uint64_t{1} << 40, EntryKind::kPut), "far"}});
  std::vector<Owned> many;
  for (int i = 0; i < 80; i++)
    many.push_back({"key" + std::to_string(1000 + i), make_trailer(1 + i % 7, EntryKind::kPut), "v"});
  keep(many);
  all.push_back(std::string(2, '\0') +
                built_of({{"wide", make_trailer(3, EntryKind::kPut), std::string(300, 'w')}}, true));
  return all;
}

const fuzz::Registration kHere({.name = "block", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::format
