#include "nacre/runtime.h"

#include "os/posix.h"
#include "os/process.h"

namespace nacre {

namespace os {

namespace {

class DroppingSink final : public EventSink {
 public:
  void on_event(const Event&) override {}
};

}  // namespace

std::shared_ptr<EventSink> dropping_sink() {
  static const auto* instance = new std::shared_ptr<EventSink>(std::make_shared<DroppingSink>());
  return *instance;
}

}  // namespace os

const Runtime& Runtime::standard() {
  // Per process: a forked child has none of the executor's threads.
  static constinit os::PerProcess<Runtime> runtime;
  return runtime.get([] {
    return Runtime{.file_system = os::posix_file_system(),
                   .clock = os::posix_clock(),
                   .executor = os::make_executor(os::usable_cores()),
                   .events = os::dropping_sink()};
  });
}

}  // namespace nacre
