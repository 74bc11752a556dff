#pragma once

#include <hwloc.h>

#include <string>
#include <vector>

#include "topology/hwloc_gpus.h"

namespace Atoll {

// The links that a topology's matrices NVLinkBandwidth and XGMIBandwidth (MB/s; hwloc/distances.h) tell of, by GPUs.
// LINK-1: two GPUs are joined if both ways between them are above zero, or if both have links to NVSwitches: those of a
// node are one fabric. A GPU with itself, and what is no GPU or NVSwitch (packages, NPUs), do not count. A way that is
// zero in one direction only is no link, and a warning; so is having two or more GPUs and no matrix.
std::vector<Link> hwloc_links(hwloc_topology_t topology, const std::vector<HwlocGpu>& gpus,
                              std::vector<std::string>& warnings);

}  // namespace Atoll
