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

// How two GPUs are joined beyond PCI.
enum class LinkKind : std::uint8_t { kNvlink, kXgmi };

// What joins two GPUs, all of it together. Only links that work are links.
struct Link {
  int a = 0, b = 0;  // GPU indices, a < b
  LinkKind kind = LinkKind::kNvlink;
  bool via_switch = false;  // through NVSwitch, visible or not
  int lanes = 0;            // direct links; through a switch the smaller side's
  double gbps = 0;          // GB/s in one direction, all lanes together (link_speed.h)
  friend bool operator==(const Link&, const Link&) = default;
};

// A network interface that a GPU can send through: InfiniBand, RoCE, EFA, Slingshot.
struct Nic {
  std::string name;         // "mlx5_0"
  std::string pci;          // "" when unknown
  std::optional<int> numa;  // the NumaNode it hangs on
  friend bool operator==(const Nic&, const Nic&) = default;
};

// The NVLink fabric that the node's GPUs take part in beyond the node (NVL72).
struct Fabric {
  std::string uuid;  // of the cluster of GPUs; never all zero
  std::uint32_t clique = 0;
  bool usable = false;  // completed, successful and healthy on every GPU, and one and the same
  friend bool operator==(const Fabric&, const Fabric&) = default;
};

// A memory domain and the processors beside it, allowed or not.
struct NumaNode {
  int index = 0;  // the operating system's number; may be sparse
  CpuList cpus;
  std::uint64_t memory = 0;  // bytes; 0 when unknown
  friend bool operator==(const NumaNode&, const NumaNode&) = default;
};

// A node as a value. It comes from the live node (live.h) or from a file (source.h), and holds what this process may
// use: GPUs that the device cgroup hides and CPUs outside the cpuset are not part of it.
struct Machine {
  std::string name;
  std::vector<GpuInfo> gpus;  // by ascending index, each once
  std::vector<Link> links;    // by a, then b; each pair at most once, of GPUs above
  std::vector<Nic> nics;      // by name, each once
  std::optional<Fabric> fabric;
  std::vector<NumaNode> numa;         // by ascending index, each once; no CPU in two
  CpuList cpus;                       // the allowed ones: cpuset and affinity
  std::uint64_t memory = 0;           // bytes: the RAM, or the tightest cgroup limit if that is less
  bool cpus_set_by_slurm = false;     // the cpuset is one that Slurm made for this job
  bool synthetic = false;             // read from a file: nothing can be bound to its CPUs
  std::vector<std::string> warnings;  // what was odd, a sentence each
  friend bool operator==(const Machine&, const Machine&) = default;
};

// Finds by index; nullptr when there is none.
const GpuInfo* find_gpu(const Machine& machine, int index);
const NumaNode* find_numa(const Machine& machine, int index);

// The machine with these of its GPUs only, and what is left of it for them: links between them, all NICs, and the
// fabric unless none of its GPUs is left. GPUs that the machine does not know exactly so are added, without links. For
// a process that may use no others.
Machine restrict_to(const Machine& machine, const std::vector<GpuInfo>& gpus);

// 64 bits that two machines of the same make have in common: it covers NUMA nodes, CPUs, of each GPU its index, model
// and NUMA node, and the links, but no name, UUID or PCI address. Stable between builds.
std::uint64_t digest(const Machine& machine);

}  // namespace Atoll
