#include "sim/campaign/seed_run.h"

#include <malloc.h>

#include <cstdlib>

#include "base/assert.h"
#include "base/prng.h"
#include "sim/campaign/child.h"
#include "sim/probes.h"

namespace nacre::sim {

namespace {

// Leaves holes of many sizes in the heap, and has malloc fill what it gives and takes from now on: what depends on an address or
// on memory that nobody wrote goes another way.
void change_the_heap(uint64_t seed) {
  ::mallopt(M_PERTURB, 0xA5);
  base::Prng prng(seed);
  std::vector<void*> blocks;
  for (int i = 0; i < 4096; ++i) blocks.push_back(std::malloc(16 + prng.below(2048)));
  for (void* block : blocks) {
    if (prng.one_in(2)) std::free(block);  // the others stay: this process ends soon
  }
}

Outcome in_child(const Trial& trial, std::chrono::milliseconds hung_after, bool other_heap) {
  Child child([&](const Child::Say& say) {
    Child::limit_this(hung_after);
    if (other_heap) change_the_heap(trial.seed);
    say(encode_record(trial.run_twice ? run_gated(trial, hung_after) : Record{.outcome = run_once(trial)}));
  });
  const auto patience = hung_after * kSilentFactor;
  while (child.listen(1000)) {
    if (child.silence() > patience) child.kill();
  }
  const std::vector<std::string> said = child.heard();
  const Child::End end = child.end();
  if (end.clean && said.size() == 1) return decode_record(said.front()).outcome;
  return died(trial.seed, end.hung, end.words);
}

std::vector<std::pair<uint64_t, uint64_t>> take_probe_hits() {
  std::vector<std::pair<uint64_t, uint64_t>> hits;
  for (size_t i = 0; i < probes().size(); ++i) {
    if (probes()[i]->hits() != 0) hits.emplace_back(i, probes()[i]->hits());
    probes()[i]->forget();
  }
  return hits;
}

}  // namespace

Record run_gated(const Trial& trial, std::chrono::milliseconds hung_after) {
  tally() = {};
  take_probe_hits();
  Record record{.outcome = run_once(trial)};
  record.tally = std::exchange(tally(), {});
  record.probe_hits = take_probe_hits();
  if (!trial.run_twice || !record.outcome.passed()) return record;
  Trial again = trial;
  again.run_twice = false;
  const Outcome second = in_child(again, hung_after, true);
  if (second.passed() && second.result.trace_hash == record.outcome.result.trace_hash) return record;
  record.outcome.verdict = Verdict::kNondeterministic;
  record.outcome.result.report =
      "it depends on more than the seed; the second run, in a heap of another shape: " + to_string(second) + "\n" +
      second.result.report;
  return record;
}

Outcome run_in_child(const Trial& trial, std::chrono::milliseconds hung_after) {
  return in_child(trial, hung_after, false);
}

std::string encode_record(const Record& record) {
  std::string message;
  append_outcome(message, record.outcome);
  record.tally.append_to(message);
  base::append_varint(message, record.probe_hits.size());
  for (const auto& [probe, hits] : record.probe_hits) {
    base::append_varint(message, probe);
    base::append_varint(message, hits);
  }
  return message;
}

Record decode_record(Bytes message) {
  base::Decoder in(message);
  Record record{.outcome = read_outcome(in), .tally = Tally::read_from(in)};
  for (uint64_t i = in.varint(); i > 0; --i) {
    const uint64_t probe = in.varint();
    record.probe_hits.emplace_back(probe, in.varint());
  }
  NACRE_CHECK(in.ok() && in.at_end());
  return record;
}

}  // namespace nacre::sim
