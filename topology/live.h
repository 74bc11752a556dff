#pragma once

#include "runtime/base/environment.h"
#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// The node this process runs on, as far as its cpuset and affinity let it see: NUMA nodes and their CPUs, allowed CPUs,
// memory, host name. GPUs are not looked for yet. Takes about 2 ms. Never fails: what cannot be learned is left out,
// with a warning.
Machine discover_machine();

// What a node daemon starts from. When ATOLL_TOPOLOGY in `environment` names a file (text.h), that machine, with this
// host's name and allowed CPUs left out of account; otherwise discover_machine().
// Fails when the file cannot be read or parsed.
Result<Machine> machine_of_this_node(const Environment& environment);

}  // namespace Atoll
