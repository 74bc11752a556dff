#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "topology/machine_builder.h"

namespace Atoll {

// What a GPU of a topology file claims to be joined to.
struct NcclLink {
  LinkKind kind = LinkKind::kNvlink;
  std::string target;        // a PCI address
  std::string target_class;  // "0x068000"; "" when the file does not say
  int lanes = 0;             // at least 1
};

// A <cpu> or <pci> of the file.
struct NcclNode {
  int parent = -1;  // in NcclTree::nodes; -1 for a <cpu>
  int depth = 0;    // of a <cpu> 0
};

struct NcclGpu {
  GpuInfo info;
  int node = 0;     // the innermost <pci>, else <cpu>, that it is in
  int sm = 0;       // compute capability; 0 when unknown
  std::string gcn;  // AMD's architecture; "" for NVIDIA
  std::vector<NcclLink> links;
};

struct NcclNic {
  Nic info;
  int node = 0;
};

// A topology file of NCCL or RCCL, taken apart.
struct NcclTree {
  std::vector<NcclNode> nodes;
  std::vector<NcclGpu> gpus;  // of different numbers
  std::vector<NcclNic> nics;  // a name as often as the file has it; no plain network interfaces
};

// Reads the XML. What is odd is a warning to `machine`, which also learns of NUMA nodes and their CPUs. Errors are
// those of parse_nccl().
Result<NcclTree> read_nccl_tree(std::string_view xml, MachineBuilder& machine);

}  // namespace Atoll
