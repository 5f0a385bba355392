// Interrupt: SIGINT, SIGTERM and SIGHUP as a wish to end soon. While one lives, the first such signal is noted and the next
// one ends the process at once, as does what was noted in the end: who waits for the process sees that a signal ended it.
//
// A signal that was ignored when the process began stays ignored (nohup). At most one lives at a time.
// Thread safety: one thread; the signal may come on any.
#pragma once

namespace nacre::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool noted() const;
  // Readable for good once a signal was noted: for poll().
  int wake_descriptor() const;
  // Ends the process by the signal that was noted.
  [[noreturn]] void end_process() const;
};

// While one lives, a write to a pipe that nobody reads or to a file that may not grow is an error and not the end of the
// process.
class QuietWrites {
 public:
  QuietWrites();
  ~QuietWrites();
  QuietWrites(const QuietWrites&) = delete;
  QuietWrites& operator=(const QuietWrites&) = delete;

  // Ends the process as a closed pipe would have without this. Returns if that was nothing: SIGPIPE was ignored before.
  void end_by_closed_pipe();

 private:
  bool pipe_was_ignored_ = false;
};

}  // namespace nacre::cli
