// A sink of one's own: what a database reports, as JSON on standard output, and what to count for a dashboard.
//
//   nacre-event-sink DB
//
// The LOG in the database's directory is turned off here; without that line both are told.

#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "nacre/nacre.h"

namespace {

// Called from any thread, sometimes under locks of the database: it takes what it needs, and calls nothing of the database.
class Dashboard : public nacre::EventSink {
 public:
  void on_event(const nacre::Event& event) override {
    const std::string line = nacre::to_json(event);  // views inside an event end with the call
    const std::lock_guard lock(mutex_);
    std::printf("%s\n", line.c_str());
    counts_[event.kind]++;
    if (event.kind == nacre::EventKind::kFlushFinished || event.kind == nacre::EventKind::kCompactionFinished)
      bytes_written_ += event.bytes_out;
  }
  uint64_t count(nacre::EventKind kind) {
    const std::lock_guard lock(mutex_);
    return counts_[kind];
  }
  uint64_t bytes_written() {
    const std::lock_guard lock(mutex_);
    return bytes_written_;
  }

 private:
  std::mutex mutex_;
  std::map<nacre::EventKind, uint64_t> counts_;
  uint64_t bytes_written_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: nacre-event-sink DB\n");
    return 2;
  }
  const auto dashboard = std::make_shared<Dashboard>();
  nacre::Runtime runtime = nacre::Runtime::standard();
  runtime.events = dashboard;
  runtime.log.enabled = false;
  runtime.slow_ns = 20'000'000;  // also tell of operations that take 20 ms

  nacre::Db db = nacre::Db::open(argv[1], {}, runtime).value();
  for (int i = 0; i < 1000; i++) db.put("key" + std::to_string(i), "value").value();
  db.flush().value();
  db.compact().value();
  db.close().value();

  const uint64_t flushes = dashboard->count(nacre::EventKind::kFlushFinished);
  std::fprintf(stderr, "%llu flushes, %llu bytes of tables written, %llu slow operations\n",
               static_cast<unsigned long long>(flushes), static_cast<unsigned long long>(dashboard->bytes_written()),
               static_cast<unsigned long long>(dashboard->count(nacre::EventKind::kSlowOperation)));
  return flushes != 0 && dashboard->count(nacre::EventKind::kClosed) == 1 ? 0 : 1;
}
