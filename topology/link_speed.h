#pragma once

#include <string_view>

namespace Atoll {

// What one lane carries in one direction, in GB/s, as NCCL and RCCL count it (src/graph/topo.h of each): payload, not
// the wire's rate.

// Of NVLink, by compute capability (90 is 9.0): 60: 18, 70 to 80: 20, 86: 12, 90: 20.6, 100 and above: 40.1.
// 20 when it is unknown (0) or older than NVLink.
double nvlink_lane_gbps(int compute_capability);

// Of XGMI, by the name of the architecture ("gfx90a", "90a", or 910 as older RCCL writes it) or of the GPU ("MI250X"):
// MI200 36, MI300 and MI350 48, all others 24.
double xgmi_lane_gbps(std::string_view architecture_or_model);

// The compute capability of an NVIDIA GPU by its name, "NVIDIA H100 80GB HBM3" or "H100": 90. 0 for an unknown name.
int compute_capability(std::string_view model);

// The NVLink lanes that a GPU of this compute capability has in all, so that more lanes than these to all peers
// together can only be lanes to a switch: 60: 4, 70: 6, 80: 12, 86: 4, 90 and above: 18. 18 when unknown.
int nvlink_lanes(int compute_capability);

}  // namespace Atoll
