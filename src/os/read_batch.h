// Reading many blocks at once.
//
// One io_uring submission hands all requests of a batch to the device together: its queue depth is what makes 60,000
// reads a second out of 10,700. Each thread keeps a ring of its own (no lock, and the kernel may assume a single
// submitter: SINGLE_ISSUER, DEFER_TASKRUN), made at its first batch. Rings are descriptors, so only the first 64
// threads get one. Where the kernel refuses (none, forbidden by a sandbox, no descriptor left) and for files that are
// not ours the requests are read one after the other; a kernel that does not allow rings is not asked again.
//
// Invariant: when a call returns, the kernel writes into none of the buffers any more. A ring that fails in the
// middle is first drained of what it accepted, then given up, and the rest is read the other way.
//
// Thread safety: all of it; the requests belong to the call while it runs.
#pragma once

#include <span>

#include "nacre/runtime.h"

namespace nacre::os {

// The best way there is.
void read_batch(std::span<ReadRequest> requests);

// The two ways, for the choice above and for its tests.
void read_batch_in_turn(std::span<ReadRequest> requests);
// False, with nothing done, when this thread has no ring and gets none.
bool read_batch_by_ring(std::span<ReadRequest> requests);
// Whether this thread has a ring, or would get one.
bool may_read_by_ring();

}  // namespace nacre::os
