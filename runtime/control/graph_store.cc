#include "runtime/control/graph_store.h"

#include "runtime/wire/node_graph.h"

namespace Atoll {

NodePlace GraphStore::place_of(const NodeInfo& info) {
  NodePlace place{nullptr, info.fabric, info.switches, info.labels};
  if (!info.gpu_capacity.empty()) place.graph = intern(graph_of(info));
  return place;
}

std::shared_ptr<const GpuGraph> GraphStore::intern(GpuGraph graph) {
  for (const auto& known : graphs_)
    if (*known == graph) return known;
  return graphs_.emplace_back(std::make_shared<const GpuGraph>(std::move(graph)));
}

}  // namespace Atoll
