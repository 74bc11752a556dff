#include "topology/hwloc_places.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "topology/hwloc_topology.h"

namespace Atoll {

namespace {

bool is_bridge(hwloc_obj_t object, hwloc_obj_bridge_type_t upstream) {
  return object->type == HWLOC_OBJ_BRIDGE && object->attr->bridge.upstream_type == upstream;
}

// The NUMA nodes that have processors, whether those are beside other nodes too or not.
std::vector<NumaNode> as_hwloc_says(hwloc_topology_t topology) {
  std::vector<NumaNode> nodes;
  for (hwloc_obj_t node = nullptr; (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr;)
    if (CpuList cpus = to_list(node->cpuset); !cpus.empty())
      nodes.push_back({static_cast<int>(node->os_index), std::move(cpus), node->attr->numanode.local_memory});
  return nodes;
}

std::set<int> with_processors(hwloc_topology_t topology) {
  std::set<int> indices;
  for (const NumaNode& node : numa_nodes(topology)) indices.insert(node.index);
  return indices;
}

}  // namespace

bool share_processors(hwloc_topology_t topology) {
  std::set<int> seen;
  for (const NumaNode& node : as_hwloc_says(topology))
    for (const int cpu : node.cpus)
      if (!seen.insert(cpu).second) return true;
  return false;
}

std::vector<NumaNode> numa_nodes(hwloc_topology_t topology) {
  std::vector<NumaNode> nodes = as_hwloc_says(topology);
  std::sort(nodes.begin(), nodes.end(), [](const NumaNode& a, const NumaNode& b) {
    return std::pair(a.cpus.size(), a.index) < std::pair(b.cpus.size(), b.index);
  });
  std::set<int> taken;
  for (NumaNode& node : nodes) std::erase_if(node.cpus, [&](int cpu) { return !taken.insert(cpu).second; });
  std::erase_if(nodes, [](const NumaNode& node) { return node.cpus.empty(); });
  std::sort(nodes.begin(), nodes.end(), [](const NumaNode& a, const NumaNode& b) { return a.index < b.index; });
  return nodes;
}

hwloc_obj_t pci_function(hwloc_obj_t object) {
  while (object != nullptr && object->type != HWLOC_OBJ_PCI_DEVICE) object = object->parent;
  return object;
}

std::string pci_address(hwloc_obj_t function) {
  const auto& pci = function->attr->pcidev;
  char text[32];
  std::snprintf(text, sizeof text, "%04x:%02x:%02x.%01x", static_cast<unsigned>(pci.domain), pci.bus, pci.dev,
                pci.func);
  return text;
}

std::optional<int> numa_of(hwloc_topology_t topology, hwloc_obj_t object) {
  const hwloc_obj_t place = hwloc_get_non_io_ancestor_obj(topology, object);
  if (place == nullptr) return std::nullopt;
  const std::set<int> known = with_processors(topology);
  std::optional<int> numa;
  for (int index : to_list(place->nodeset)) {
    if (!known.contains(index)) continue;
    if (numa) return std::nullopt;
    numa = index;
  }
  return numa;
}

Distance distance(hwloc_obj_t function, hwloc_obj_t other) {
  std::set<hwloc_obj_t> above;
  for (hwloc_obj_t object = other; object != nullptr; object = object->parent) above.insert(object);
  int steps = 0;
  hwloc_obj_t common = function;
  for (; common != nullptr && !above.contains(common); common = common->parent) ++steps;
  if (common == nullptr) return {};
  if (is_bridge(common, HWLOC_OBJ_BRIDGE_PCI) || common->type == HWLOC_OBJ_PCI_DEVICE)
    return {Nearness::kSwitch, steps};
  return {is_bridge(common, HWLOC_OBJ_BRIDGE_HOST) ? Nearness::kHostBridge : Nearness::kElsewhere, steps};
}

std::string info_of(hwloc_obj_t object, const char* name) {
  const char* value = hwloc_obj_get_info_by_name(object, name);
  return value == nullptr ? "" : value;
}

}  // namespace Atoll
