#include "sim/engine/arrange.h"

#include <array>

#include "base/prng.h"

namespace nacre::sim {

namespace {

constexpr IoKinds kStepsOfNames = only(IoKind::kRename) | only(IoKind::kRemove) | only(IoKind::kSyncDirectory);
constexpr IoKinds kStepsOfDurability = kStepsOfNames | kSyncs;

CrashProfile crash_profile(const Plan& plan, base::Prng& prng) {
  if (plan.profile == "prefix") return CrashProfile::kPrefix;
  if (plan.profile == "torn") return CrashProfile::kTorn;
  if (plan.profile == "posix-min") return CrashProfile::kPosixMin;
  static constexpr CrashProfile kAny[] = {CrashProfile::kNothing, CrashProfile::kPrefix, CrashProfile::kTorn,
                                          CrashProfile::kPosixMin, CrashProfile::kPosixMin};
  return kAny[prng.below(5)];
}

}  // namespace

FaultRates rates_of(const Plan& plan, const Part& part) {
  base::Prng prng(part.seed);
  const auto rate = [&](uint64_t most) { return prng.one_in(2) ? static_cast<uint32_t>(100 + prng.below(most)) : 0U; };
  if (plan.profile == "lying")
    return {.write_misdirected = prng.one_in(4) ? rate(400) : 0, .sync_lie = static_cast<uint32_t>(1 + prng.below(8))};
  static constexpr int32_t kErrors[] = {kAnyError, kAnyError, kAnyError, EIO, ENOSPC, EDQUOT, EMFILE};
  FaultRates rates{.error_number = kErrors[prng.below(7)]};
  if (rates.error_number == EMFILE) {
    rates.name_error = static_cast<uint32_t>(10 + prng.below(100));
    return rates;
  }
  rates.write_error = rate(1000);
  rates.write_short = rate(1000);
  rates.sync_error = rate(2000);
  if (rates.error_number != EIO && rates.error_number != kAnyError) return rates;
  rates.read_error = rate(1000);
  rates.read_short = prng.one_in(2) ? rate(1000) : 0;
  rates.name_error = rate(1000);
  rates.stall = prng.one_in(4) ? 500 : 0;
  // Of these stores only the first to a page since its sync can fault.
  rates.store_damage = prng.one_in(3) ? static_cast<uint32_t>(10 + prng.below(100)) : 0;
  return rates;
}

PlannedFault fault_of(const Plan& plan, const Part& part) {
  base::Prng prng(part.seed);
  static constexpr FaultEffect kEnds[] = {FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter,
                                          FaultEffect::kPowerCut, FaultEffect::kPowerCutAfter,
                                          FaultEffect::kKill,     FaultEffect::kKillAfter};
  // The end comes at any I/O, or at a step of durability, or of names alone: of these there are few, and what a crash may tear
  // apart stands between two of them.
  static constexpr struct {
    IoKinds kinds;
    std::array<uint64_t, 4> reach;
  } kPlaces[] = {{kEveryIo, {30, 60, 300, 1500}},
                 {kEveryIo, {30, 60, 300, 1500}},
                 {kStepsOfDurability, {16, 40, 60, 300}},
                 {kStepsOfNames, {8, 16, 40, 100}}};
  const bool early = plan.profile == "recovery" || plan.profile == "lying";
  const auto& place = kPlaces[prng.below(4)];
  const uint64_t reach = place.reach[prng.below(early ? 2 : 4)];
  return {.nth = 1 + prng.below(reach),
          .kinds = place.kinds,
          .effect = kEnds[prng.below(6)],
          .profile = crash_profile(plan, prng)};
}

Plug plug_of(const Plan& plan, const Part& part) {
  base::Prng prng(part.seed);
  // A process that is killed leaves a log of which only the page cache has the end: what recoveries are to be cut over.
  const uint64_t one_in = plan.profile == "lying" ? 8 : plan.profile == "recovery" ? 2 : 3;
  return {.kill = prng.one_in(one_in), .profile = crash_profile(plan, prng)};
}

CloseWay close_of(const Part& part) {
  const uint64_t way = base::Prng(part.seed).below(8);
  return way < 3 ? CloseWay::kDestructor : way < 5 ? CloseWay::kBusyFirst : CloseWay::kClose;
}

const char* to_string(DamageKind kind) {
  static constexpr const char* kNames[] = {"flip a bit of", "truncate", "erase", "swap", "zero a sector of"};
  return kNames[static_cast<size_t>(kind)];
}

DamageKind damage_of(const Part& part) {
  static constexpr DamageKind kKinds[] = {DamageKind::kFlip,  DamageKind::kFlip, DamageKind::kFlip,
                                          DamageKind::kZero,  DamageKind::kZero, DamageKind::kTruncate,
                                          DamageKind::kErase, DamageKind::kSwap};
  return kKinds[base::Prng(part.seed).below(8)];
}

}  // namespace nacre::sim
