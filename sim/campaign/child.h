// Child: a process that runs a function and says things to its parent. Whatever happens in it, the parent goes on.
//
//     Child child([&](const Child::Say& say) { say("words"); });
//     while (child.listen(timeout_ms)) for (const std::string& message : child.heard()) ...
//     Child::End end = child.end();
//
// It is a fork, so it begins with all that the parent has in memory. What it prints to stderr is kept, not shown: its last
// words. It dies with its parent, and of SIGPROF when it has used its share of processor time since its last
// limit_this(): that is how endless loops end, however busy the machine is.
//
// Thread safety: none; the parent must have one thread. Ownership: the child is killed and reaped by the destructor.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nacre/bytes.h"

namespace nacre::sim {

class Child {
 public:
  using Say = std::function<void(Bytes message)>;  // for the child's part; whole or not at all

  struct End {
    bool clean = false;   // the function returned
    bool hung = false;    // out of processor time, or killed by the parent
    std::string words;    // not clean: how it ended, and what it printed to stderr last
    uint64_t cpu_ns = 0;  // its own, and of children that it waited for
  };

  explicit Child(const std::function<void(const Say&)>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // --- for the parent
  // To be polled for reading; listen() then takes what is there.
  int descriptor() const { return pipe_; }
  // Waits up to `timeout_ms` (-1: for ever) for messages and takes them. False: the child has closed its end.
  bool listen(int timeout_ms);
  // The messages since the last call.
  std::vector<std::string> heard();
  std::chrono::steady_clock::duration silence() const { return std::chrono::steady_clock::now() - last_word_; }
  void kill();
  // Waits for it. Once.
  End end();

  // --- for the child
  // It dies unless it calls this again before it has used so much more processor time; 0: no limit. And forgets what it printed
  // to stderr so far.
  static void limit_this(std::chrono::milliseconds cpu);

 private:
  [[noreturn]] void be_the_child(const std::function<void(const Say&)>& body, int pipe);
  std::string last_words() const;

  pid_t pid_ = -1;
  int pipe_ = -1;
  int words_ = -1;  // a file in memory: the child's stderr
  bool killed_ = false;
  std::string received_;  // the beginning of a message
  std::chrono::steady_clock::time_point last_word_;
  std::vector<std::string> heard_;
};

}  // namespace nacre::sim
