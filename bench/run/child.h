// A child: this program again, for one engine, in a process of its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/run/cgroup.h"

namespace bench {

// Runs this program with `arguments`, hands each line of its standard output to `on_line`, and returns when it has ended well;
// ends this process with its exit code otherwise. `limit` may be null.
void run_child(const std::vector<std::string>& arguments, const MemoryLimit* limit,
               const std::function<void(const std::string&)>& on_line);

}  // namespace bench
