// Explain: the few operations of a bad history that contradict each other, as text.
//
// It takes away whatever the contradiction does not need, and asks the checker each time whether it is still there. What is
// taken away only weakens the history, so what is left is a contradiction in its own right:
//   - an operation that only sees; a single key of what was seen;
//   - a write, if nobody left sees what it put, and it cannot be the last write before anybody who saw its key absent, or
//     there without saying which version. For take an order that explains the history and strike the write out: each
//     answer that is left still has the same last write before it.
//
// Thread safety: pure functions.
#pragma once

#include <functional>
#include <string>

#include "sim/history/history.h"

namespace nacre::history {

using KeyName = std::function<std::string(Key)>;

// Empty if the history holds.
std::string explain(const Boot& boot, const KeyName& name);
// What is left of a bad history when nothing more can be taken away.
Boot shrink(Boot boot);

}  // namespace nacre::history
