#include "format/reserve_format.h"

#include <gtest/gtest.h>

#include "format/test_bytes.h"

namespace nacre::format {
namespace {

const Uuid kOurs = Uuid::from_random(1, 2);

TEST(ReserveFormat, GoldenBytes) {
  EXPECT_EQ(testing::hex(encode_reserve_header(kOurs, 7)),
            "4e616372655273760100000000000000010000000000400082000000000000000700000000000000ad06eebb22b6b985");
}

// What a crash may leave of ours is ours; only a header that says otherwise is another's.
TEST(ReserveFormat, AnothersIsToldByItsHeader) {
  const std::string header = encode_reserve_header(kOurs, 7);
  EXPECT_FALSE(is_reserve_of_another(header + "noise", kOurs, 7));
  EXPECT_TRUE(is_reserve_of_another(header + "noise", kOurs, 8));
  EXPECT_TRUE(is_reserve_of_another(header, Uuid::from_random(3, 4), 7));
  for (size_t bytes = 0; bytes < header.size(); bytes++) {
    const std::string cut = header.substr(0, bytes);
    EXPECT_FALSE(is_reserve_of_another(cut, kOurs, 8)) << bytes;
    EXPECT_FALSE(is_reserve_of_another(cut + std::string(kReserveHeaderBytes - bytes, '\0'), kOurs, 8)) << bytes;
  }
}

}  // namespace
}  // namespace nacre::format
