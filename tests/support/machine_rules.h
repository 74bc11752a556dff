#pragma once

#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "runtime/base/check.h"
#include "topology/islands.h"

namespace Atoll::testing {

// Ends the program unless the machine keeps every rule of machine.h, and its islands are a partition of its GPUs.
inline void check_rules(const Machine& machine) {
  const auto ascending = [](const auto& things, const auto& less) {
    for (std::size_t i = 1; i < things.size(); ++i) ATOLL_CHECK(less(things[i - 1], things[i]), i, things.size());
  };
  ATOLL_CHECK(machine.synthetic);
  ascending(machine.gpus, [](const GpuInfo& a, const GpuInfo& b) { return a.index < b.index; });
  ascending(machine.numa, [](const NumaNode& a, const NumaNode& b) { return a.index < b.index; });
  ascending(machine.nics, [](const Nic& a, const Nic& b) { return a.name < b.name; });
  ascending(machine.links, [](const Link& a, const Link& b) { return std::pair(a.a, a.b) < std::pair(b.a, b.b); });

  std::set<int> gpus, numa, cpus;
  for (const NumaNode& node : machine.numa) {
    numa.insert(node.index);
    for (const int cpu : node.cpus) ATOLL_CHECK(cpus.insert(cpu).second, cpu, node.index);
  }
  for (const Nic& nic : machine.nics) {
    ATOLL_CHECK(!nic.name.empty());
    ATOLL_CHECK(!nic.numa || numa.contains(*nic.numa), nic.name);
  }
  for (const GpuInfo& gpu : machine.gpus) {
    gpus.insert(gpu.index);
    ATOLL_CHECK(gpu.index >= 0, gpu.index);
    ATOLL_CHECK(!gpu.numa || numa.contains(*gpu.numa), gpu.index);
  }
  for (const Link& link : machine.links) {
    ATOLL_CHECK(link.a < link.b && gpus.contains(link.a) && gpus.contains(link.b), link.a, link.b);
    ATOLL_CHECK(link.lanes > 0, link.a, link.b, link.lanes);
    ATOLL_CHECK(std::isfinite(link.gbps) && link.gbps > 0, link.a, link.b, link.gbps);
  }
  if (machine.fabric) ATOLL_CHECK(machine.fabric->uuid.find_first_not_of("0-") != std::string::npos);

  std::set<int> in_islands;
  for (const Island& island : find_islands(machine))
    for (const int gpu : island.gpus) ATOLL_CHECK(in_islands.insert(gpu).second, gpu);
  ATOLL_CHECK(in_islands == gpus, in_islands.size(), gpus.size());
}

// Ends the program unless every NIC of a GPU is one of the machine.
inline void check_nics(const Machine& machine) {
  std::set<std::string> nics;
  for (const Nic& nic : machine.nics) nics.insert(nic.name);
  for (const GpuInfo& gpu : machine.gpus)
    for (const std::string& nic : gpu.nics) ATOLL_CHECK(nics.contains(nic), gpu.index, nic);
}

}  // namespace Atoll::testing
