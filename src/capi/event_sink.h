// CallingSink: an event sink that calls a function of C.
//
// Thread safety: that of the function. Ownership: shared by the Runtime of the database; the context is the caller's.
#pragma once

#include "nacre/c.h"
#include "nacre/events.h"

namespace nacre::capi {

class CallingSink final : public EventSink {
 public:
  CallingSink(nacre_event_fn call, void* context) : call_(call), context_(context) {}
  void on_event(const Event& event) noexcept override;

 private:
  const nacre_event_fn call_;
  void* const context_;
};

}  // namespace nacre::capi
