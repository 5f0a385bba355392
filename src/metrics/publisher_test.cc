// Publisher: what a reader finds, whatever happens to the file and its directory.

#include "metrics/publisher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "base/result.h"
#include "os/posix.h"
#include "os/testing.h"
#include "sync/sync.h"

namespace nacre::metrics {
namespace {

const format::Uuid kOurs = format::Uuid::from_random(1, 2);

// The n-th call fails.
class FailingDirectory final : public Directory {
 public:
  explicit FailingDirectory(std::unique_ptr<Directory> below) : below_(std::move(below)) {}
  void fail_at(uint64_t call, ErrorKind kind) {
    left_ = call + 1;
    kind_ = kind;
  }
  bool failed() const { return left_ == 0; }
  uint64_t free = UINT64_MAX;

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& name) override {
    NACRE_TRY(turn());
    return below_->open_read(name);
  }
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) override { return below_->create(name); }
  Result<std::unique_ptr<MappedFile>> create_mapped(const std::string& name, uint64_t bytes, MappedSpace s) override {
    NACRE_TRY(turn());
    return below_->create_mapped(name, bytes, s);
  }
  Result<std::unique_ptr<MappedFile>> open_mapped(const std::string& name) override {
    NACRE_TRY(turn());
    return below_->open_mapped(name);
  }
  Result<void> rename(const std::string& from, const std::string& to) override { return below_->rename(from, to); }
  Result<void> remove(const std::string& name) override {
    NACRE_TRY(turn());
    return below_->remove(name);
  }
  Result<std::vector<DirectoryEntry>> list() override { return below_->list(); }
  Result<void> sync() override { return below_->sync(); }
  Result<std::unique_ptr<DirectoryLock>> lock(const std::string& name, LockKind kind) override {
    return below_->lock(name, kind);
  }
  Result<uint64_t> free_bytes() override {
    NACRE_TRY(turn());
    return std::min(free, below_->free_bytes().value());
  }
  std::string path() const override { return below_->path(); }

 private:
  Result<void> turn() {
    if (left_ == 0 || --left_ != 0) return {};
    return Error{.kind = kind_, .operation = Operation::kNone, .reason = "it was to fail"};
  }
  std::unique_ptr<Directory> below_;
  uint64_t left_ = 0;
  ErrorKind kind_ = ErrorKind::kIo;
};

class PublisherTest : public testing::Test {
 protected:
  Publisher publisher() { return Publisher(directory_, *clock_, kOurs); }
  static Stats stats(uint64_t writes) { return {.writes = writes}; }
  std::string contents() const { return os::slurp(place_ / "STATS"); }
  uint64_t published_writes() const {
    const auto slot = newest_slot(contents());
    return slot ? slot->publication.stats.writes : 0;
  }

  os::TemporaryDirectory place_;
  FailingDirectory directory_{place_.open()};
  std::shared_ptr<Clock> clock_ = os::posix_clock();
};

TEST_F(PublisherTest, PublishesWhatChanged) {
  Publisher first = publisher();
  EXPECT_TRUE(first.publish(stats(1)));
  EXPECT_EQ(published_writes(), 1U);
  EXPECT_EQ(contents().size(), kPublishedFileBytes);
  const std::string before = contents();
  EXPECT_FALSE(first.publish(stats(1)));
  EXPECT_EQ(contents(), before) << "nothing changed";
  for (uint64_t writes = 2; writes < 10; writes++) {
    EXPECT_TRUE(first.publish(stats(writes)));
    EXPECT_EQ(published_writes(), writes);
  }
  first.publish_close(stats(9));
  EXPECT_TRUE(newest_slot(contents())->publication.was_closed);
  EXPECT_EQ(newest_slot(contents())->publication.process_id, static_cast<uint64_t>(::getpid()));

  Publisher second = publisher();  // of the next opening, which counts from zero again
  EXPECT_TRUE(second.publish(stats(1)));
  EXPECT_EQ(published_writes(), 1U);
  EXPECT_FALSE(newest_slot(contents())->publication.was_closed);
}

TEST_F(PublisherTest, AKillInTheMiddleLeavesTheOneBefore) {
  Publisher one = publisher();
  for (uint64_t writes = 1; writes < 5; writes++) {
    one.publish(stats(writes));
    const std::string before = contents();
    one.publish(stats(writes + 100));
    const std::string after = contents();
    for (size_t at = 0; at < before.size(); at++) {
      if (before[at] == after[at]) continue;
      const auto found = newest_slot(after.substr(0, at) + before.substr(at));
      ASSERT_TRUE(found.has_value()) << at;
      const uint64_t read = found->publication.stats.writes;
      ASSERT_TRUE(read == writes || read == writes + 100) << read;
    }
  }
}

TEST_F(PublisherTest, WhatIsClosedBeforeItPublishedLeavesNothing) {
  publisher().publish_close(stats(1));
  EXPECT_TRUE(directory_.list().value().empty());
}

TEST_F(PublisherTest, AFileOfOthersIsLeftAlone) {
  for (const std::string& theirs : {std::string("figures"), std::string(), std::string(kPublishedFileBytes, 'x')}) {
    os::spill(place_ / "STATS", theirs);
    Publisher one = publisher();
    EXPECT_FALSE(one.publish(stats(1)));
    one.publish_close(stats(2));
    EXPECT_EQ(contents(), theirs);
  }
}

TEST_F(PublisherTest, WhatCannotBeMappedIsMadeAnew) {
  publisher().publish(stats(1));
  directory_.fail_at(1, ErrorKind::kCorruption);  // the second call maps: a copy with holes
  Publisher again = publisher();
  EXPECT_FALSE(again.publish(stats(2)));
  EXPECT_TRUE(again.publish(stats(3)));
  EXPECT_EQ(published_writes(), 3U);
}

TEST_F(PublisherTest, TakesNoSpaceOfANearlyFullDevice) {
  directory_.free = 1 << 20;
  Publisher one = publisher();
  EXPECT_FALSE(one.publish(stats(1)));
  EXPECT_TRUE(directory_.list().value().empty());
  directory_.free = UINT64_MAX;
  EXPECT_TRUE(one.publish(stats(1))) << "there is room now";
}

TEST_F(PublisherTest, EveryFailureIsSurvived) {
  for (const bool exists : {false, true}) {
    for (const ErrorKind kind : {ErrorKind::kIo, ErrorKind::kNoSpace, ErrorKind::kCorruption, ErrorKind::kNotFound}) {
      uint64_t call = 0;
      for (bool failed = true; failed; call++) {
        (void)place_.open()->remove("STATS");
        if (exists) publisher().publish(stats(1));
        directory_.fail_at(call, kind);
        Publisher one = publisher();
        for (uint64_t writes = 2; writes < 5; writes++) {
          if (one.publish(stats(writes))) {
            EXPECT_EQ(published_writes(), writes);
          }
        }
        one.publish_close(stats(5));
        failed = directory_.failed();
        directory_.fail_at(UINT64_MAX - 1, kind);
      }
      EXPECT_GE(call, 2U) << "something could fail";
    }
  }
}

// A reader in the middle of everything: what it gets is whole, and never goes back.
TEST_F(PublisherTest, NothingTornIsRead) {
  Publisher one = publisher();
  Stats stats;
  stats.keyspaces.resize(50);
  const auto set = [&stats](uint64_t to) {
    stats.writes = to;
    for (KeyspaceStats& keyspace : stats.keyspaces) keyspace.puts = to;
  };
  set(1);
  one.publish(stats);
  std::atomic<bool> stop{false};
  sync::Thread writer("publisher", [&] {
    for (uint64_t writes = 2; !stop; writes++) {
      set(writes);
      one.publish(stats);
    }
  });
  const auto directory = place_.open();
  const auto file = directory->open_read("STATS").value();
  uint64_t read = 0;
  uint64_t last = 0;
  for (int round = 0; round < 3000; round++) {
    std::string bytes(kPublishedFileBytes, '\0');
    ASSERT_EQ(file->read(0, bytes).value(), bytes.size());
    const auto slot = newest_slot(bytes);
    if (!slot) continue;  // the writer does not rest here: both slots may have changed under the read
    read++;
    ASSERT_GE(slot->publication.stats.writes, last);
    last = slot->publication.stats.writes;
    ASSERT_EQ(slot->publication.stats.keyspaces.size(), 50U);
    for (const KeyspaceStats& keyspace : slot->publication.stats.keyspaces) ASSERT_EQ(keyspace.puts, last);
  }
  stop = true;
  writer.join();
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace nacre::metrics
