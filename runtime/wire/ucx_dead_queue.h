#pragma once

#include <sys/types.h>

#include <set>

namespace Atoll {

// Empties the message queues of the processes `dead` that UCX has mapped into
// this process, and returns how many there were. It looks at all of our mappings:
// call it once for many.
//
// UCX flushes a shared-memory endpoint before it lets go of it, and waits for
// that for ever if the process died with its queue full: the memory stays, and
// ucp_worker_arm() says busy from then on, so that we would never sleep again.
// UCX 1.11 to 1.21 (uct_mm_ep_flush) know no way out, so we move the queue's tail
// as its dead owner would have. Call it only for processes that have ended; what
// does not look like such a queue is left alone.
int empty_dead_queues(const std::set<pid_t>& dead);

}  // namespace Atoll
