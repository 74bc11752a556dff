#pragma once

#include "runtime/base/environment.h"
#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// The node this process runs on, as far as its cpuset, affinity and device cgroup let it see: NUMA nodes and their
// CPUs, allowed CPUs, memory, host name; and where a GPU driver is present, GPUs, links, fabric and NICs. NVIDIA's GPUs
// are those that NVML tells of (nvml.h; ATOLL_NVML in `environment` names another library than libnvidia-ml.so.1 and
// makes it be asked in any case), or if it fails those that hwloc shows; AMD's are those that hwloc shows. Takes about
// 2 ms, with a GPU driver 10 and what NVML takes. Never fails: what cannot be learned is left out, with a warning.
Machine discover_machine(const Environment& environment = {});

// What a node daemon starts from. When ATOLL_TOPOLOGY in `environment` names a file (source.h), that machine, with this
// host's name and allowed CPUs left out of account; otherwise discover_machine().
// Fails when the file cannot be read or parsed.
Result<Machine> machine_of_this_node(const Environment& environment);

}  // namespace Atoll
