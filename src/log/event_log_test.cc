#include "log/event_log.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "base/prng.h"
#include "os/testing.h"
#include "sync/sync.h"

namespace nacre::log {
namespace {

using nlohmann::json;

constexpr int kKinds = static_cast<int>(EventKind::kEventsLost) + 1;

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream text(os::slurp(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<uint8_t>(c));
    hex += digits;
  }
  return hex;
}

// Any bytes, text that needs escapes, or text of other scripts.
std::string text_of(base::Prng& random) {
  std::string text;
  const uint64_t style = random.below(4);
  for (uint64_t left = random.below(20); left > 0; left--) {
    switch (style) {
      case 0: text += static_cast<char>(random.below(256)); break;
      case 1: text += static_cast<char>(random.below(128)); break;
      case 2: text += "\"\\\n\t{},:%v \xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\xaa"[random.below(13)]; break;
      default: text += static_cast<char>('a' + random.below(26)); break;
    }
  }
  return text;
}

uint64_t number_of(base::Prng& random) { return random.below(3) == 0 ? 0 : random.next() >> random.below(64); }

struct Texts {
  std::string database, keyspace, cause, detail, operation;
};

Event event_of(base::Prng& random, Texts& texts) {
  texts = {text_of(random), text_of(random), text_of(random), text_of(random), text_of(random)};
  Event event{.kind = static_cast<EventKind>(random.below(kKinds)),
              .severity = static_cast<Severity>(random.below(4)),
              .wall_ns = random.next() >> 3,
              .database = texts.database,
              .keyspace = texts.keyspace,
              .cause = texts.cause,
              .detail = texts.detail,
              .operation = texts.operation};
  for (uint64_t* number : {&event.job, &event.file_number, &event.offset, &event.bytes_in, &event.bytes_out,
                           &event.files_in, &event.files_out, &event.entries, &event.duration_ns, &event.delay_ns,
                           &event.lock_ns, &event.log_ns, &event.sync_ns, &event.read_ns})
    *number = number_of(random);
  event.level_from = static_cast<uint32_t>(random.below(8));
  event.level_to = static_cast<uint32_t>(random.below(8));
  event.error.reason = "the \"reason\"";
  return event;
}

void expect_text(const json& object, const std::string& name, const std::string& text) {
  if (text.empty()) {
    EXPECT_FALSE(object.contains(name) || object.contains(name + "_hex")) << name;
  } else if (object.contains(name)) {
    EXPECT_EQ(object[name].get<std::string>(), text);
  } else {
    EXPECT_EQ(object.value(name + "_hex", ""), hex_of(text)) << name;
    EXPECT_THROW((void)json(text).dump(), json::exception) << "text that is UTF-8 is shown as text";
  }
}

void expect_event(const json& object, const Event& event, const Texts& texts) {
  EXPECT_EQ(object.value("kind", ""), to_string(event.kind));
  EXPECT_EQ(object.value("severity", ""), to_string(event.severity));
  EXPECT_EQ(object.value("wall_ns", uint64_t{0}), event.wall_ns);
  expect_text(object, "database", texts.database);
  expect_text(object, "keyspace", texts.keyspace);
  expect_text(object, "cause", texts.cause);
  expect_text(object, "detail", texts.detail);
  expect_text(object, "operation", texts.operation);
  const std::map<std::string, uint64_t> numbers = {
      {"job", event.job},           {"number", event.file_number},  {"offset", event.offset},
      {"bytes_in", event.bytes_in}, {"bytes_out", event.bytes_out}, {"files_in", event.files_in},
      {"entries", event.entries},   {"files_out", event.files_out}, {"duration_ns", event.duration_ns},
      {"delay_ns", event.delay_ns}, {"lock_ns", event.lock_ns},     {"log_ns", event.log_ns},
      {"sync_ns", event.sync_ns},   {"read_ns", event.read_ns},     {"level_from", event.level_from},
      {"level_to", event.level_to}};
  for (const auto& [name, value] : numbers) {
    EXPECT_EQ(object.contains(name), value != 0) << name;
    EXPECT_EQ(object.value(name, uint64_t{0}), value) << name;
  }
}

class EventLogTest : public testing::Test {
 protected:
  static LogOptions json_options() { return {.format = LogFormat::kJson, .file_bytes = uint64_t{64} << 20}; }

  const os::TemporaryDirectory where_;
  const std::unique_ptr<Directory> directory_ = where_.open();
  const std::string path_ = where_ / "LOG";
};

TEST_F(EventLogTest, EveryEventIsOneLineOfSoundJsonWithAllItsFields) {
  base::Prng random(17);
  constexpr int kEvents = 3000;
  std::vector<Texts> texts(kEvents);
  std::vector<Event> events;
  {
    EventLog log(*directory_, json_options());
    for (int i = 0; i < kEvents; i++) log.write(events.emplace_back(event_of(random, texts[i])));
    EXPECT_EQ(log.lost(), 0U);
  }
  const std::vector<std::string> lines = lines_of(path_);
  ASSERT_EQ(lines.size(), kEvents);
  for (int i = 0; i < kEvents && !HasFailure(); i++) {
    const json object = json::parse(lines[i], nullptr, false);
    ASSERT_TRUE(object.is_object()) << lines[i];
    expect_event(object, events[i], texts[i]);
    EXPECT_EQ(object["time"].get<std::string>().size(), 27U) << lines[i];
  }
}

// Time, severity, kind, then name=value; quotes hold what is not one word.
TEST_F(EventLogTest, EveryEventIsOneLineOfText) {
  base::Prng random(18);
  constexpr int kEvents = 2000;
  Texts texts;
  EventLog log(*directory_, {.file_bytes = uint64_t{64} << 20});
  for (int i = 0; i < kEvents; i++) log.write(event_of(random, texts));
  const std::vector<std::string> lines = lines_of(path_);
  ASSERT_EQ(lines.size(), kEvents);
  const std::regex shape(
      R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (debug|info|warning|error) [a-z_]+( [a-z_]+=([^ "]*|"([^"\\]|\\.)*"))*)");
  for (const std::string& line : lines) ASSERT_TRUE(std::regex_match(line, shape)) << line;
}

TEST_F(EventLogTest, TimeIsUtcWithMicroseconds) {
  const std::vector<std::pair<uint64_t, std::string>> times = {
      {1'000'000'000, "1970-01-01T00:00:01.000000Z"},
      {1'709'210'096'123'456'789, "2024-02-29T12:34:56.123456Z"},
      {1'709'210'096'999'999'999, "2024-02-29T12:34:56.999999Z"},
      {4'102'444'800'000'001'000, "2100-01-01T00:00:00.000001Z"}};
  EventLog log(*directory_, {});
  for (const auto& [wall_ns, text] : times) {
    log.write({.kind = EventKind::kOpened, .wall_ns = wall_ns, .database = "not told in its own directory"});
    EXPECT_EQ(lines_of(path_).back(), text + " info opened");
  }
}

TEST_F(EventLogTest, OnlyWhatIsSevereEnoughIsWritten) {
  for (int least = 0; least < 4; least++) {
    const std::string name = "db" + std::to_string(least);
    os::make_directory(where_ / name);
    const auto directory = os::posix_file_system()->open_directory(where_ / name, false).value();
    EventLog log(*directory, {.least = static_cast<Severity>(least)});
    for (int severity = 0; severity < 4; severity++) log.write({.severity = static_cast<Severity>(severity)});
    EXPECT_EQ(lines_of(where_ / name + "/LOG").size(), static_cast<size_t>(4 - least));
  }
}

TEST_F(EventLogTest, WhatWasLostIsTold) {
  os::make_directory(path_);
  EventLog log(*directory_, {});
  constexpr uint64_t kSecondNs = 1'000'000'000;
  for (uint64_t i = 0; i < 5; i++) log.write({.kind = EventKind::kFlushStarted, .wall_ns = i});
  EXPECT_EQ(log.lost(), 5U);
  os::remove_name(path_);
  log.write({.kind = EventKind::kFlushFinished, .wall_ns = 9 * kSecondNs});
  log.write({.kind = EventKind::kFlushFinished, .wall_ns = 9 * kSecondNs});
  const auto lines = lines_of(path_);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0],
            "1970-01-01T00:00:09.000000Z warning events_lost cause=\"the log could not be written\" entries=5");
  EXPECT_EQ(lines[1], "1970-01-01T00:00:09.000000Z info flush_finished");
  EXPECT_EQ(log.lost(), 5U);
}

TEST_F(EventLogTest, BetweenNoSpaceAndItsReturnLittleIsWritten) {
  EventLog log(*directory_, {});
  log.write({.kind = EventKind::kNoSpace, .severity = Severity::kError});
  for (int i = 0; i < 2000; i++)
    log.write({.kind = EventKind::kFlushStarted, .cause = "a cause of some length, a hundred times"});
  EXPECT_LE(os::slurp(path_).size(), 66U << 10);
  log.write({.kind = EventKind::kSpaceReturned});
  EXPECT_TRUE(lines_of(path_).back().contains("space_returned"));
  EXPECT_TRUE(os::slurp(path_).contains("events_lost"));
}

TEST_F(EventLogTest, ThreadsWriteWholeLinesAndEndWithTheClose) {
  EventLog log(*directory_, {.format = LogFormat::kJson, .file_bytes = uint64_t{64} << 10, .files = 1000});
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kEach = 2000;
  std::vector<sync::Thread> threads;
  for (uint64_t t = 0; t < kThreads; t++) {
    threads.emplace_back("writer", [&log, t] {
      for (uint64_t i = 0; i < kEach; i++)
        log.write({.kind = EventKind::kFlushStarted, .job = t + 1, .entries = i + 1});
    });
  }
  for (sync::Thread& thread : threads) thread.join();
  log.close();
  log.write({.kind = EventKind::kClosed});
  uint64_t told[kThreads + 1] = {};
  uint64_t lines = 0;
  for (const DirectoryEntry& entry : directory_->list().value()) {
    for (const std::string& line : lines_of(where_ / entry.name)) {
      const json object = json::parse(line, nullptr, false);
      ASSERT_TRUE(object.is_object()) << line;
      told[object["job"].get<uint64_t>()] += object["entries"].get<uint64_t>();
      lines++;
    }
  }
  EXPECT_EQ(lines, kThreads * kEach);
  for (uint64_t t = 1; t <= kThreads; t++) EXPECT_EQ(told[t], kEach * (kEach + 1) / 2);
}

TEST_F(EventLogTest, ADirectoryWithoutFilesOfLinesHasNoLog) {
  class NoLines : public Directory {
   public:
    Result<std::unique_ptr<ReadableFile>> open_read(const std::string&) override { return refused(); }
    Result<std::unique_ptr<WritableFile>> create(const std::string&) override { return refused(); }
    Result<std::unique_ptr<MappedFile>> create_mapped(const std::string&, uint64_t, MappedSpace) override {
      return refused();
    }
    Result<std::unique_ptr<MappedFile>> open_mapped(const std::string&) override { return refused(); }
    Result<void> rename(const std::string&, const std::string&) override { return refused(); }
    Result<void> remove(const std::string&) override { return refused(); }
    Result<std::vector<DirectoryEntry>> list() override { return refused(); }
    Result<void> sync() override { return refused(); }
    Result<std::unique_ptr<DirectoryLock>> lock(const std::string&, LockKind) override { return refused(); }
    Result<uint64_t> free_bytes() override { return refused(); }
    std::string path() const override { return {}; }
    uint64_t calls = 0;

   private:
    Error refused() {
      calls++;
      return {.kind = ErrorKind::kIo};
    }
  };
  NoLines directory;
  EventLog log(directory, {});
  for (uint64_t i = 0; i < 3; i++) log.write({.kind = EventKind::kOpened, .wall_ns = i * 5'000'000'000});
  EXPECT_EQ(directory.calls, 0U);
}

// A line goes out under locks of the engine: it must stay cheap. The bound is loose for busy machines and sanitizers.
TEST(LogOptions, AreChecked) {
  EXPECT_TRUE(check_log_options({}));
  EXPECT_TRUE(check_log_options({.file_bytes = uint64_t{64} << 10, .files = 1}));
  EXPECT_FALSE(check_log_options({.file_bytes = (uint64_t{64} << 10) - 1}));
  EXPECT_FALSE(check_log_options({.files = 0}));
  EXPECT_FALSE(check_log_options({.files = 1001}));
  EXPECT_FALSE(check_log_options({.format = static_cast<LogFormat>(2)}));
  EXPECT_FALSE(check_log_options({.least = static_cast<Severity>(4)}));
}

}  // namespace
}  // namespace nacre::log
