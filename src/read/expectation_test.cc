#include "read/expectation.h"

#include <gtest/gtest.h>

namespace nacre::read {
namespace {

using table::Guess;

TEST(Expectation, FollowsWhatMostGetsFind) {
  Expectation expectation;
  EXPECT_EQ(expectation.guess(), Guess::kAbsent) << "nothing is known yet: the way that reads least";
  expectation.learn(true);
  expectation.learn(true);
  EXPECT_EQ(expectation.guess(), Guess::kPresent);
  for (int i = 0; i < 1000; i++) expectation.learn(true);
  expectation.learn(false);
  EXPECT_EQ(expectation.guess(), Guess::kPresent) << "one miss is no change";
  expectation.learn(false);
  EXPECT_EQ(expectation.guess(), Guess::kAbsent) << "however long it was otherwise";
  for (int i = 0; i < 1000; i++) expectation.learn(false);
  expectation.learn(true);
  EXPECT_EQ(expectation.guess(), Guess::kAbsent);
}

}  // namespace
}  // namespace nacre::read
