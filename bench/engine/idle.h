// Watches for the end of an engine's background work where the engine cannot be asked.
#pragma once

#include <functional>

namespace bench {

// Returns when `busy` has answered no, and the process has used hardly any processor time, for a fifth of a second; returns
// how long that was.
double wait_until_idle(const std::function<bool()>& busy);

}  // namespace bench
