// Weather: which errors a boot's surroundings may cause. Every other error that a living process meets is a bug.
//
// Written from docs/PROMISES.md: what a caller may be told, and what it then may conclude.
#pragma once

#include "nacre/error.h"
#include "sim/faults.h"

namespace nacre::sim {

enum class Call : uint8_t { kOpen, kRead, kWrite, kWork, kClose };  // kWork: flush, compact, settle, sync, check
const char* to_string(Call call);

struct Weather {
  bool io = false;           // calls of the system fail
  bool syncs = false;        // a sync, or the memory of the mapped log, may fail
  bool space = false;        // the device or the quota is full now and then
  bool read_only = false;    // the file system is read-only now and then
  bool short_reads = false;  // files look shorter than they are
  bool damage = false;       // bytes are not what was written
  bool stopped = false;      // writes have stopped, said an event

  void add(const FaultRates& rates);
  bool permits(Call call, const Error& error) const;
  bool fair() const { return !io && !syncs && !space && !read_only && !short_reads && !damage; }
  bool may_stop_writes() const { return io || syncs || read_only || damage || short_reads; }
};

}  // namespace nacre::sim
