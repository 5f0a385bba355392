#include "sim/engine/weather.h"

#include <cerrno>

namespace nacre::sim {

const char* to_string(Call call) {
  static constexpr const char* kNames[] = {"an open", "a read", "a write", "background work", "a close"};
  return kNames[static_cast<size_t>(call)];
}

void Weather::add(const FaultRates& rates) {
  const bool any = rates.error_number == kAnyError;
  const bool no_room = rates.error_number == ENOSPC || rates.error_number == EDQUOT;
  const bool fails = rates.read_error != 0 || rates.write_error != 0 || rates.write_short != 0 || rates.name_error != 0;
  space |= (no_room || any) && (fails || rates.sync_error != 0);
  io |= !no_room && fails;
  syncs |= rates.sync_error != 0 || rates.store_damage != 0;
  short_reads |= rates.read_short != 0;
  damage |= rates.sync_lie != 0 || rates.write_misdirected != 0 || rates.read_flip != 0;
}

bool Weather::permits(Call call, const Error& error) const {
  switch (error.kind) {
    case ErrorKind::kIo:
      // Whoever waited for a failed sync is told kIo whatever the device said.
      return io || syncs || short_reads || (call == Call::kClose && stopped) || (call != Call::kRead && read_only) ||
             (call != Call::kRead && damage);
    case ErrorKind::kNoSpace: return space && call != Call::kRead;
    case ErrorKind::kClosed: return stopped && (call == Call::kWrite || call == Call::kWork);
    case ErrorKind::kBusy:  // memtables are full and their flush fails, or the log gets no file
      return (call == Call::kWrite || call == Call::kWork) && error.system_errno != 0 && !fair();
    case ErrorKind::kCorruption: return damage || short_reads;
    case ErrorKind::kUnsupported:
    case ErrorKind::kNotFound:
    case ErrorKind::kInvalidArgument:  // a damaged file may look like another's, or be gone
      return damage && call == Call::kOpen;
    case ErrorKind::kConflict: return false;  // the caller knows
  }
  return false;
}

}  // namespace nacre::sim
