#include "topology/nvidia_smi.h"

#include <algorithm>

#include "topology/nvidia_smi_list.h"
#include "topology/nvidia_smi_query.h"
#include "topology/nvidia_smi_topo.h"

namespace Atoll {

namespace {

bool is_beginning(const SmiLine& line) {
  return is_smi_query(line) || is_smi_list(line) || read_smi_header(line.text).has_value();
}

bool has_fabric(const std::vector<SmiFabric>& fabrics) {
  return std::any_of(fabrics.begin(), fabrics.end(), [](const SmiFabric& fabric) { return !fabric.empty(); });
}

// What -L and -q say of the GPUs, by index. MIG instances have numbers of their own and are left out.
std::map<int, GpuInfo> known_gpus(const std::vector<GpuInfo>& listed, const std::vector<GpuInfo>& queried) {
  std::map<int, GpuInfo> known;
  const bool mig =
      std::any_of(listed.begin(), listed.end(), [](const GpuInfo& gpu) { return gpu.uuid.starts_with("MIG-"); });
  for (const GpuInfo& gpu : queried) known.emplace(gpu.index, gpu);
  if (mig) return known;
  for (const GpuInfo& gpu : listed) {
    GpuInfo& one = known.emplace(gpu.index, gpu).first->second;
    if (one.uuid.empty()) one.uuid = gpu.uuid;
    if (one.model.empty()) one.model = gpu.model;
  }
  return known;
}

// The matrix that the machine is made from: the first that tells of links, else the first.
const SmiMatrix* choose(const std::vector<SmiMatrix>& matrices, MachineBuilder& machine) {
  const SmiMatrix* chosen = nullptr;
  std::size_t topo = 0;
  for (const SmiMatrix& matrix : matrices) {
    topo += !matrix.is_p2p();
    if (chosen == nullptr || (chosen->is_p2p() && !matrix.is_p2p())) chosen = &matrix;
  }
  if (topo > 1) machine.warn("the text holds several matrices; the first is taken");
  return chosen;
}

void add_unlinked(const std::vector<GpuInfo>& gpus, const char* command, MachineBuilder& machine) {
  for (const GpuInfo& gpu : gpus) machine.add_gpu(gpu);
  machine.warn(std::string("nvidia-smi ") + command + " does not tell of links; none are known");
}

}  // namespace

bool looks_like_nvidia_smi(std::string_view text) {
  const Result<std::vector<SmiLine>> lines = read_smi_lines(text);
  return lines.ok() && std::any_of(lines->begin(), lines->end(), is_beginning);
}

Result<Machine> parse_nvidia_smi(std::string_view text) {
  MachineBuilder machine;
  const Result<std::vector<SmiLine>> lines = read_smi_lines(text);
  if (!lines.ok()) return lines.status();
  const Result<std::vector<SmiMatrix>> matrices = read_smi_matrices(*lines, machine);
  if (!matrices.ok()) return matrices.status();
  const Result<std::vector<GpuInfo>> listed = read_smi_list(*lines, machine);
  if (!listed.ok()) return listed.status();
  const Result<SmiQuery> query = read_smi_query(*lines, machine);
  if (!query.ok()) return query.status();

  const SmiKnown known{known_gpus(*listed, query->gpus), smi_off_fabric(query->fabrics)};
  if (const SmiMatrix* matrix = choose(*matrices, machine); matrix != nullptr && matrix->is_p2p())
    add_smi_p2p(*matrix, known, machine);
  else if (matrix != nullptr)
    add_smi_topo(*matrix, known, machine);
  else if (!query->gpus.empty() || has_fabric(query->fabrics))
    add_unlinked(query->gpus, "-q", machine);
  else if (!listed->empty())
    add_unlinked(*listed, "-L", machine);
  else
    return Status(Code::kInvalidArgument, "line 1: expected the text of nvidia-smi topo -m, -q or -L");
  add_smi_fabric(query->fabrics, machine);
  return std::move(machine).finish();
}

}  // namespace Atoll
