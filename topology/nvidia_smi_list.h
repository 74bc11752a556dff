#pragma once

#include <vector>

#include "topology/machine_builder.h"
#include "topology/nvidia_smi_lines.h"

namespace Atoll {

// Whether the line is one of `nvidia-smi -L`: "GPU 0: NVIDIA H100 (UUID: GPU-…)".
bool is_smi_list(const SmiLine& line);

// The GPUs that `nvidia-smi -L` lists. Without MIG they have their own numbers. With it every MIG instance is a GPU of
// its own in place of the one that it is a part of, and they all are numbered anew in the order of the text, with a
// warning to `machine`. kInvalidArgument for a number above 4095 or twice, and for more than kMaxSourceGpus GPUs.
Result<std::vector<GpuInfo>> read_smi_list(const std::vector<SmiLine>& lines, MachineBuilder& machine);

}  // namespace Atoll
