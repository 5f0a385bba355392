// top: a running database, live.

#include <cstdio>
#include <cstdlib>

#include "cli/command.h"
#include "cli/full_screen.h"
#include "cli/terminal.h"
#include "cli/top_screen.h"
#include "cli/watch.h"

namespace nacre::cli {

namespace {

constexpr int kIntervalMs = 1000;

ScreenOptions screen_options(const CommonOptions& common) {
  return {.columns = static_cast<size_t>(terminal_columns(stdout)),
          .ascii = !speaks_utf8(),
          .all_keyspaces = common.all_keyspaces,
          .keyspace = common.keyspace};
}

// The next of all keyspaces, then all together again.
void choose_next(const Stats& stats, ScreenOptions& options) {
  const auto& all = stats.keyspaces;
  size_t next = 0;
  if (!options.all_keyspaces) {
    while (next < all.size() && all[next].name != options.keyspace) next++;
    next++;
  }
  options.all_keyspaces = next >= all.size();
  if (!options.all_keyspaces) options.keyspace = all[next].name;
}

class Top {
 public:
  explicit Top(const CommonOptions& common) : common_(common), options_(screen_options(common)) {}

  // Snapshots one below the other: `count` of them, 0: until the output is closed.
  int print(uint64_t count) {
    for (uint64_t i = 0; count == 0 || i < count; i++) {
      if (i != 0) clock_.sleep_ns(kIntervalMs * uint64_t{1'000'000});
      if (const auto looked = look(); !looked) return fail(common_.database, looked.error());
      if (common_.json) {
        std::printf("%s\n", to_json(watch_.now(), clock_.wall_ns()).c_str());
      } else {
        if (i != 0) std::printf("\n");
        for (const std::string& line : draw_screen(common_.database, watch_, options_))
          std::printf("%s\n", line.c_str());
      }
      if (std::fflush(stdout) != 0) return kFailure;
    }
    return kSuccess;
  }

  int live() {
    if (const auto looked = look(); !looked) return fail(common_.database, looked.error());
    options_.interactive = true;
    options_.colours = std::getenv("NO_COLOR") == nullptr;
    Result<void> looked;
    {
      FullScreen terminal;
      while (looked) {
        options_.columns = static_cast<size_t>(terminal_columns(stdout));
        terminal.show(draw_screen(common_.database, watch_, options_));
        char key = 0;
        switch (terminal.wait(kIntervalMs, &key)) {
          case FullScreen::Event::kEnd: return kSuccess;
          case FullScreen::Event::kResized: break;
          case FullScreen::Event::kKey:
            if (key == 'q' || key == 'Q') return kSuccess;
            if (key == 'p') options_.paused = !options_.paused;
            if (key == 'k') choose_next(watch_.now().stats, options_);
            break;
          case FullScreen::Event::kTime:
            if (!options_.paused) looked = look();
            break;
        }
      }
    }
    return fail(common_.database, looked.error());
  }

 private:
  Result<void> look() {
    auto published = read_published_stats(common_.database);
    if (!published) return published.error();
    if (common_.json && !options_.all_keyspaces) {
      std::erase_if(published->stats.keyspaces,
                    [this](const KeyspaceStats& keyspace) { return keyspace.name != options_.keyspace; });
    }
    watch_.look(*std::move(published), clock_.wall_ns());
    return {};
  }
  const CommonOptions& common_;
  Clock& clock_ = *Runtime::standard().clock;
  ScreenOptions options_;
  Watch watch_;
};

}  // namespace

int run_top(const CommonOptions& common, const TopArguments& arguments) {
  Top top(common);
  if (arguments.once) return top.print(1);
  if (arguments.count) return top.print(*arguments.count);
  if (common.json || !FullScreen::is_there()) return top.print(0);
  return top.live();
}

}  // namespace nacre::cli
