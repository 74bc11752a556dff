#include "runtime/node/node_description.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace Atoll {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream words(text);
  for (std::string part; std::getline(words, part, separator);) parts.push_back(part);
  return parts;
}

}  // namespace

GpuRecord record_of(const GpuInfo& gpu) {
  return {gpu.index, gpu.uuid, gpu.model, gpu.numa.value_or(-1), gpu.nics};
}

void describe_wires(const Machine& machine, const NodeGrant& grant, NodeInfo& info) {
  std::map<int, std::int32_t> place;  // by GPU index
  std::set<int> numa;
  for (std::size_t i = 0; i < grant.gpus.size(); ++i) {
    place.emplace(grant.gpus[i].index, static_cast<std::int32_t>(i));
    if (grant.gpus[i].numa) numa.insert(*grant.gpus[i].numa);
  }
  for (const Link& link : machine.links) {
    const auto a = place.find(link.a), b = place.find(link.b);
    if (a != place.end() && b != place.end()) info.wires.push_back({a->second, b->second, link.gbps});
  }
  for (const NumaNode& node : machine.numa) {
    if (!numa.contains(node.index)) continue;
    // The CPUs of a machine that was only described cannot be granted: they are shown as they are.
    const CpuList cpus = machine.synthetic ? node.cpus : intersect(node.cpus, grant.cpu_ids);
    info.numa.push_back({node.index, {cpus.begin(), cpus.end()}});
  }
  if (machine.fabric && machine.fabric->usable)
    info.fabric = machine.fabric->uuid + "." + std::to_string(machine.fabric->clique);
}

std::vector<std::string> slurm_switches(const Environment& environment) {
  const std::vector<std::string> names = split(lookup(environment, "SLURM_TOPOLOGY_ADDR"), '.');
  const std::vector<std::string> kinds = split(lookup(environment, "SLURM_TOPOLOGY_ADDR_PATTERN"), '.');
  std::vector<std::string> switches;
  for (std::size_t i = 0; i < kinds.size() && i < names.size(); ++i)
    if (kinds[i] != "node") switches.push_back(names[i]);
  return switches;
}

void label(const Environment& environment, NodeInfo& info) {
  for (const std::string& pair : split(lookup(environment, "ATOLL_LABELS"), ',')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      info.warnings.push_back("ATOLL_LABELS: expected NAME=VALUE, not \"" + pair + "\"");
    else
      info.labels.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  info.labels.emplace("node", info.name);
  if (!info.gpus.empty() && !info.gpus.front().model.empty()) {
    std::string model = info.gpus.front().model;
    std::ranges::replace(model, ' ', '_');
    info.labels.emplace("gpu", model);
  }
  if (!info.fabric.empty()) info.labels.emplace("fabric", info.fabric);
  if (!info.switches.empty()) info.labels.emplace("switch", info.switches.back());
}

}  // namespace Atoll
