// What a process that has a database open lets others see, and what it costs the database: nothing that it promises.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "nacre/nacre.h"
#include "os/testing.h"
#include "tests/support/database_files.h"

namespace nacre {
namespace {

using namespace tests;

class Published : public testing::Test {
 protected:
  static PublishedStats look(const std::string& path) { return read_published_stats(path).value(); }
  // Writes now and then until it is so.
  static bool comes(Db& db, const std::function<bool()>& is_so) {
    for (int i = 0; i < 1000 && !is_so(); i++) {
      db.put("key", std::to_string(i)).value();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return is_so();
  }
  bool is_published(const std::string& path) { return look(path).process_id != 0; }

  os::TemporaryDirectory directory_;
  std::string path_ = directory_ / "db";
};

TEST_F(Published, FollowsADatabase) {
  EXPECT_EQ(read_published_stats(path_).error().kind, ErrorKind::kNotFound);
  Db db = Db::open(path_, small()).value();
  EXPECT_TRUE(look(path_).is_open);
  ASSERT_TRUE(comes(db, [&] { return is_published(path_); }));
  const PublishedStats first = look(path_);
  EXPECT_EQ(first.process_id, static_cast<uint64_t>(::getpid()));
  EXPECT_TRUE(first.is_open);
  EXPECT_FALSE(first.was_closed);
  EXPECT_GE(first.published_wall_ns, first.opened_wall_ns);
  EXPECT_GE(first.uptime_ns, 900'000'000U);
  EXPECT_EQ(first.stats.keyspaces.at(0).name, "default");
  ASSERT_TRUE(comes(db, [&] { return look(path_).stats.writes > first.stats.writes; })) << "it goes on";
  const Stats last = db.stats();
  db.close().value();
  const PublishedStats closed = look(path_);
  EXPECT_FALSE(closed.is_open);
  EXPECT_TRUE(closed.was_closed);
  EXPECT_EQ(closed.stats.writes, last.writes) << "the last figures are there";
}

TEST_F(Published, EachDatabaseForItself) {
  Db one = Db::open(path_, small()).value();
  Db other = Db::open(directory_ / "other", small()).value();
  for (int i = 0; i < 100; i++) other.put("key", "value").value();
  ASSERT_TRUE(comes(one, [&] { return is_published(path_) && is_published(directory_ / "other"); }));
  other.close().value();
  EXPECT_EQ(look(directory_ / "other").stats.writes, 100U);
  EXPECT_NE(look(path_).stats.writes, 100U);
  EXPECT_TRUE(look(path_).is_open);
}

TEST_F(Published, AForkedChildPublishesNothing) {
  Db db = Db::open(path_, small()).value();
  ASSERT_TRUE(comes(db, [&] { return is_published(path_); }));
  const int code = os::in_child([&] {
    const bool sees = look(path_).is_open;  // the parent's
    {
      const Db inherited = std::move(db);  // is destroyed, and closes nothing
    }
    return sees && !look(path_).was_closed ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(look(path_).is_open);
  EXPECT_FALSE(look(path_).was_closed);
  db.close().value();
}

TEST_F(Published, WhoOnlyReadsPublishesNothing) {
  make_closed(path_, 3);
  ::unlink((path_ + "/STATS").c_str());
  const Files before = files_of(path_);
  {
    const Db db = Db::open(path_, small(OpenMode::kReadOnly)).value();
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    EXPECT_FALSE(look(path_).is_open) << "nobody writes";
  }
  EXPECT_EQ(files_of(path_), before);
}

// A pipe, a link and a directory of this name: not ours, not opened, not waited for.
TEST_F(Published, StrangeThingsOfThatName) {
  const std::string name = path_ + "/STATS";
  make_closed(path_, 4);
  ::unlink(name.c_str());
  os::spill(directory_ / "elsewhere", std::string(131'072, '\0'));
  const std::function<int()> makes[] = {[&] { return ::mkfifo(name.c_str(), 0600); },
                                        [&] { return ::symlink((directory_ / "elsewhere").c_str(), name.c_str()); },
                                        [&] { return ::mkdir(name.c_str(), 0700); }};
  for (const auto& make : makes) {
    ASSERT_EQ(make(), 0);
    Db db = Db::open(path_, small()).value();
    for (int i = 0; i < 60; i++) {
      db.put("key", "value").value();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(look(path_).process_id, 0U);
    db.close().value();
    ASSERT_TRUE(::unlink(name.c_str()) == 0 || ::rmdir(name.c_str()) == 0) << "it stays";
  }
  EXPECT_EQ(os::slurp(directory_ / "elsewhere"), std::string(131'072, '\0'));
}

}  // namespace
}  // namespace nacre
