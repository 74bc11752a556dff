#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "topology/machine_builder.h"
#include "topology/nvidia_smi_lines.h"

namespace Atoll {

// The Fabric section of one GPU: its keys in lower case without blanks ("clusteruuid"), their values as printed.
using SmiFabric = std::map<std::string, std::string>;

// What `nvidia-smi -q` says: GPUs with uuid, pci and model, numbered from 0 in the order of the text, and their Fabric
// sections; there is a section without a GPU if only that was copied.
struct SmiQuery {
  std::vector<GpuInfo> gpus;
  std::vector<SmiFabric> fabrics;  // of each GPU, perhaps empty
};

// Whether the line begins a GPU of `nvidia-smi -q`: "GPU 00000000:1B:00.0".
bool is_smi_query(const SmiLine& line);

// Reads all GPUs of the text. GPUs in MIG mode, and fewer GPUs than the text announces, are worth a warning to
// `machine`. kInvalidArgument for more than kMaxSourceGpus.
Result<SmiQuery> read_smi_query(const std::vector<SmiLine>& lines, MachineBuilder& machine);

// The GPUs, by number, whose fabric is not ready or not healthy: their links through switches do not work.
std::set<int> smi_off_fabric(const std::vector<SmiFabric>& fabrics);

// The fabric that the GPUs take part in together, if any names a cluster. It is usable if State is Completed, Status is
// Success and Health tells of nothing worse than less bandwidth on every GPU, and all name the same cluster and clique.
// Says in a warning why it is not.
void add_smi_fabric(const std::vector<SmiFabric>& fabrics, MachineBuilder& machine);

}  // namespace Atoll
