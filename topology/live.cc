#include "topology/live.h"

#include <unistd.h>

#include <algorithm>

#include "topology/cgroup.h"
#include "topology/hwloc_topology.h"
#include "topology/text.h"

namespace Atoll {

namespace {

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

std::uint64_t ram_bytes() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) : 0;
}

std::vector<NumaNode> numa_nodes(hwloc_topology_t topology) {
  std::vector<NumaNode> nodes;
  for (hwloc_obj_t node = nullptr; (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr;)
    nodes.push_back({static_cast<int>(node->os_index), to_list(node->cpuset), node->attr->numanode.local_memory});
  std::sort(nodes.begin(), nodes.end(), [](const NumaNode& a, const NumaNode& b) { return a.index < b.index; });
  return nodes;
}

// The cpuset, less what an affinity mask takes away.
CpuList allowed_cpus(hwloc_topology_t topology) {
  const CpuList allowed = to_list(hwloc_topology_get_allowed_cpuset(topology));
  HwlocSet affinity;
  if (!hwloc_topology_is_thissystem(topology) ||
      hwloc_get_cpubind(topology, affinity.get(), HWLOC_CPUBIND_PROCESS) != 0)
    return allowed;
  return intersect(allowed, to_list(affinity.get()));
}

void discover_cpus(Machine& machine, bool in_slurm_group) {
  const Result<HwlocTopology> topology = HwlocTopology::load();
  if (!topology.ok()) {
    for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); ++cpu) machine.cpus.push_back(cpu);
    machine.warnings.push_back(topology.status().message() + "; its NUMA nodes are unknown");
    return;
  }
  machine.numa = numa_nodes(topology->get());
  machine.cpus = allowed_cpus(topology->get());
  machine.synthetic = !hwloc_topology_is_thissystem(topology->get());
  const CpuList present = to_list(hwloc_topology_get_complete_cpuset(topology->get()));
  machine.cpus_set_by_slurm = in_slurm_group && machine.cpus.size() < present.size();
}

}  // namespace

Machine discover_machine() {
  const CgroupLimits limits = read_cgroup_limits();
  Machine machine;
  machine.name = host_name();
  machine.memory = ram_bytes();
  if (limits.memory != 0) machine.memory = std::min(machine.memory, limits.memory);
  discover_cpus(machine, limits.slurm);
  return machine;
}

Result<Machine> machine_of_this_node(const Environment& environment) {
  const std::string& path = lookup(environment, "ATOLL_TOPOLOGY");
  if (path.empty()) return discover_machine();
  Result<Machine> machine = load_machine(path);
  if (!machine.ok()) return machine.status().prefixed("ATOLL_TOPOLOGY");
  machine->name = host_name();
  if (machine->cpus.empty()) machine->cpus = discover_machine().cpus;
  if (machine->memory == 0) machine->memory = ram_bytes();
  return machine;
}

}  // namespace Atoll
