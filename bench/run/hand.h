// Hand: carries out single operations through a session: prepare, act, check. What a worker does in its loop.
//
// Thread safety: none.
#pragma once

#include "bench/run/worker.h"

namespace bench {

class Hand {
 public:
  Hand(const Stage& stage, Tally& tally);

  void open(Durability durability) { session_ = stage_.store.session(durability); }
  void prepare(const Operation& operation);  // keys and values; no call of the engine
  void act(const Operation& operation);
  void check(const Operation& operation);  // and counts; ends the process if the answer is wrong

 private:
  void prepare_value(const Operation& operation);
  void check_scan(const Operation& operation);
  void check_get(const Operation& operation, bool there);
  void wrote(uint64_t entries, uint64_t bytes);
  void read(uint64_t entries, uint64_t bytes);
  [[noreturn]] void wrong(const char* what, uint64_t number, uint64_t got, uint64_t wanted) const;

  const Stage& stage_;
  Tally& tally_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Cursor> cursor_;
  KeyBuffer keys_;
  std::vector<std::string_view> key_views_;
  std::vector<std::string> value_buffers_;
  std::vector<Change> changes_;
  std::string_view key_;
  std::string_view end_key_;
  std::string_view value_;
  std::optional<std::string_view> got_;
  Seen seen_;
};

}  // namespace bench
