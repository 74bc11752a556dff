#include "launcher/topo_pick.h"

#include <algorithm>
#include <string>

#include "topology/pick.h"

namespace Atoll {

namespace {

std::string counted(std::size_t count) { return std::to_string(count) + (count == 1 ? " GPU" : " GPUs"); }

std::vector<int> to_indices(const Machine& machine, const std::vector<int>& positions) {
  std::vector<int> indices;
  for (const int position : positions) indices.push_back(machine.gpus[static_cast<std::size_t>(position)].index);
  return indices;
}

Status too_few(int count, std::size_t free, std::size_t all) {
  const std::string why = all == 0
                              ? "the machine has none"
                              : std::to_string(free) + " of " + counted(all) + (free == 1 ? " is free" : " are free");
  return {Code::kResourceExhausted, "cannot pick " + counted(static_cast<std::size_t>(count)) + ": " + why};
}

}  // namespace

Result<TopoPick> pick_of_machine(const Machine& machine, int count, const std::vector<int>& busy) {
  for (const int index : busy)
    if (find_gpu(machine, index) == nullptr)
      return Status(Code::kInvalidArgument, "--busy names GPU " + std::to_string(index) + ", which is not there");
  std::vector<int> free;
  for (std::size_t i = 0; i < machine.gpus.size(); ++i)
    if (std::find(busy.begin(), busy.end(), machine.gpus[i].index) == busy.end()) free.push_back(static_cast<int>(i));
  const auto pick = pick_gpus(GpuGraph::of(machine), free, count);
  if (!pick) return too_few(count, free.size(), machine.gpus.size());
  return TopoPick{to_indices(machine, pick->gpus), to_indices(machine, pick->order), pick->islands, pick->total_gbps,
                  pick->bottleneck_gbps};
}

}  // namespace Atoll
