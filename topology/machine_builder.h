#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "topology/machine.h"

namespace Atoll {

// Makes a Machine that keeps the rules of machine.h out of what a description says, in whatever order and however often
// it says it. For the readers of foreign formats; a value, no I/O.
class MachineBuilder {
 public:
  // Says that something was odd. After 100 warnings only their number is kept.
  void warn(std::string sentence);

  // False, and nothing happens, if there is a GPU of this index already.
  bool add_gpu(GpuInfo gpu);
  GpuInfo* gpu(int index);
  std::size_t gpus() const { return gpus_.size(); }

  // A NIC that is added again in another place is one of unknown place.
  void add_nic(Nic nic);

  // The NUMA node exists and has these CPUs, among others. CPUs that two nodes claim belong to neither.
  void add_numa(int index, const CpuList& cpus = {});

  // A link of two of the GPUs. A pair without lanes, a GPU with itself and a pair that has a link are left alone.
  void add_link(Link link);

  void set_fabric(Fabric fabric) { fabric_ = std::move(fabric); }

  // The machine: synthetic, its CPUs those of the NUMA nodes. NUMA nodes that GPUs and NICs name are added.
  Machine finish() &&;

 private:
  void give_out_cpus();

  std::map<int, GpuInfo> gpus_;
  std::map<std::string, Nic> nics_;
  std::map<int, NumaNode> numa_;
  std::vector<int> owner_;  // of each CPU: a NUMA node, or kNobody or kDoubtful
  std::map<std::pair<int, int>, Link> links_;
  std::optional<Fabric> fabric_;
  std::vector<std::string> warnings_;
  std::size_t more_warnings_ = 0;
};

}  // namespace Atoll
