#pragma once

#include "topology/gpu_provider.h"
#include "topology/machine.h"

namespace Atoll {

// The links between the GPUs that a driver told of; GPU i of the machine is position i. LIVE-1: GPUs are joined
// directly by the lanes that both sides report; a lane that only one side reports is a warning. LIVE-2: GPUs that have
// no direct link are joined through the switch if both have lanes to one, visible or hidden (all of a node are one
// fabric), by as many as the one with fewer has. LIVE-3: no link where the driver denies peer access, to a slice of a
// GPU, to itself, or through a switch while a GPU's fabric is not completed, successful and healthy. Appends what was
// odd to `warnings`.
std::vector<Link> live_links(const LiveGpus& live, std::vector<std::string>& warnings);

// The fabric beyond the node that the GPUs take part in; none if no GPU names a cluster. Usable if it is one and the
// same for all GPUs, and completed, successful and healthy on each. Appends why not to `warnings`.
std::optional<Fabric> live_fabric(const LiveGpus& live, std::vector<std::string>& warnings);

}  // namespace Atoll
