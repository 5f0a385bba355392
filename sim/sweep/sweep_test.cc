// The sweeps' own machinery: the ledger allows what the promises allow and nothing else, and planted bugs are seen.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sim/sweep/patient.h"
#include "sim/sweep/story.h"
#include "sim/sweep/sweep.h"

namespace nacre::sim {
namespace {

LedgerEntry put(const std::string& key, const std::string& value, Durability durability = Durability::kOs) {
  return {.durability = durability, .changes = {{.keyspace = "default", .key = key, .value = value}}};
}

DatabaseContent shows(KeyspaceContent content) { return {{"default", std::move(content)}}; }

TEST(Ledger, APowerCutMayTakeATailButNotWhatWasSynced) {
  Ledger ledger;
  ledger.begin(put("a", "1", Durability::kDisk));
  ledger.acknowledged();
  ledger.begin(put("b", "2"));
  ledger.acknowledged();
  EXPECT_EQ(ledger.check_found(shows({{"a", "1"}, {"b", "2"}}), Loss::kPower), "");
  EXPECT_EQ(ledger.check_found(shows({{"a", "1"}}), Loss::kPower), "");
  EXPECT_NE(ledger.check_found(shows({{"a", "1"}}), Loss::kProcess), "");
  EXPECT_NE(ledger.check_found(shows({{"b", "2"}}), Loss::kPower), "");
  EXPECT_NE(ledger.check_found(shows({}), Loss::kPower), "");
  EXPECT_NE(ledger.check_found(shows({{"a", "1"}, {"c", "3"}}), Loss::kPower), "");
}

TEST(Ledger, AWriteInDoubtIsInOrOutAndAnOpenDecides) {
  Ledger ledger;
  ledger.begin(put("a", "1"));
  ledger.in_doubt();
  EXPECT_EQ(ledger.check_live(shows({})), "");
  EXPECT_EQ(ledger.check_found(shows({{"a", "1"}}), Loss::kProcess), "");
  EXPECT_EQ(ledger.check_opened(shows({}), Loss::kProcess), "");
  EXPECT_NE(ledger.check_found(shows({{"a", "1"}}), Loss::kPower), "");
}

TEST(Ledger, ARefusedWriteIsWhollyAbsent) {
  Ledger ledger;
  ledger.begin(put("a", "1"));
  ledger.refused();
  EXPECT_NE(ledger.check_live(shows({{"a", "1"}})), "");
}

TEST(Ledger, ACreationOrDropIsDurableAndSoIsAllBeforeIt) {
  for (const Loss loss : {Loss::kProcess, Loss::kPower}) {
    Ledger ledger;
    ledger.begin(put("a", "1", Durability::kMemory));
    ledger.acknowledged();
    ledger.begin({.kind = LedgerEntry::Kind::kCreate, .keyspace = "k"});
    EXPECT_EQ(ledger.check_found(shows({}), loss), "");
    EXPECT_EQ(ledger.check_found(shows({{"a", "1"}}), loss), "");
    EXPECT_NE(ledger.check_found({{"default", {}}, {"k", {}}}, loss), "") << "it has outlived what was before it";
    ledger.acknowledged();
    EXPECT_EQ(ledger.check_found({{"default", {{"a", "1"}}}, {"k", {}}}, loss), "");
    EXPECT_NE(ledger.check_found({{"default", {}}, {"k", {}}}, loss), "") << "it has outlived what was before it";
    EXPECT_NE(ledger.check_found(shows({{"a", "1"}}), loss), "") << "it was lost";
    ledger.begin({.kind = LedgerEntry::Kind::kDrop, .keyspace = "k"});
    ledger.acknowledged();
    EXPECT_EQ(ledger.check_found(shows({{"a", "1"}}), loss), "");
    EXPECT_NE(ledger.check_found(shows({}), loss), "");
    EXPECT_NE(ledger.check_found({{"default", {{"a", "1"}}}, {"k", {}}}, loss), "") << "it was undone";
  }
}

// The options and steps of many drawn scripts, as words.
std::map<std::string, uint64_t> words_of(const Script& script) {
  std::map<std::string, uint64_t> words;
  const auto note = [&](const char* what, auto value) { words[what + std::to_string(static_cast<uint64_t>(value))]++; };
  const auto note_keyspace = [&](const KeyspaceOptions& options) {
    note("compression ", options.compression);
    note("bottom compression ", options.bottom_compression);
    note("shape ", options.shape);
    note("filter ", options.filter_bits_per_key);
    note("block ", options.block_bytes);
  };
  note("memtable ", script.options.memtable);
  note("row cache ", script.options.row_cache_percent);
  note_keyspace(script.options.keyspace);
  for (const ScriptLife& life : script.lives) {
    note("killed ", life.killed);
    for (const ScriptStep& step : life.steps) {
      note("step ", step.kind);
      if (step.kind == ScriptStep::Kind::kWrite) note("durability ", step.durability);
      if (step.kind == ScriptStep::Kind::kCreate) note_keyspace(step.options);
      for (const ScriptStep::Change& change : step.changes) note("change ", change.kind);
    }
  }
  return words;
}

TEST(Scripts, DrawnOnesComeByEveryOptionAndStep) {
  std::map<std::string, uint64_t> all;
  for (uint64_t number = 1; number <= 60; number++) {
    for (const auto& [word, count] : words_of(Script::make(number, ScriptKind::kWhole))) all[word] += count;
  }
  std::map<std::string, uint64_t> kinds;  // how many different ones
  for (const auto& [word, count] : all) kinds[word.substr(0, word.rfind(' '))]++;
  const std::map<std::string, uint64_t> expected = {
      {"step", 11},  {"durability", 3}, {"change", 3}, {"compression", 3}, {"bottom compression", 3}, {"shape", 3},
      {"filter", 3}, {"block", 3},      {"killed", 2}, {"memtable", 2},    {"row cache", 2}};
  EXPECT_EQ(kinds, expected);
}

TEST(Scripts, AreToldToTheirEndAndAlwaysAlike) {
  for (uint64_t number = 0; number <= 8; number++) {
    std::string first;
    for (int round = 0; round < 2; round++) {
      const Script script = Script::make(number, ScriptKind::kWhole);
      Ledger ledger;
      Simulation sim(1, plain_world());
      const auto result = sim.run([&] { Story(sim, sim.disk(), script, ledger).tell(); });
      EXPECT_EQ(result.report, "") << "script " << number;
      const std::string trace = std::to_string(result.trace_hash) + " " + std::to_string(sim.disk().durable_hash());
      if (round == 0) first = trace;
      EXPECT_EQ(trace, first) << "script " << number;
    }
  }
}

// Tells the story on a disk with this fault for good, cuts the power at an I/O, and opens again.
std::string cut_on_a_bad_disk(PlannedFault fault, uint64_t at) {
  Simulation sim(1, plain_world());
  fault.for_good = true;
  sim.disk().faults().plan(fault);
  sim.disk().faults().plan({.nth = at, .effect = FaultEffect::kPowerCut, .profile = CrashProfile::kNothing});
  const Script script = Script::make(0, ScriptKind::kWhole);
  const auto result = sim.run([&] {
    Ledger ledger;
    Story story(sim, sim.disk(), script, ledger);
    story.tell();
    sim.disk().faults().clear();
    if (!sim.disk().is_on()) sim.disk().restart();
    story.tell_the_end(Loss::kPower);
  });
  return result.ending == sync::Ending::kDone ? "" : result.report;
}

TEST(Sweeps, ADiskThatIgnoresSyncsOfTheLogIsFound) {
  const PlannedFault lie{.kinds = only(IoKind::kSyncMapped), .effect = FaultEffect::kLie};
  uint64_t found = 0;
  for (uint64_t at = 60; at < 500; at += 20) found += cut_on_a_bad_disk(lie, at).empty() ? 0 : 1;
  EXPECT_GT(found, 5U);
}

TEST(Sweeps, ADiskThatReadsWrongBitsIsFound) {
  EXPECT_NE(cut_on_a_bad_disk({.kinds = kReads, .effect = FaultEffect::kFlip}, 600), "");
}

TEST(Sweeps, AHonestDiskIsNotBlamed) {
  for (uint64_t at = 50; at < 500; at += 50) {
    const PlannedFault none{.nth = 1'000'000, .kinds = kReads};
    EXPECT_EQ(cut_on_a_bad_disk(none, at), "");
  }
}

// Examines a sound database as if it should show something else.
std::string examined(const std::function<void(Patient&)>& change, const std::function<void(SimDisk&)>& damage = {}) {
  Patient patient = Patient::make("closed", Script::make(0, ScriptKind::kSmall), 1, true);
  change(patient);
  const auto disk = SimDisk::create({.latency_ns_min = 0, .latency_ns_max = 0});
  disk->restore(patient.image);
  if (damage) damage(*disk);
  std::string failure;
  Simulation sim(1, plain_world());
  const auto result = sim.run([&] {
    Examination examination(sim, patient);
    examination.examine(*disk, Access::kReadOnly);
    failure = examination.failure();
  });
  EXPECT_EQ(result.report, "");
  return failure;
}

TEST(Sweeps, AnExaminationSeesAnAnswerThatIsNotRight) {
  EXPECT_EQ(examined([](Patient&) {}), "");
  const auto went_back_in_time = [](Patient& patient) { patient.image = patient.youth[patient.youth.size() / 2]; };
  EXPECT_NE(examined(went_back_in_time), "");
  const auto another_database = [](Patient& patient) {
    patient.image = Patient::make("live log", Script::make(0, ScriptKind::kWhole)).image;
  };
  EXPECT_NE(examined(another_database), "");
}

TEST(Sweeps, AnExaminationWantsDamageToBeCalledSo) {
  const auto no_change = [](Patient&) {};
  EXPECT_NE(examined(no_change, [](SimDisk& disk) { disk.faults().plan({.nth = 12, .for_good = true}); }), "")
      << "kIo is not the name of damage";
}

}  // namespace
}  // namespace nacre::sim
