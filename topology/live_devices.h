#pragma once

#include <hwloc.h>

#include "topology/gpu_maker.h"
#include "topology/gpu_provider.h"
#include "topology/machine.h"

namespace Atoll {

// Adds devices to a machine whose NUMA nodes are known; `topology` was loaded with devices.

// The NICs of the topology.
void add_nics(hwloc_topology_t topology, Machine& machine);

// The GPUs that a driver told of, numbered from 0 in its order, which is how CUDA numbers what a process sees; their
// links and their fabric (live_links.h). NUMA nodes and NICs are those of their PCI functions in the topology; a GPU
// that it does not show there has none. To be called first.
void add_gpus(const LiveGpus& live, hwloc_topology_t topology, Machine& machine);

// The GPUs of one maker that the topology itself shows (hwloc_gpus.h), and their links; numbered as there, or, where
// the machine has GPUs already, after these.
void add_gpus(Maker maker, hwloc_topology_t topology, Machine& machine);

}  // namespace Atoll
