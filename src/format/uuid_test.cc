#include "format/uuid.h"

#include <gtest/gtest.h>

#include "format/test_bytes.h"

namespace nacre::format {
namespace {

TEST(Uuid, IsVersionFourAndReadsBack) {
  const Uuid uuid = Uuid::from_random(~uint64_t{0}, 0);
  EXPECT_EQ(uuid.to_string(), "ffffffff-ffff-4fff-8000-000000000000");
  EXPECT_EQ(Uuid::load(uuid.view().data()), uuid);
  EXPECT_TRUE(Uuid().is_nil());
  EXPECT_FALSE(uuid.is_nil());
}

TEST(Uuid, IdentitiesDifferByDatabaseAndNumber) {
  const TableIdentity identity{.uuid = Uuid::from_random(1, 2), .number = 3};
  EXPECT_FALSE((identity == TableIdentity{.uuid = Uuid::from_random(1, 3), .number = 3}));
  EXPECT_FALSE((identity == TableIdentity{.uuid = Uuid::from_random(1, 2), .number = 4}));
}

TEST(Uuid, SeedsAreFrozen) {  // every stored checksum depends on them
  const Uuid uuid = Uuid::from_random(0x0123456789abcdef, 0xfedcba9876543210);
  EXPECT_EQ(uuid.folded(), 11188650337875782508ULL);
  const TableIdentity id{uuid, 7};
  EXPECT_EQ(id.checksum_seed(8192), 16448287190614490297ULL);
}

TEST(Uuid, SeedsTellDatabaseTableAndOffsetApart) {
  const TableIdentity id{Uuid::from_random(1, 2), 7};
  EXPECT_NE(id.checksum_seed(0), id.checksum_seed(1));
  EXPECT_NE(id.checksum_seed(0), (TableIdentity{id.uuid, 8}.checksum_seed(0)));
  EXPECT_NE(id.checksum_seed(0), (TableIdentity{Uuid::from_random(1, 3), 7}.checksum_seed(0)));
  EXPECT_NE(id.checksum_seed(0), (TableIdentity{Uuid::from_random(2, 1), 7}.checksum_seed(0)));
}

}  // namespace
}  // namespace nacre::format
