#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "topology/cpus.h"

namespace Atoll {

// One GPU of a node.
struct GpuInfo {
  int index = 0;                  // as its source numbers it; for live NVIDIA GPUs in PCI order
  std::string uuid;               // "GPU-…", "MIG-…"; "" when unknown
  std::string pci;                // "0000:1b:00.0"; "" when unknown
  std::string model;              // "" when unknown
  std::optional<int> numa;        // the NumaNode it hangs on
  std::vector<std::string> nics;  // the nearest NICs, nearest first
  friend bool operator==(const GpuInfo&, const GpuInfo&) = default;
};

// A memory domain and the processors beside it, allowed or not.
struct NumaNode {
  int index = 0;  // the operating system's number; may be sparse
  CpuList cpus;
  std::uint64_t memory = 0;  // bytes; 0 when unknown
  friend bool operator==(const NumaNode&, const NumaNode&) = default;
};

// A node as a value. It comes from the live node (live.h) or from a text (text.h), and holds what this process may use:
// GPUs that the device cgroup hides and CPUs outside the cpuset are not part of it.
struct Machine {
  std::string name;
  std::vector<GpuInfo> gpus;          // by ascending index, each once
  std::vector<NumaNode> numa;         // by ascending index, each once
  CpuList cpus;                       // the allowed ones: cpuset and affinity
  std::uint64_t memory = 0;           // bytes: the RAM, or the tightest cgroup limit if that is less
  bool cpus_set_by_slurm = false;     // the cpuset is one that Slurm made for this job
  bool synthetic = false;             // read from a text: nothing can be bound to its CPUs
  std::vector<std::string> warnings;  // what was odd, a sentence each
  friend bool operator==(const Machine&, const Machine&) = default;
};

// Finds by index; nullptr when there is none.
const GpuInfo* find_gpu(const Machine& machine, int index);
const NumaNode* find_numa(const Machine& machine, int index);

// 64 bits that two machines of the same make have in common: it covers NUMA nodes, CPUs, and of each GPU its index,
// model and NUMA node, but no name, UUID or PCI address. Stable between builds.
std::uint64_t digest(const Machine& machine);

}  // namespace Atoll
