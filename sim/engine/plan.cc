#include "sim/engine/plan.h"

#include <algorithm>
#include <span>

#include "base/assert.h"
#include "base/checksum.h"
#include "base/prng.h"

namespace nacre::sim {

namespace {

struct Weight {
  PartKind kind;
  uint32_t of;
};

constexpr Weight kWriterParts[] = {{PartKind::kPut, 16},   {PartKind::kErase, 5},    {PartKind::kEraseRange, 6},
                                   {PartKind::kBatch, 25}, {PartKind::kShared, 10},  {PartKind::kCount, 6},
                                   {PartKind::kRoll, 6},   {PartKind::kPair, 4},     {PartKind::kGet, 8},
                                   {PartKind::kScan, 2},   {PartKind::kMultiGet, 2}, {PartKind::kHold, 3},
                                   {PartKind::kLook, 1},   {PartKind::kLookBack, 3}};
constexpr Weight kReaderParts[] = {{PartKind::kGet, 6},  {PartKind::kMultiGet, 4}, {PartKind::kScan, 4},
                                   {PartKind::kLook, 6}, {PartKind::kHold, 4},     {PartKind::kLookBack, 4}};
constexpr Weight kLordParts[] = {{PartKind::kToggle, 5}, {PartKind::kNames, 2}, {PartKind::kLook, 1}};
constexpr Weight kHouseParts[] = {{PartKind::kFlush, 8}, {PartKind::kCompact, 2},     {PartKind::kSettle, 2},
                                  {PartKind::kSync, 3},  {PartKind::kCheck, 2},       {PartKind::kStats, 2},
                                  {PartKind::kNames, 1}, {PartKind::kSecondOpener, 1}};

PartKind draw(std::span<const Weight> weights, base::Prng& prng) {
  uint64_t all = 0;
  for (const Weight& weight : weights) all += weight.of;
  uint64_t at = prng.below(all);
  for (const Weight& weight : weights) {
    if (at < weight.of) return weight.kind;
    at -= weight.of;
  }
  NACRE_CHECK(false);
}

// A value's size: mostly small, sometimes none, now and then larger than a block, or than any block.
uint32_t draw_bytes(base::Prng& prng) {
  switch (prng.below(16)) {
    case 0: return 0;
    case 1:
    case 2: return static_cast<uint32_t>(prng.below(40'000));
    case 3:
    case 4:
    case 5: return static_cast<uint32_t>(prng.below(4'000));
    case 6: return static_cast<uint32_t>(prng.one_in(8) ? prng.below(400'000) : prng.below(16));
    default: return static_cast<uint32_t>(16 + prng.below(100));
  }
}

class Drawing {
 public:
  Drawing(Plan& plan) : plan_(plan), prng_(plan.seed ^ 0x97a9ULL) {}

  void draw_all() {
    plan_.boots = 3 + static_cast<uint32_t>(prng_.below(4)) + 1;
    if (is("recovery")) plan_.boots += 3;
    for (KeyFamily& family : plan_.families)
      family = static_cast<KeyFamily>(prng_.below(static_cast<uint64_t>(KeyFamily::kCount)));
    for (uint32_t boot = 0; boot < plan_.boots; boot++) draw_boot(boot);
    for (uint32_t boot = 0; boot + 1 < plan_.boots; boot++) {
      if (prng_.one_in(3)) add(PartKind::kRestless, boot, kRestlessThread, 1'000'000);
    }
  }

 private:
  bool is(const char* profile) const { return plan_.profile == profile; }
  bool last(uint32_t boot) const { return boot + 1 == plan_.boots; }

  Part& add(PartKind kind, uint32_t boot, uint32_t thread, uint64_t longest_nap_ns = 0) {
    Part& part = plan_.parts.emplace_back(Part{.kind = kind, .boot = boot, .thread = thread, .seed = prng_.next()});
    static constexpr Durability kDurabilities[] = {Durability::kMemory, Durability::kOs, Durability::kOs,
                                                   Durability::kOs, Durability::kDisk};
    part.durability = kDurabilities[prng_.below(5)];
    if (longest_nap_ns != 0 && prng_.one_in(2)) part.nap_ns = prng_.below(longest_nap_ns);
    return part;
  }

  void draw_boot(uint32_t boot) {
    draw_arrangements(boot);
    const bool short_life = last(boot) || (is("recovery") && boot % 4 != 0);
    const bool heavy = !short_life && prng_.one_in(3);
    // Half of the heavy boots write to one keyspace alone, so that no other holds back the floor of the log.
    const bool narrow = heavy && base::mix64(plan_.seed, boot) % 2 == 0;
    for (uint32_t w = 0; w < kWriters; w++) draw_writer(boot, w, short_life ? 4 : 26, heavy, narrow);
    if (!last(boot)) draw_thread(boot, kLord, kLordParts, short_life ? 2 : 6, 20'000'000);
    for (uint32_t r = 0; r < kReaders; r++)
      draw_thread(boot, kFirstReader + r, kReaderParts, short_life ? 3 : 9, 20'000'000);
    draw_thread(boot, kHousekeeper, kHouseParts, short_life ? 3 : 9, 20'000'000);
    if (last(boot)) return;
    draw_weather(boot);
    draw_end(boot);
  }

  void draw_writer(uint32_t boot, uint32_t writer, uint64_t most, bool heavy, bool narrow) {
    const uint64_t count = prng_.below(most);
    for (uint64_t i = 0; i < count; i++) {
      const bool blast = heavy && prng_.one_in(4);
      Part& part = add(blast ? PartKind::kBlast : draw(kWriterParts, prng_), boot, writer, 3'000'000);
      part.narrow = narrow;
      const bool transaction = part.kind >= PartKind::kCount && part.kind <= PartKind::kPair;
      if (narrow && transaction) part.kind = PartKind::kPut;  // a transaction writes to both
    }
  }

  void draw_thread(uint32_t boot, uint32_t thread, std::span<const Weight> weights, uint64_t most,
                   uint64_t longest_nap_ns) {
    const uint64_t count = prng_.below(most + 1);
    for (uint64_t i = 0; i < count; i++) add(draw(weights, prng_), boot, thread, longest_nap_ns);
  }

  void draw_arrangements(uint32_t boot) {
    if (prng_.one_in(4)) add(PartKind::kPeek, boot, kArrangement);
    if (prng_.one_in(8)) add(PartKind::kStranger, boot, kArrangement);
    if (is("damaged") && boot != 0) {
      for (uint64_t i = 1 + prng_.below(4); i > 0; i--) add(PartKind::kDamage, boot, kArrangement);
    }
    add(PartKind::kClose, boot, kArrangement);
    if (last(boot)) return;
    if (is("faulty") || is("lying")) add(PartKind::kRates, boot, kArrangement);
    if (is("damaged") && prng_.one_in(2)) add(PartKind::kFlips, boot, kArrangement);
  }

  void draw_end(uint32_t boot) {
    if (is("calm")) return;
    const bool dies_early = is("recovery") && boot % 4 != 0;
    if (dies_early || prng_.one_in(3)) {
      add(PartKind::kFault, boot, kArrangement);
    } else if (!prng_.one_in(3)) {
      add(PartKind::kPlug, boot, kPlugThread).nap_ns = 1 + prng_.below(prng_.one_in(2) ? 5'000'000 : 200'000'000);
    }
  }

  void draw_weather(uint32_t boot) {
    if (is("full")) {
      for (uint64_t i = 2 + prng_.below(6); i > 0; i--) add(PartKind::kCapacity, boot, kPlugThread, 40'000'000);
    }
    if (is("read-only") && prng_.one_in(2)) {
      for (uint64_t i = 1 + prng_.below(3); i > 0; i--) add(PartKind::kReadOnly, boot, kPlugThread, 40'000'000);
    }
  }

  Plan& plan_;
  base::Prng prng_;
};

std::string draw_profile(uint64_t seed) {
  static constexpr struct {
    const char* name;
    uint32_t of;
  } kMix[] = {{"calm", 1},   {"prefix", 2}, {"torn", 2},      {"posix-min", 4}, {"recovery", 3},
              {"faulty", 4}, {"full", 2},   {"read-only", 1}, {"lying", 2},     {"damaged", 3}};
  base::Prng prng(seed ^ 0x313eULL);
  uint64_t at = prng.below(24);
  for (const auto& each : kMix) {
    if (at < each.of) return each.name;
    at -= each.of;
  }
  NACRE_CHECK(false);
}

}  // namespace

const std::vector<std::string>& profile_names() {
  static const std::vector<std::string> names = {"mix",    "calm", "prefix",    "torn",  "posix-min", "recovery",
                                                 "faulty", "full", "read-only", "lying", "damaged"};
  return names;
}

Plan draw_plan(uint64_t seed, const std::string& profile) {
  Plan plan{.seed = seed, .profile = profile == "mix" ? draw_profile(seed) : profile, .parts = {}};
  Drawing(plan).draw_all();
  return plan;
}

const char* keyspace_name(uint32_t keyspace) {
  static constexpr const char* kNames[] = {"default", "second", "passing", "fleeting"};
  return kNames[keyspace];
}

std::vector<Change> changes_of(const Part& part) {
  base::Prng prng(part.seed);
  std::vector<Change> changes;
  const auto add = [&](Change::Kind kind, uint32_t keyspaces) -> Change& {
    Change& change = changes.emplace_back(Change{.kind = kind});
    change.keyspace = static_cast<uint32_t>(prng.below(keyspaces));
    change.area = part.thread;
    change.slot = static_cast<uint32_t>(prng.below(kSlots));
    change.end_slot = static_cast<uint32_t>(change.slot + 1 + prng.below(prng.one_in(3) ? kSlots - change.slot : 1));
    change.bytes = draw_bytes(prng);
    if (part.narrow) change.keyspace = 0;
    return change;
  };
  const auto any_kind = [&] {
    const uint64_t way = prng.below(10);
    return way < 7 ? Change::Kind::kPut : way < 9 ? Change::Kind::kErase : Change::Kind::kEraseRange;
  };
  switch (part.kind) {
    case PartKind::kPut: add(Change::Kind::kPut, kKeyspaces); break;
    case PartKind::kErase: add(Change::Kind::kErase, kKeyspaces); break;
    case PartKind::kEraseRange: add(Change::Kind::kEraseRange, kKeyspaces); break;
    case PartKind::kBatch:
      for (uint64_t i = 1 + prng.below(7); i > 0; i--) add(any_kind(), prng.one_in(3) ? kKeyspaces : kKeptKeyspaces);
      break;
    case PartKind::kBlast:
      for (uint64_t i = 2 + prng.below(4); i > 0; i--)
        add(Change::Kind::kPut, kKeptKeyspaces).bytes = static_cast<uint32_t>(50'000 + prng.below(100'000));
      break;
    case PartKind::kShared:
      for (uint64_t i = 1 + prng.below(3); i > 0; i--) {
        Change& change = add(any_kind(), kKeptKeyspaces);
        change.area = kCommonArea;
        change.slot %= kCommonSlots;
        change.end_slot = static_cast<uint32_t>(change.slot + 1 + prng.below(kCommonSlots - change.slot));
        change.bytes = 16 + change.bytes % 300;
      }
      break;
    default: break;
  }
  return changes;
}

Options options_of(const Plan& plan, uint32_t boot) {
  base::Prng prng(plan.seed * 0x9e3779b97f4a7c15ULL + boot);
  Options options;
  options.memory_bytes = kMinMemoryBytes;
  options.memtable = prng.one_in(2) ? MemtableKind::kBTree : MemtableKind::kSkipList;
  options.row_cache_percent = prng.one_in(3) ? 10 : 0;
  options.keyspace.shape = static_cast<CompactionShape>(prng.below(3));
  options.keyspace.compression = static_cast<Compression>(prng.below(3));
  options.keyspace.bottom_compression = static_cast<Compression>(prng.below(3));
  options.keyspace.filter_bits_per_key = prng.one_in(4) ? 0 : 10;
  options.keyspace.block_bytes = prng.one_in(2) ? 1024 : 8192;
  return options;
}

// Half of the boots run in so small that a few writes fill runs of many tables, partitions and deep levels.
engine::Miniature miniature_of(const Plan& plan, uint32_t boot) {
  base::Prng prng(plan.seed * 0x9e3779b97f4a7c15ULL + boot + 0x3141);
  engine::Miniature miniature;
  if (prng.one_in(2)) return miniature;
  miniature.memtable_bytes >>= prng.below(4);
  miniature.table_bytes >>= 1 + prng.below(3);
  miniature.runs_per_level = 2 + static_cast<uint32_t>(prng.below(3));
  return miniature;
}

}  // namespace nacre::sim
