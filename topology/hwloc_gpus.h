#pragma once

#include <hwloc.h>

#include <vector>

#include "topology/machine.h"

namespace Atoll {

// A GPU in a loaded hwloc topology.
struct HwlocGpu {
  GpuInfo info;
  hwloc_obj_t device = nullptr;    // the operating system's device, or `function` without one
  hwloc_obj_t function = nullptr;  // on PCI; never nullptr
};

// The GPUs of a topology that was loaded with devices, by index; GPU-1: the devices nvmlN or else rsmiN of a PCI
// function are its GPUs (an MI300 may be split into several), or else it is one GPU, if it has a device cudaN or
// openclXdY or is NVIDIA's or AMD's display, 3D or accelerator function. nvmlN, rsmiN and cudaN have the index N, the
// others the lowest that is left, in PCI order. A UUID that is zero or that several GPUs have is left out. NICs are
// not filled in.
std::vector<HwlocGpu> hwloc_gpus(hwloc_topology_t topology);

}  // namespace Atoll
