#pragma once

namespace Atoll {

// SIGTERM ends a worker, but not within UCX: a process that is ended while it writes to another's queue in shared
// memory leaves that queue blocked for good.

// From now on SIGTERM makes `wake_fd`, an eventfd, readable, and end_if_terminated() end the process. It was blocked.
void accept_termination(int wake_fd);

// Ends the process by SIGTERM if that has come. Called in a round of the I/O, where nobody else uses UCX.
void end_if_terminated();

}  // namespace Atoll
