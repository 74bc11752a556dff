#pragma once

#include "runtime/wire/node_messages.h"
#include "topology/gpu_graph.h"

namespace Atoll {

// How the node's GPUs are joined: one position for each of NodeInfo::gpu_capacity, whatever else the node says. Wires that
// join no two of them are left out.
GpuGraph graph_of(const NodeInfo& info);

}  // namespace Atoll
