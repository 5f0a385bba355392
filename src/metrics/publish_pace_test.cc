#include "metrics/publish_pace.h"

#include <gtest/gtest.h>

namespace nacre::metrics {
namespace {

constexpr uint64_t kSecond = PublishPace::kPauseNs;
constexpr uint64_t kMillisecond = kSecond / 1000;

TEST(PublishPace, IsASecondWhileThereIsChangeAndDoublesAtRest) {
  PublishPace pace(5);
  EXPECT_EQ(pace.due_ns(false), 5 + kSecond);
  uint64_t now = 10 * kSecond;
  for (const uint64_t pause : {1U, 1U, 1U}) {
    pace.published(now, now + 1000, true);
    EXPECT_EQ(pace.due_ns(false), now + pause * kSecond);
  }
  for (const uint64_t pause : {2U, 4U, 8U, 8U}) {
    pace.published(now, now + 1000, false);
    EXPECT_EQ(pace.due_ns(false), now + pause * kSecond);
  }
}

// `top` showed a load only after up to 8 seconds, and as one of all these seconds.
TEST(PublishPace, WhoWritesAfterARestIsShownSoon) {
  PublishPace pace(0);
  for (int i = 0; i < 5; i++) pace.published(0, 1000, false);
  EXPECT_EQ(pace.due_ns(true), kSecond);
}

// On a busy machine the core was others' in the middle: 20 ms made a pause of 10 s, while much changed.
TEST(PublishPace, OneLongPublicationMakesNoLongPause) {
  PublishPace pace(0);
  pace.published(0, 6'000, true);
  pace.published(0, 100 * kMillisecond, true);
  EXPECT_EQ(pace.due_ns(true), kSecond);
}

TEST(PublishPace, PublicationsThatAreAlwaysLongTakeAFiveHundredth) {
  PublishPace pace(0);
  for (int i = 0; i < 20; i++) pace.published(0, 30 * kMillisecond, true);
  EXPECT_EQ(pace.due_ns(true), 500 * 30 * kMillisecond);
  pace.published(0, 1'000, true);
  EXPECT_EQ(pace.due_ns(true), kSecond);
}

}  // namespace
}  // namespace nacre::metrics
