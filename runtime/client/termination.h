#pragma once

namespace Atoll {

// SIGTERM ends a worker, but not within UCX: a process that is ended while it writes to another's queue in shared
// memory leaves that queue blocked for good.

// From now on SIGTERM makes `wake_fd`, an eventfd, readable, and end_if_terminated() end the process. It was blocked.
void accept_termination(int wake_fd);

// From now on SIGTERM makes `notify_fd`, an eventfd that stays open, readable as well, and ends the process only after
// release_termination(): what the process looks after ends first. One at a time.
void hold_termination(int notify_fd);
void release_termination();
// Whether SIGTERM has come.
bool termination_came();

// Whether it has come, and nobody holds it up.
bool must_terminate();

// Ends the process by SIGTERM if that has come, and is not held up. Called in a round of the I/O, where nobody else uses UCX.
void end_if_terminated();

}  // namespace Atoll
