#include "launcher/topo_json.h"

#include <nlohmann/json.hpp>

#include "topology/islands.h"

namespace Atoll {

namespace {

using nlohmann::ordered_json;

ordered_json gpu_json(const GpuInfo& gpu) {
  return {{"index", gpu.index},
          {"uuid", gpu.uuid},
          {"pci", gpu.pci},
          {"model", gpu.model},
          {"numa", gpu.numa ? ordered_json(*gpu.numa) : ordered_json(nullptr)},
          {"nics", gpu.nics}};
}

ordered_json link_json(const Link& link) {
  return {{"a", link.a},
          {"b", link.b},
          {"kind", link.kind == LinkKind::kXgmi ? "xgmi" : "nvlink"},
          {"via", link.via_switch ? "switch" : "direct"},
          {"lanes", link.lanes},
          {"gbps", link.gbps}};
}

ordered_json island_json(const Island& island) {
  return {
      {"kind", to_string(island.kind)}, {"gpus", island.gpus}, {"clique", island.clique}, {"uniform", island.uniform}};
}

ordered_json fabric_json(const std::optional<Fabric>& fabric) {
  if (!fabric) return nullptr;
  return {{"uuid", fabric->uuid}, {"clique", fabric->clique}, {"usable", fabric->usable}};
}

ordered_json pick_json(const TopoPick& pick) {
  return {{"gpus", pick.gpus},
          {"order", pick.order},
          {"islands", pick.islands},
          {"total_gbps", pick.total_gbps},
          {"bottleneck_gbps", pick.bottleneck_gbps}};
}

}  // namespace

std::string topo_to_json(const Machine& machine, const std::optional<TopoPick>& pick) {
  ordered_json object;
  for (const char* key : {"gpus", "links", "islands"}) object[key] = ordered_json::array();
  for (const GpuInfo& gpu : machine.gpus) object["gpus"].push_back(gpu_json(gpu));
  for (const Link& link : machine.links) object["links"].push_back(link_json(link));
  for (const Island& island : find_islands(machine)) object["islands"].push_back(island_json(island));
  object["fabric"] = fabric_json(machine.fabric);
  object["warnings"] = machine.warnings;
  if (pick) object["pick"] = pick_json(*pick);
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace Atoll
