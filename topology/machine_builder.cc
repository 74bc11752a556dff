#include "topology/machine_builder.h"

namespace Atoll {

namespace {
constexpr std::size_t kMaxWarnings = 100;
constexpr int kNobody = -1;
constexpr int kDoubtful = -2;
}  // namespace

void MachineBuilder::warn(std::string sentence) {
  if (warnings_.size() < kMaxWarnings)
    warnings_.push_back(std::move(sentence));
  else
    ++more_warnings_;
}

bool MachineBuilder::add_gpu(GpuInfo gpu) {
  const int index = gpu.index;
  return gpus_.emplace(index, std::move(gpu)).second;
}

GpuInfo* MachineBuilder::gpu(int index) {
  const auto found = gpus_.find(index);
  return found == gpus_.end() ? nullptr : &found->second;
}

void MachineBuilder::add_nic(Nic nic) {
  const std::string name = nic.name;
  const auto [at, fresh] = nics_.emplace(name, nic);
  if (fresh) return;
  if (at->second.numa != nic.numa) at->second.numa.reset();
  if (at->second.pci != nic.pci) at->second.pci.clear();
}

void MachineBuilder::add_numa(int index, const CpuList& cpus) {
  numa_[index].index = index;
  if (!cpus.empty() && static_cast<std::size_t>(cpus.back()) >= owner_.size())
    owner_.resize(static_cast<std::size_t>(cpus.back()) + 1, kNobody);
  for (const int cpu : cpus) {
    int& owner = owner_[static_cast<std::size_t>(cpu)];
    owner = owner == kNobody || owner == index ? index : kDoubtful;
  }
}

void MachineBuilder::add_link(Link link) {
  if (link.lanes <= 0 || link.a == link.b || gpu(link.a) == nullptr || gpu(link.b) == nullptr) return;
  if (link.a > link.b) std::swap(link.a, link.b);
  links_.emplace(std::pair(link.a, link.b), link);
}

void MachineBuilder::give_out_cpus() {
  bool doubtful = false;
  for (std::size_t cpu = 0; cpu < owner_.size(); ++cpu) {
    if (owner_[cpu] >= 0) numa_[owner_[cpu]].cpus.push_back(static_cast<int>(cpu));
    doubtful |= owner_[cpu] == kDoubtful;
  }
  if (doubtful) warn("some CPUs are said to be beside several NUMA nodes; they are left out");
}

Machine MachineBuilder::finish() && {
  for (const auto& [index, gpu] : gpus_)
    if (gpu.numa) add_numa(*gpu.numa);
  for (const auto& [name, nic] : nics_)
    if (nic.numa) add_numa(*nic.numa);
  give_out_cpus();

  Machine machine;
  machine.synthetic = true;
  machine.fabric = std::move(fabric_);
  for (auto& [index, gpu] : gpus_) machine.gpus.push_back(std::move(gpu));
  for (auto& [name, nic] : nics_) machine.nics.push_back(std::move(nic));
  for (const auto& [pair, link] : links_) machine.links.push_back(link);
  for (auto& [index, node] : numa_) {
    machine.cpus = unite(machine.cpus, node.cpus);
    machine.numa.push_back(std::move(node));
  }
  machine.warnings = std::move(warnings_);
  if (more_warnings_ > 0) machine.warnings.push_back("and " + std::to_string(more_warnings_) + " warnings more");
  return machine;
}

}  // namespace Atoll
