#pragma once

#include <hwloc.h>

#include <string>
#include <vector>

#include "topology/machine.h"

namespace Atoll {

// A NIC in a loaded hwloc topology.
struct HwlocNic {
  Nic info;
  hwloc_obj_t function = nullptr;  // on PCI; never nullptr
};

// The NICs that GPUs can send through, by name: the OpenFabrics devices (InfiniBand, RoCE, EFA: mlx5_0, rdmap197s0),
// and Slingshot's network devices (hsi0, hsn0, cxi0). Plain Ethernet is none, nor is the network side of an OpenFabrics
// one.
std::vector<HwlocNic> hwloc_nics(hwloc_topology_t topology);

// The names of those NICs that are nearest to a GPU's PCI function: below a PCI switch with it; without any, below its
// host bridge; without any, on its NUMA node; else none. Nearest first, by PCI address where equally near.
std::vector<std::string> nearest_nics(const std::vector<HwlocNic>& nics, hwloc_obj_t function,
                                      const std::optional<int>& numa);

}  // namespace Atoll
