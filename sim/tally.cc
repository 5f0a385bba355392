#include "sim/tally.h"

namespace nacre::sim {

void Tally::count(std::string_view name, uint64_t how_many) {
  const auto found = counts_.find(name);
  if (found != counts_.end()) {
    found->second += how_many;
  } else {
    counts_.emplace(name, how_many);
  }
}

void Tally::crash_state(uint64_t hash) {
  ++tried_;
  states_.insert(hash);
}

void Tally::add(const Tally& other) {
  for (const auto& [name, how_many] : other.counts_) count(name, how_many);
  states_.insert(other.states_.begin(), other.states_.end());
  tried_ += other.tried_;
}

uint64_t Tally::of(std::string_view name) const {
  const auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

void Tally::append_to(std::string& out) const {
  base::append_varint(out, counts_.size());
  for (const auto& [name, how_many] : counts_) {
    base::append_sized(out, name);
    base::append_varint(out, how_many);
  }
  base::append_varint(out, tried_);
  base::append_varint(out, states_.size());
  for (const uint64_t state : states_) base::append_fixed(out, state);
}

Tally Tally::read_from(base::Decoder& in) {
  Tally tally;
  for (uint64_t i = in.varint(); i > 0 && in.ok(); --i) {
    const Bytes name = in.sized();
    tally.count(name, in.varint());
  }
  tally.tried_ = in.varint();
  for (uint64_t i = in.varint(); i > 0 && in.ok(); --i) tally.states_.insert(in.fixed<uint64_t>());
  return tally;
}

Tally& tally() {
  static Tally process;
  return process;
}

}  // namespace nacre::sim
