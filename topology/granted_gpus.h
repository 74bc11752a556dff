#pragma once

#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "topology/machine.h"

namespace Atoll {

// The GPUs of the machine that Slurm's and CUDA's variables name (grant.h has the rules), by ascending index. Outside
// Slurm all that are visible. Appends to `warnings` what was odd.
std::vector<GpuInfo> granted_gpus(const Environment& environment, const Machine& machine, bool in_slurm,
                                  std::vector<std::string>& warnings);

}  // namespace Atoll
