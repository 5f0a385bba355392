#include "capi/numbers.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "nacre/config.h"

namespace nacre::capi {
namespace {

// Each of the first `count` enumerators has a number of its own, and is the one that is found by it. None is found by another number.
template <class Enum>
void numbers_are_its_own(int count, uint32_t first_number, Enum otherwise) {
  std::set<uint32_t> numbers;
  for (int i = 0; i < count; i++) {
    const auto number = static_cast<uint32_t>(number_of(static_cast<Enum>(i)));
    EXPECT_EQ(number, first_number + static_cast<uint32_t>(i));
    EXPECT_TRUE(numbers.insert(number).second);
    EXPECT_EQ(named(number, otherwise), static_cast<Enum>(i));
  }
  for (const uint32_t other : {first_number + static_cast<uint32_t>(count), 255u, 256u, 0x80000000u, UINT32_MAX}) {
    EXPECT_EQ(named(other, otherwise), otherwise) << other;
  }
}

TEST(NumbersTest, AreThoseThatWerePromised) {
  numbers_are_its_own(9, 1, ErrorKind{77});
  numbers_are_its_own(19, 0, Operation{77});
  numbers_are_its_own(9, 0, FileKind{77});
  numbers_are_its_own(27, 0, EventKind{77});
  numbers_are_its_own(4, 0, Severity{77});
  EXPECT_EQ(named(NACRE_OK, ErrorKind{77}), ErrorKind{77});
  numbers_are_its_own(4, 0, OpenMode{77});
  numbers_are_its_own(3, 1, Durability{77});
  numbers_are_its_own(2, 0, MemtableKind{77});
  numbers_are_its_own(3, 1, Compression{77});
  numbers_are_its_own(3, 0, CompactionShape{77});
  numbers_are_its_own(2, 0, LogFormat{77});
  numbers_are_its_own(3, 0, RepairFinding::Kind{77});
  numbers_are_its_own(3, 0, InspectField::Kind{77});
}

// The counts above are all: behind them no enumerator has a word.
TEST(NumbersTest, LeaveNoEnumeratorOut) {
  EXPECT_EQ(to_string(ErrorKind{9}), "unknown error");
  EXPECT_EQ(to_string(Operation{19}), "");
  EXPECT_EQ(to_string(EventKind{27}), "unknown_event");
  EXPECT_EQ(to_string(Severity{4}), "unknown");
  EXPECT_EQ(to_string(OpenMode{4}), "?");
  EXPECT_EQ(to_string(Durability{3}), "?");
  EXPECT_EQ(to_string(MemtableKind{2}), "?");
  EXPECT_EQ(to_string(Compression{3}), "?");
  EXPECT_EQ(to_string(CompactionShape{3}), "?");
  EXPECT_EQ(NACRE_UNSUPPORTED, 9);
  EXPECT_EQ(NACRE_OPERATION_CONFIGURE, 18);
  EXPECT_EQ(NACRE_FILE_OTHER, 8);
  EXPECT_EQ(NACRE_EVENT_EVENTS_LOST, 25);
  EXPECT_EQ(NACRE_EVENT_COMPACTION_DECLINED, 26);
  EXPECT_EQ(NACRE_SEVERITY_ERROR, 3);
}

}  // namespace
}  // namespace nacre::capi
