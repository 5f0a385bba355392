#include "bench/report/environment.h"

#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "bench/measure/ticks.h"

namespace bench {

namespace {

// What follows the colon of the first line that begins with `name`.
std::string field_of(const char* path, const std::string& name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(name)) continue;
    const size_t colon = line.find_first_of(":=");
    const size_t begin = line.find_first_not_of(" \t\"", colon + 1);
    const size_t end = line.find_last_not_of(" \t\"");
    if (colon != std::string::npos && begin != std::string::npos) return line.substr(begin, end - begin + 1);
  }
  return "unknown";
}

// The type of the file system that a path lies on, from the longest mount point that begins it.
std::string file_system_of(const std::string& path) {
  std::error_code ignored;
  const std::string absolute = std::filesystem::weakly_canonical(path, ignored).string() + "/";
  std::ifstream mounts("/proc/self/mounts");
  std::string type = "unknown";
  size_t longest = 0;
  for (std::string device, point, kind, rest; mounts >> device >> point >> kind && std::getline(mounts, rest);) {
    const std::string prefix = point == "/" ? point : point + "/";
    if (absolute.starts_with(prefix) && prefix.size() >= longest) {
      longest = prefix.size();
      type = kind;
    }
  }
  return type;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
  return text;
}

}  // namespace

nlohmann::ordered_json environment(const Settings& settings, const std::string& command) {
  utsname system{};
  uname(&system);
  const auto memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return {
      {"date", today()},
      {"processor", field_of("/proc/cpuinfo", "model name")},
      {"cores", sysconf(_SC_NPROCESSORS_ONLN)},
      {"memory", memory},
      {"kernel", std::string(system.sysname) + " " + system.release},
      {"distribution", field_of("/etc/os-release", "PRETTY_NAME")},
      {"file_system", file_system_of(settings.directory)},
      {"compiler", __VERSION__},
      {"checks",
#ifdef NDEBUG
       "off"
#else
       "on: these figures say nothing"
#endif
      },
      {"timing_ns", timing_ns()},
      {"command", command},
      {"n", settings.n},
      {"key_bytes", settings.key.size_bytes},
      {"key_prefix_bytes", settings.key.prefix_bytes},
      {"value_bytes", settings.value.mean_bytes},
      {"memory_budget", settings.memory_bytes},
      {"threads", settings.threads},
      {"seed", settings.seed},
  };
}

}  // namespace bench
