#include "sim/faults.h"

#include "base/assert.h"

namespace nacre::sim {

const char* to_string(IoKind kind) {
  static constexpr const char* kNames[] = {"open directory", "open",   "create", "create mapped",  "open mapped",
                                           "rename",         "remove", "list",   "sync directory", "lock",
                                           "read",           "write",  "sync",   "sync mapped",    "store"};
  return kNames[static_cast<size_t>(kind)];
}

const char* to_string(FaultEffect effect) {
  static constexpr const char* kNames[] = {
      "none", "error",     "short",           "flip", "misdirect", "lie", "stall", "read-only from here",
      "rot",  "power cut", "power cut after", "kill", "kill after"};
  return kNames[static_cast<size_t>(effect)];
}

std::span<const int32_t> errors_of(IoKind kind) {
  static constexpr int32_t kDevice[] = {EIO};
  static constexpr int32_t kOpen[] = {EIO, EMFILE, ENFILE, EACCES, ENOMEM};
  static constexpr int32_t kCreate[] = {EIO, ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE, EACCES, ENOMEM};
  static constexpr int32_t kLock[] = {EIO, EROFS, EMFILE, ENFILE, EACCES, ENOLCK};
  static constexpr int32_t kChange[] = {EIO, ENOSPC, EDQUOT, EROFS};
  static constexpr int32_t kRemove[] = {EIO, EROFS, EACCES};
  static constexpr int32_t kSync[] = {EIO, ENOSPC, EDQUOT, EROFS, EINTR};
  switch (kind) {
    case IoKind::kOpenDirectory:
    case IoKind::kOpenRead:
    case IoKind::kOpenMapped:
    case IoKind::kList: return kOpen;
    case IoKind::kCreate:
    case IoKind::kCreateMapped: return kCreate;
    case IoKind::kLock: return kLock;
    case IoKind::kRename:
    case IoKind::kWrite: return kChange;
    case IoKind::kRemove: return kRemove;
    case IoKind::kSyncDirectory:
    case IoKind::kSyncFile:
    case IoKind::kSyncMapped: return kSync;
    case IoKind::kRead:
    case IoKind::kStore:
    case IoKind::kCount: break;
  }
  return kDevice;
}

IoKinds kinds_of(FaultEffect effect) {
  switch (effect) {
    case FaultEffect::kShort: return kReads | kWrites;
    case FaultEffect::kFlip: return kReads;
    case FaultEffect::kMisdirect: return kWrites;
    case FaultEffect::kLie: return kSyncs;
    case FaultEffect::kStall:
    case FaultEffect::kRot: return kEveryIo & ~only(IoKind::kStore);
    default: return kEveryIo;
  }
}

void Faults::plan(PlannedFault fault) {
  fault.kinds &= kinds_of(fault.effect);
  NACRE_CHECK(fault.kinds != 0 && fault.nth > 0);
  plans_.push_back({fault});
}

void Faults::clear() {
  plans_.clear();
  rates_ = FaultRates{};
}

Fate Faults::next(IoKind kind) {
  ++all_sites_;
  ++sites_[static_cast<size_t>(kind)];
  Fate fate;
  for (Planned& planned : plans_) {
    const PlannedFault& fault = planned.fault;
    if ((fault.kinds & only(kind)) == 0) continue;
    ++planned.seen;
    const bool hit = planned.seen == fault.nth || (fault.for_good && planned.seen > fault.nth);
    if (hit && fate.effect == FaultEffect::kNone) {
      fate = {fault.effect, error_number(kind, fault.error_number), fault.profile, fault.subset};
    }
  }
  if (fate.effect == FaultEffect::kNone) fate = at_random(kind);
  ++injected_[static_cast<size_t>(fate.effect)];
  return fate;
}

int32_t Faults::error_number(IoKind kind, int32_t asked) {
  if (asked != kAnyError) return asked;
  const auto errors = errors_of(kind);
  return errors[prng_.below(errors.size())];
}

Fate Faults::at_random(IoKind kind) {
  const auto hit = [&](uint32_t one_in) { return one_in != 0 && prng_.one_in(one_in); };
  const auto with = [&](FaultEffect effect) {
    return Fate{.effect = effect, .error_number = error_number(kind, rates_.error_number)};
  };
  if (kind != IoKind::kStore) {
    if (hit(rates_.stall)) return with(FaultEffect::kStall);
    if (hit(rates_.rot)) return with(FaultEffect::kRot);
  }
  switch (kind) {
    case IoKind::kRead:
      if (hit(rates_.read_error)) return with(FaultEffect::kError);
      if (hit(rates_.read_short)) return with(FaultEffect::kShort);
      if (hit(rates_.read_flip)) return with(FaultEffect::kFlip);
      break;
    case IoKind::kWrite:
      if (hit(rates_.write_error)) return with(FaultEffect::kError);
      if (hit(rates_.write_short)) return with(FaultEffect::kShort);
      if (hit(rates_.write_misdirected)) return with(FaultEffect::kMisdirect);
      break;
    case IoKind::kSyncFile:
    case IoKind::kSyncMapped:
    case IoKind::kSyncDirectory:
      if (hit(rates_.sync_error)) return with(FaultEffect::kError);
      if (hit(rates_.sync_lie)) return with(FaultEffect::kLie);
      break;
    case IoKind::kStore:
      if (hit(rates_.store_damage)) return with(FaultEffect::kError);
      break;
    default:
      if (hit(rates_.name_error)) return with(FaultEffect::kError);
      break;
  }
  return {};
}

}  // namespace nacre::sim
