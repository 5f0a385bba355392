// NoTrouble: an event sink for tests in which nothing may go wrong. An event of an error fails the test that runs. NACRE_TEST_EVENTS=1 prints
// all events.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "nacre/events.h"
#include "nacre/runtime.h"

namespace nacre::tests {

class NoTrouble : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (std::getenv("NACRE_TEST_EVENTS") != nullptr) std::printf("%s\n", to_string(event).c_str());
    if (event.severity == Severity::kError) ADD_FAILURE() << "the database reports: " << to_string(event);
  }
};

// The standard runtime, reporting to a NoTrouble.
inline Runtime untroubled_runtime() {
  Runtime runtime = Runtime::standard();
  runtime.events = std::make_shared<NoTrouble>();
  return runtime;
}

}  // namespace nacre::tests
