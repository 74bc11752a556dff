#pragma once

#include <optional>
#include <string>

namespace Atoll {

// A warm process is the user's program, run up to connect(). The node daemon then has workers forked from it: they need
// neither exec nor the linking of libraries. Such a worker is a child of the daemon, as one that was executed.

// Why this process cannot be forked into workers that are as if executed; nothing if it can. A thread would be missing
// in them; a descriptor (beyond 0 to 2 and `channel`) and memory that is shared and may be written would be one for
// all; CUDA and HIP do not survive a fork.
std::optional<std::string> why_unfit(int channel);

// Serves the daemon at the other end of `channel`. Returns in each worker, with what it was told
// (encode_worker_start()), its secret at the same descriptor as one that was executed, its own output, its own process
// group and SIGTERM blocked. Does not return in the warm process, which ends with the daemon or when that closes the channel.
std::string serve_forks(int channel);

}  // namespace Atoll
