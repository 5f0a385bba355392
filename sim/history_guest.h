// Guest: a thread that makes, uses and drops a keyspace, and writes down what it was told, as clients do (history/client.h).
//
// Guests share the newest handle. Each goes on with its own for a while, though the keyspace may have been dropped and made
// anew: then every answer must be kNotFound. Batches also change keys of the keyspaces that stay.
//
// Thread safety: simulated threads only; all guests of a boot share a House.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/history/client.h"

namespace nacre::sim {

// The keyspace that comes and goes. Its keys follow those that stay, its existence follows them.
struct GuestHouse {
  history::Key first_key = 0;
  uint32_t keys = 0;
  // The newest handle, if one is known, with what it is of: together, since letting go of a handle lets others run.
  struct Lodging {
    Keyspace keyspace;
    history::Version incarnation;
  };
  std::shared_ptr<const Lodging> newest;

  history::Key existence() const { return first_key + keys; }
};
inline constexpr const char* kGuestKeyspace = "guest";

class Guest {
 public:
  // It writes versions from `versions` on, which nobody else may.
  Guest(const history::Stage& stage, GuestHouse& house, uint32_t thread, uint64_t seed, history::Version versions)
      : stage_(stage), house_(house), thread_(thread), prng_(seed), next_version_(versions) {}

  // False if it need not go on: the process is dead.
  bool step();
  std::vector<history::Operation> finish() { return std::move(operations_); }

 private:
  history::Operation begin(history::Kind kind) const;
  void settle(history::Operation operation, const Result<void>& result, const char* what);
  void keep_refusal(history::Operation operation, history::KeyVersion seen);
  void come();
  void go();
  void write();
  void read();

  const history::Stage& stage_;
  GuestHouse& house_;
  const uint32_t thread_;
  base::Prng prng_;
  history::Version next_version_;
  std::shared_ptr<const GuestHouse::Lodging> mine_;
  std::vector<history::Operation> operations_;
};

}  // namespace nacre::sim
