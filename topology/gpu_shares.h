#pragma once

#include <vector>

#include "topology/gpu_graph.h"

namespace Atoll {

// The GPUs of each task, as positions in a GpuGraph, each list in ring order.
using GpuShares = std::vector<std::vector<int>>;

// Each shares `gpus` (positions, ascending, at least one) among `tasks` (at least one) by rules BIND-1 and BIND-2 of
// task_binding.h; every task has as many. share_packed: BIND-3. share_spread: BIND-4. share_by_island: BIND-5, empty
// where tasks would have to have GPUs in two islands.
GpuShares share_packed(const GpuGraph& graph, const std::vector<int>& gpus, int tasks);
GpuShares share_spread(const GpuGraph& graph, const std::vector<int>& gpus, int tasks);
GpuShares share_by_island(const GpuGraph& graph, const std::vector<int>& gpus, int tasks);

}  // namespace Atoll
