#include "runtime/wire/node_graph.h"

#include <cmath>

namespace Atoll {

GpuGraph graph_of(const NodeInfo& info) {
  std::vector<std::optional<int>> numa;
  for (const GpuRecord& gpu : info.gpus) numa.push_back(gpu.numa < 0 ? std::nullopt : std::optional<int>(gpu.numa));
  const auto known = [&info](std::int32_t gpu) { return gpu >= 0 && static_cast<std::size_t>(gpu) < info.gpus.size(); };
  std::vector<GpuGraph::Wire> wires;
  for (const WireRecord& wire : info.wires)
    if (known(wire.a) && known(wire.b) && wire.a != wire.b && std::isfinite(wire.gbps) && wire.gbps > 0)
      wires.push_back({wire.a, wire.b, wire.gbps});
  return GpuGraph(std::move(numa), wires);
}

}  // namespace Atoll
