// The parts of a plan in words.
#include <cstdio>

#include "sim/engine/arrange.h"
#include "sim/engine/plan.h"

namespace nacre::sim {

namespace {

std::string thread_name(uint32_t thread) {
  if (thread < kWriters) return "writer " + std::to_string(thread);
  if (thread == kLord) return "lord";
  if (thread < kHousekeeper) return "reader " + std::to_string(thread - kFirstReader);
  if (thread == kHousekeeper) return "housekeeper";
  if (thread == kRestlessThread) return "restless housekeeper";
  return thread == kPlugThread ? "plug" : "before";
}

const char* to_string(Durability durability) {
  static constexpr const char* kNames[] = {"memory", "os", "disk"};
  return kNames[static_cast<size_t>(durability)];
}

std::string to_string(const Change& change) {
  static constexpr const char* kNames[] = {"put", "erase", "erase_range"};
  std::string text = std::string(kNames[static_cast<size_t>(change.kind)]) + " " + keyspace_name(change.keyspace) +
                     (change.area == kCommonArea ? " common " : " ") + std::to_string(change.slot);
  if (change.kind == Change::Kind::kPut) text += " (" + std::to_string(change.bytes) + " bytes)";
  if (change.kind == Change::Kind::kEraseRange) text += ".." + std::to_string(change.end_slot);
  return text;
}

std::string to_string(const FaultRates& rates) {
  std::string text = "one in so many fails, errno " +
                     (rates.error_number == kAnyError ? "any" : std::to_string(rates.error_number)) + ":";
  const auto add = [&](const char* name, uint32_t one_in) {
    if (one_in != 0) text += std::string(" ") + name + " " + std::to_string(one_in);
  };
  add("read", rates.read_error);
  add("read-short", rates.read_short);
  add("write", rates.write_error);
  add("write-short", rates.write_short);
  add("misdirected", rates.write_misdirected);
  add("sync", rates.sync_error);
  add("sync-lies", rates.sync_lie);
  add("names", rates.name_error);
  add("store", rates.store_damage);
  add("stall", rates.stall);
  return text;
}

std::string detail(const Plan& plan, const Part& part) {
  static constexpr const char* kWays[] = {"close()", "the destructor", "close(), refused at first"};
  switch (part.kind) {
    case PartKind::kRates: return to_string(rates_of(plan, part));
    case PartKind::kFault: {
      const PlannedFault fault = fault_of(plan, part);
      const bool any = fault.kinds == kEveryIo;
      const bool file = (fault.kinds & only(IoKind::kSyncFile)) != 0;
      const char* const of = any ? " at I/O " : file ? " at sync or name " : " at name ";
      return std::string(sim::to_string(fault.effect)) + of + std::to_string(fault.nth) + ", " +
             sim::to_string(fault.profile);
    }
    case PartKind::kPlug: {
      const Plug plug = plug_of(plan, part);
      return plug.kill ? "kill" : std::string("power cut, ") + sim::to_string(plug.profile);
    }
    case PartKind::kClose: return kWays[static_cast<size_t>(close_of(part))];
    case PartKind::kDamage: return std::string(sim::to_string(damage_of(part))) + " a file";
    default: break;
  }
  std::string text;
  for (const Change& change : changes_of(part)) text += (text.empty() ? "" : ", ") + to_string(change);
  return text;
}

}  // namespace

const char* to_string(PartKind kind) {
  static constexpr const char* kNames[] = {
      "put",      "erase",     "erase_range", "batch", "blast",  "shared",        "count",    "roll",      "pair",
      "get",      "multi_get", "scan",        "look",  "hold",   "look back",     "toggle",   "names",     "flush",
      "compact",  "settle",    "sync",        "check", "stats",  "second opener", "capacity", "read-only", "plug",
      "restless", "rates",     "fault",       "peek",  "damage", "flips",         "stranger", "close"};
  static_assert(std::size(kNames) == static_cast<size_t>(PartKind::kCountOfKinds));
  return kNames[static_cast<size_t>(kind)];
}

std::string to_line(const Plan& plan, const Part& part) {
  std::string line =
      "boot " + std::to_string(part.boot) + ", " + thread_name(part.thread) + ": " + to_string(part.kind);
  if (part.thread <= kLord && part.kind <= PartKind::kPair) line += std::string(" ") + to_string(part.durability);
  if (const std::string more = detail(plan, part); !more.empty()) line += ": " + more;
  if (part.nap_ns != 0) {
    char nap[48];
    std::snprintf(nap, sizeof nap, " [after %.3f ms]", static_cast<double>(part.nap_ns) / 1e6);
    line += nap;
  }
  return line;
}

}  // namespace nacre::sim
