// FullScreen: the whole screen of a person's terminal, and his keys; given back as it was at the end, however the end comes.
//
// Ctrl-C, SIGTERM and SIGHUP do not end the process while one is alive: wait() tells of them. Ctrl-Z gives the screen back
// until the process goes on.
//
// Thread safety: none; one at a time.
#pragma once

#include <termios.h>

#include <string>
#include <vector>

namespace nacre::cli {

class FullScreen {
 public:
  // Whether standard input and output are terminals.
  static bool is_there();
  static size_t rows();

  FullScreen();
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  void show(const std::vector<std::string>& lines);

  enum class Event { kTime, kKey, kResized, kEnd };
  // Until a key is pressed (in `key`), the terminal has another size, the process shall end, or the time is over.
  Event wait(int milliseconds, char* key);

 private:
  void enter();
  void leave();

  termios saved_{};
};

}  // namespace nacre::cli
