#include "topology/binding.h"

#include <hwloc.h>

#include <algorithm>
#include <cerrno>

#include "topology/gpu_environment.h"
#include "topology/hwloc_topology.h"

namespace Atoll {

namespace {

// The GPUs' NUMA nodes, ascending, each once; none if the place of any GPU is unknown.
std::vector<int> numa_of(const std::vector<GpuInfo>& gpus) {
  std::vector<int> numa;
  for (const GpuInfo& gpu : gpus) {
    if (!gpu.numa) return {};
    numa.push_back(*gpu.numa);
  }
  std::sort(numa.begin(), numa.end());
  numa.erase(std::unique(numa.begin(), numa.end()), numa.end());
  return numa;
}

std::string list(const std::vector<int>& numbers) {
  std::string text;
  for (int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

CpuList cpus_of(const Machine& machine, const std::vector<int>& numa) {
  CpuList cpus;
  for (int index : numa)
    if (const NumaNode* node = find_numa(machine, index)) cpus = unite(cpus, node->cpus);
  return cpus;
}

}  // namespace

Binding bind_worker(const Machine& machine, const NodeGrant& grant, const std::vector<GpuInfo>& gpus, Fixed cpu,
                    const Environment& set) {
  Binding binding;
  std::vector<int> numa = numa_of(gpus);
  binding.environment = visible_gpus(machine, gpus);
  binding.environment.merge(nic_hints(machine, gpus, set));
  binding.environment["OMP_NUM_THREADS"] = std::to_string(std::max<std::int64_t>(1, cpu.units() / Fixed::kScale));
  binding.environment["ATOLL_NUMA"] = list(numa);
  if (machine.synthetic || numa.empty()) return binding;
  binding.cpus = intersect(cpus_of(machine, numa), grant.cpu_ids);
  if (binding.cpus.empty())
    binding.warnings.push_back("none of the granted CPUs of " + machine.name + " (" + to_string(grant.cpu_ids) +
                               ") is in the GPUs' NUMA node " + list(numa) + ": the worker is not bound");
  else
    binding.numa = std::move(numa);
  return binding;
}

struct Binder::Topology {
  HwlocTopology hwloc;
};

Binder::Binder(std::unique_ptr<Topology> topology) : topology_(std::move(topology)) {}
Binder::Binder(Binder&&) noexcept = default;
Binder& Binder::operator=(Binder&&) noexcept = default;
Binder::~Binder() = default;

Result<Binder> Binder::open() {
  Result<HwlocTopology> hwloc = HwlocTopology::load();
  if (!hwloc.ok()) return hwloc.status();
  return Binder(std::make_unique<Topology>(Topology{std::move(*hwloc)}));
}

Status Binder::apply(const Binding& binding) const {
  const hwloc_topology_t topology = topology_->hwloc.get();
  if (!binding.cpus.empty()) {
    const HwlocSet cpus(binding.cpus);
    if (hwloc_set_cpubind(topology, cpus.get(), HWLOC_CPUBIND_PROCESS) != 0)
      return errno_status("cannot bind to CPUs " + to_string(binding.cpus), errno);
  }
  if (!binding.numa.empty()) {
    const HwlocSet numa(binding.numa);
    if (hwloc_set_membind(topology, numa.get(), HWLOC_MEMBIND_BIND, HWLOC_MEMBIND_PROCESS | HWLOC_MEMBIND_BYNODESET) !=
        0)
      return errno_status("cannot take memory from NUMA node " + list(binding.numa), errno);
  }
  return Status();
}

}  // namespace Atoll
