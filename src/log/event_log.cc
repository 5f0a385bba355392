#include "log/event_log.h"

#include <atomic>
#include <string>

// spdlog under a name of our own: an application that is linked with us may have another release of it, with the same symbols.
// Exceptions of spdlog end in its logger, which calls the error handler.
#define SPDLOG_HEADER_ONLY
#define FMT_HEADER_ONLY
#define SPDLOG_NO_THREAD_ID
#define spdlog nacre_spdlog
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#undef spdlog

#include "base/result.h"
#include "log/line_log.h"
#include "sync/sync.h"

namespace nacre::log {

namespace spd = nacre_spdlog;

namespace {

constexpr uint64_t kLeastFileBytes = uint64_t{64} << 10;
constexpr uint32_t kMostFiles = 1000;

spd::level::level_enum level_of(Severity severity) {
  switch (severity) {
    case Severity::kDebug: return spd::level::debug;
    case Severity::kInfo: return spd::level::info;
    case Severity::kWarning: return spd::level::warn;
    case Severity::kError: return spd::level::err;
  }
  return spd::level::err;
}

spd::log_clock::time_point time_of(uint64_t wall_ns) {
  return spd::log_clock::time_point(
      std::chrono::duration_cast<spd::log_clock::duration>(std::chrono::nanoseconds(wall_ns)));
}

uint64_t wall_ns_of(spd::log_clock::time_point time) {
  return static_cast<uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

std::unique_ptr<spd::formatter> formatter_of(LogFormat format) {
  const char* pattern =
      format == LogFormat::kJson ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%fZ\",%v" : "%Y-%m-%dT%H:%M:%S.%fZ %l %v";
  return std::make_unique<spd::pattern_formatter>(pattern, spd::pattern_time_type::utc, "\n");
}

// Both formats begin with the time: 2026-12-01T10:20:30.123456Z.
bool is_ours(Bytes begin) {
  constexpr Bytes kJson = "{\"time\":\"";
  constexpr Bytes kTime = "0000-00-00T00:00:00.000000Z";
  if (begin.starts_with(kJson)) begin.remove_prefix(kJson.size());
  if (begin.size() < kTime.size()) return false;
  for (size_t i = 0; i < kTime.size(); i++) {
    const bool is_digit = begin[i] >= '0' && begin[i] <= '9';
    if (kTime[i] == '0' ? !is_digit : begin[i] != kTime[i]) return false;
  }
  return true;
}

}  // namespace

// Writes formatted lines into a LineLog. spdlog calls it under the sink's mutex.
class EventLog::Sink final : public spd::sinks::base_sink<sync::Mutex> {
 public:
  Sink(Directory& directory, const LogOptions& options)
      : base_sink(formatter_of(options.format)),
        format_(options.format),
        lines_(directory, options.file_bytes, options.files, is_ours) {}

  void set_device_full(bool full) {
    sync::MutexLock lock(mutex_);
    lines_.set_device_full(full);
  }
  void close() {
    sync::MutexLock lock(mutex_);
    lines_.close();
    closed_ = true;
  }
  void lose_one() { lost_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  // What stands behind time and level.
  std::string words_of(Event event) const {
    if (format_ == LogFormat::kJson) return to_json(event).substr(1);
    event.database = {};  // whose directory this is
    return to_string(event);
  }

 private:
  void sink_it_(const spd::details::log_msg& message) override {
    if (closed_) return;
    const uint64_t lost = lost_.load(std::memory_order_relaxed);
    if (lost != told_ && !tell_of(lost - told_, message.time)) return lose_one();
    told_ = lost;
    if (!write(message)) lose_one();
  }
  void flush_() override {}

  bool write(const spd::details::log_msg& message) {
    line_.clear();
    formatter_->format(message, line_);
    return lines_.append({line_.data(), line_.size()}, wall_ns_of(message.time));
  }
  bool tell_of(uint64_t lost, spd::log_clock::time_point time) {
    const Event event{.kind = EventKind::kEventsLost,
                      .severity = Severity::kWarning,
                      .wall_ns = wall_ns_of(time),
                      .cause = "the log could not be written",
                      .entries = lost};
    const std::string words = words_of(event);
    return write(spd::details::log_msg(time, {}, {}, spd::level::warn, words));
  }

  const LogFormat format_;
  LineLog lines_;
  spd::memory_buf_t line_;
  uint64_t told_ = 0;  // of lost_
  bool closed_ = false;
  std::atomic<uint64_t> lost_{0};
};

struct EventLog::Parts {
  std::shared_ptr<Sink> sink;
  spd::logger logger;
};

EventLog::EventLog(Directory& directory, const LogOptions& options) {
  auto sink = std::make_shared<Sink>(directory, options);
  parts_ = std::unique_ptr<Parts>(new Parts{sink, spd::logger("", sink)});
  parts_->logger.set_level(level_of(options.least));
  parts_->logger.set_error_handler([sink = sink.get()](const std::string&) { sink->lose_one(); });
}

EventLog::~EventLog() = default;

void EventLog::write(const Event& event) noexcept {
  const spd::level::level_enum level = level_of(event.severity);
  if (event.kind == EventKind::kSpaceReturned) parts_->sink->set_device_full(false);
  if (parts_->logger.should_log(level)) {
    const std::string words = parts_->sink->words_of(event);
    parts_->logger.log(time_of(event.wall_ns), {}, level, spd::string_view_t(words.data(), words.size()));
  }
  if (event.kind == EventKind::kNoSpace) parts_->sink->set_device_full(true);
}

void EventLog::close() noexcept { parts_->sink->close(); }

uint64_t EventLog::lost() const noexcept { return parts_->sink->lost(); }

Result<void> check_log_options(const LogOptions& options) {
  const auto wrong = [](const char* reason) { return invalid_argument(Operation::kConfigure, reason); };
  if (options.format > LogFormat::kJson) return wrong("LogOptions::format is none of LogFormat");
  if (options.least > Severity::kError) return wrong("LogOptions::least is none of Severity");
  if (options.file_bytes < kLeastFileBytes) return wrong("LogOptions::file_bytes must be at least 64 KiB");
  if (options.files == 0 || options.files > kMostFiles) return wrong("LogOptions::files must be 1 to 1,000");
  return {};
}

}  // namespace nacre::log
