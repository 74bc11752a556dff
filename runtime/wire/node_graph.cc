#include "runtime/wire/node_graph.h"

namespace Atoll {

GpuGraph graph_of(const NodeInfo& info) {
  std::vector<std::optional<int>> numa(info.gpu_capacity.size());
  for (std::size_t i = 0; i < numa.size() && i < info.gpus.size(); ++i)
    if (info.gpus[i].numa >= 0) numa[i] = info.gpus[i].numa;
  std::vector<GpuGraph::Wire> wires;
  for (const WireRecord& wire : info.wires) wires.push_back({wire.a, wire.b, wire.gbps});
  return GpuGraph(std::move(numa), wires);
}

}  // namespace Atoll
