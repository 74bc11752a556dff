#include "topology/live.h"

#include <unistd.h>

#include <algorithm>

#include "topology/cgroup.h"
#include "topology/hwloc_places.h"
#include "topology/hwloc_topology.h"
#include "topology/live_devices.h"
#include "topology/nvml.h"
#include "topology/source.h"

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

// The cpuset, less what an affinity mask takes away.
CpuList allowed_cpus(hwloc_topology_t topology) {
  const CpuList allowed = to_list(hwloc_topology_get_allowed_cpuset(topology));
  HwlocSet affinity;
  if (!hwloc_topology_is_thissystem(topology) ||
      hwloc_get_cpubind(topology, affinity.get(), HWLOC_CPUBIND_PROCESS) != 0)
    return allowed;
  return intersect(allowed, to_list(affinity.get()));
}

// What GPU drivers have put there. Without any of it this node has no GPU that could be used.
struct Drivers {
  bool nvidia = false, amd = false;
  bool any() const { return nvidia || amd; }
};

Drivers find_drivers() {
  const auto there = [](const char* path) { return access(path, F_OK) == 0; };
  return {there("/dev/nvidiactl") || there("/dev/nvidia0") || there("/dev/dxg"), there("/dev/kfd")};
}

void describe_cpus(hwloc_topology_t topology, bool in_slurm_group, Machine& machine) {
  machine.numa = numa_nodes(topology);
  machine.cpus = allowed_cpus(topology);
  machine.synthetic = !hwloc_topology_is_thissystem(topology);
  const CpuList present = to_list(hwloc_topology_get_complete_cpuset(topology));
  machine.cpus_set_by_slurm = in_slurm_group && machine.cpus.size() < present.size();
}

Result<LiveGpus> ask_nvml(const std::string& path) {
  Result<NvmlLibrary> library = NvmlLibrary::open(path.empty() ? "libnvidia-ml.so.1" : path);
  if (!library.ok()) return library.status();
  return NvmlProvider(std::move(*library)).read();
}

void describe_devices(const Drivers& drivers, const std::string& nvml, hwloc_topology_t topology, Machine& machine) {
  add_nics(topology, machine);
  if (drivers.nvidia) {
    const Result<LiveGpus> gpus = ask_nvml(nvml);
    if (gpus.ok())
      add_gpus(*gpus, topology, machine);
    else
      machine.warnings.push_back(gpus.status().message() + "; GPUs are those that hwloc shows");
    if (!gpus.ok()) add_gpus(Maker::kNvidia, topology, machine);
  }
  if (drivers.amd) add_gpus(Maker::kAmd, topology, machine);
}

void use_all_processors(const std::string& why, Machine& machine) {
  for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); ++cpu) machine.cpus.push_back(cpu);
  machine.warnings.push_back(why + "; its NUMA nodes and GPUs are unknown");
}

}  // namespace

Machine discover_machine(const Environment& environment) {
  const CgroupLimits limits = read_cgroup_limits();
  Machine machine;
  machine.name = host_name();
  machine.memory = ram_bytes();
  if (limits.memory != 0) machine.memory = std::min(machine.memory, limits.memory);
  const std::string& nvml = lookup(environment, "ATOLL_NVML");
  Drivers drivers = find_drivers();
  drivers.nvidia = drivers.nvidia || !nvml.empty();
  const Result<HwlocTopology> topology = drivers.any() ? HwlocTopology::load_with_devices() : HwlocTopology::load();
  if (!topology.ok()) {
    use_all_processors(topology.status().message(), machine);
    return machine;
  }
  describe_cpus(topology->get(), limits.slurm, machine);
  if (drivers.any()) describe_devices(drivers, nvml, topology->get(), machine);
  return machine;
}

Result<Machine> machine_of_this_node(const Environment& environment) {
  const std::string& path = lookup(environment, "ATOLL_TOPOLOGY");
  if (path.empty()) return discover_machine(environment);
  Result<Machine> machine = load_source(path);
  if (!machine.ok()) return machine.status().prefixed("ATOLL_TOPOLOGY");
  machine->name = host_name();
  if (machine->cpus.empty()) machine->cpus = discover_machine().cpus;
  if (machine->memory == 0) machine->memory = ram_bytes();
  return machine;
}

}  // namespace Atoll
