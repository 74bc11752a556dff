#pragma once

#include "runtime/client/work_queue.h"

namespace Atoll {

// The worker's main: never returns. `daemon` hears when an actor leaves.
[[noreturn]] void run_worker(ClientRuntime& runtime, WorkQueue& queue, const std::string& node, ProcessId daemon);

}  // namespace Atoll
