// Checker: is there an order of the operations that explains every answer?
//
// It decides strict serializability: each operation takes effect at one instant between its invocation and its return, and
// sees what the operations before it left. For operations on one key that is linearizability; for snapshots, cursors,
// multi-gets and transactions it is what promise 3 says of them. And it decides survival: the state that the next open
// found is that of some point of the same order, at or after everything that was acknowledged as durable.
//
// The procedure is the search of Wing and Gong ("Testing and verifying concurrent objects", JPDC 1993) in the form of
// Lowe's just-in-time linearization ("Testing for linearizability", CCPE 2017). It keeps the set of all *possibilities*: which
// of the operations in progress have taken effect, and what the store then holds. At a return those that lack the
// operation are extended, with others in progress before it if need be; those that cannot be are given up. When none is
// left, nothing explains the history. Equal possibilities are kept once; operations that only see are taken as soon as what
// they saw is there, which loses nothing, since they change nothing.
//
// Why the whole store and not key by key (P-compositionality; Horn and Kroening, FORTE 2015): reads of many keys and
// transactions tie the keys together, and with unique versions the whole state costs no more, since what branches is only the
// order of the writes that are in progress together. Why no search for cycles of dependencies (Adya; Elle, VLDB 2020): it
// needs the order of versions of a key, which readers do not see of erases and of writes that nobody read; this search
// finds that order itself. The price: the general problem is NP-complete (Gibbons and Korach, SICOMP 1997), so writes in
// progress together must be few, as those of a handful of threads are. Past a limit the answer is kUndecided, never a
// guess.
//
// Survival needs no second search, because what the next open found is known: a possibility remembers whether its state
// was that one at some point (the last such counts), and which durable operations took effect after that point. The
// acknowledgement of one of these refutes the point.
//
// Sound and complete within its limits. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/history/history.h"

namespace nacre::history {

struct Verdict {
  enum class Kind : uint8_t { kHolds, kContradiction, kUndecided };
  Kind kind = Kind::kHolds;
  // Of a contradiction: the instant from which nothing explains the history; kNever if it is only what survived.
  uint64_t at = kNever;
  size_t most_possibilities = 0;  // kept at once
};

inline constexpr size_t kMaxPossibilities = 1'000'000;

Verdict check(const Boot& boot);

}  // namespace nacre::history
