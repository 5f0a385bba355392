#include "engine/core.h"

namespace nacre::engine {

void Core::report(Event event) const {
  event.wall_ns = runtime_.clock->wall_ns();
  event.database = path_;
  runtime_.events->on_event(event);
}

}  // namespace nacre::engine
