// Store, Session, Cursor: what the benchmarks ask of an engine. One adapter a file beside this one; the workloads and the
// harness know nothing else.
//
// An adapter uses the fastest calls that its engine documents for the purpose, and nothing that weakens the answer: a value
// that get() returns is read in place where the engine allows it. A failure ends the process with words (see failure.h).
//
// Thread safety: a Store's own calls, from one thread; session() from any. A Session and its cursors belong to one thread.
// Lifetime: cursors go before their session, sessions before their store.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {

enum class Durability : uint8_t {
  kNone,  // may be lost with the process
  kOs,    // survives the process
  kDisk,  // survives a power cut
};

enum class Codec : uint8_t { kNone, kFast };  // kFast: LZ4, or Snappy where the engine has no LZ4

struct OpenOptions {
  std::string directory;  // exists and is empty
  uint64_t memory_bytes = 0;
  Codec codec = Codec::kFast;
  bool ascending = false;      // keys will come in order, from one thread
  std::string engine_options;  // for rocksdb-best: "name=value;name=value"
};

// What a reader saw. Every entry's key and value are looked at, as an application would.
struct Seen {
  uint64_t entries = 0;
  uint64_t bytes = 0;
  uint64_t sum = 0;  // of the numbers in the values

  void look(std::string_view key, std::string_view value) {
    uint64_t number = 0;
    if (value.size() >= sizeof number) std::memcpy(&number, value.data(), sizeof number);
    entries++;
    bytes += key.size() + value.size();
    sum += number;
  }
};

struct Change {
  std::string_view key;
  std::string_view value;
};

// Keys in [from, to); an empty one is no bound.
struct Bounds {
  std::string_view from;
  std::string_view to;
};

class Cursor {
 public:
  virtual ~Cursor() = default;
  // Stands on the first entry at or after `key` (empty: the first of all), and looks at it and those after it, at most `limit`.
  virtual void forward(std::string_view key, uint64_t limit, Seen& seen) = 0;
  // Stands on the last entry before `key` (empty: the last of all), and looks at it and those before it, at most `limit`.
  virtual void backward(std::string_view key, uint64_t limit, Seen& seen) = 0;
};

class Session {
 public:
  virtual ~Session() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
  virtual void write(std::span<const Change> puts) = 0;  // all or nothing
  // In the engine's own way; where it has none, by a scan and erases in batches.
  virtual void erase_range(std::string_view from, std::string_view to) = 0;
  // The view lives until the session's next call.
  virtual std::optional<std::string_view> get(std::string_view key) = 0;
  // Looks at what is found. The default asks for one key after another.
  virtual void multi_get(std::span<const std::string_view> keys, Seen& seen) {
    for (const std::string_view key : keys) {
      if (const auto value = get(key)) seen.look(key, *value);
    }
  }
  // A view of now. The bounds' bytes live as long as the cursor.
  virtual std::unique_ptr<Cursor> cursor(const Bounds& bounds = {}) = 0;
};

class Store {
 public:
  virtual ~Store() = default;                // closes
  virtual std::string describe() const = 0;  // version and options, in a line
  // False: the engine cannot give this; workloads that need it are left out.
  virtual bool can(Durability) const { return true; }
  virtual std::unique_ptr<Session> session(Durability durability) = 0;
  // Writes out what is in memory and returns when background work is done. Returns the seconds at its end in which it only
  // watched that nothing more happened, for engines that cannot be asked.
  virtual double settle() = 0;
  // How long writers waited for background work since the store was opened, if the engine says so.
  virtual std::optional<double> stalled_seconds() { return std::nullopt; }
};

}  // namespace bench
