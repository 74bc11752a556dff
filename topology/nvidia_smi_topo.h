#pragma once

#include <map>
#include <set>

#include "topology/machine_builder.h"
#include "topology/nvidia_smi_matrix.h"

namespace Atoll {

// What other parts of the text say of GPUs, by index.
struct SmiKnown {
  std::map<int, GpuInfo> gpus;
  std::set<int> off_fabric;  // cannot use their fabric
};

// Adds what a matrix of `nvidia-smi topo -m` says: GPUs, their NUMA nodes and nearest NICs, and the links.
//
// A cell NV# is # lanes. A pair is joined if both its cells say so, or the one that is there; of unequal lanes the
// fewer count. A GPU whose lanes to all peers are more than its generation has (18 if that is unknown, 36 if one pair
// has more than 18) can only be on a switch, and with it all GPUs that it reaches. Nothing is concluded about pairs
// that the text does not show. NICs: all of the best class of PIX, PXB, PHB and NODE.
// A GPU that cannot use its fabric has no links through a switch.
void add_smi_topo(const SmiMatrix& matrix, const SmiKnown& known, MachineBuilder& machine);

// Adds what a matrix of `nvidia-smi topo -p2p` says: GPUs without links.
void add_smi_p2p(const SmiMatrix& matrix, const SmiKnown& known, MachineBuilder& machine);

}  // namespace Atoll
