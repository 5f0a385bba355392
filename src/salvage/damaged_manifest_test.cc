#include "salvage/damaged_manifest.h"

#include <gtest/gtest.h>

namespace nacre::salvage {
namespace {

format::VersionEdit created(uint32_t id, const std::string& name) {
  format::VersionEdit edit;
  edit.keyspace = id;
  edit.created.emplace();
  edit.created->name = name;
  return edit;
}

format::VersionEdit added(uint32_t id, uint64_t number) {
  format::VersionEdit edit;
  edit.keyspace = id;
  edit.added.push_back({.table = {.number = number}});
  return edit;
}

format::VersionEdit dropped(uint32_t id) {
  format::VersionEdit edit;
  edit.keyspace = id;
  edit.dropped = true;
  return edit;
}

// A drop was read, and yet its tables counted when other edits were lost.
TEST(DamagedManifest, ADropRemovesItsTables) {
  KnownTree tree;
  tree.apply(created(1, "one"));
  tree.apply(added(1, 10));
  tree.apply(added(2, 11));
  tree.apply(dropped(1));
  EXPECT_TRUE(tree.removed.contains(10));
  EXPECT_FALSE(tree.tables.contains(10));
  EXPECT_TRUE(tree.tables.contains(11));
  EXPECT_FALSE(tree.removed.contains(11));
}

// Each name was compared with all others, and each drop looked at all tables: a manifest of a few megabytes took minutes.
TEST(DamagedManifest, ManyKeyspacesTakeNoTimeToSpeakOf) {
  constexpr uint32_t kMany = 100'000;
  const uint64_t begin_ns = Runtime::standard().clock->now_ns();
  KnownTree tree;
  for (uint32_t id = 1; id <= kMany; id++) {
    tree.apply(created(id, "name" + std::to_string(id)));
    tree.apply(added(id, id));
  }
  EXPECT_EQ(tree.keyspaces.size(), kMany);
  for (uint32_t id = 1; id <= kMany; id++) tree.apply(dropped(id));
  EXPECT_TRUE(tree.keyspaces.empty());
  EXPECT_TRUE(tree.tables.empty());
  EXPECT_LT(Runtime::standard().clock->now_ns() - begin_ns,
            20'000'000'000U);  // it takes one to four; before, minutes
}

TEST(DamagedManifest, ANameIsGivenOnce) {
  KnownTree tree;
  tree.apply(created(1, "a"));
  tree.apply(created(2, "a"));
  EXPECT_EQ(tree.keyspaces[2].name, "keyspace-2");
  tree.apply(dropped(1));
  tree.apply(created(3, "a"));
  EXPECT_EQ(tree.keyspaces[3].name, "a");
}

}  // namespace
}  // namespace nacre::salvage
