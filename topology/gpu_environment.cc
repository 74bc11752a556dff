#include "topology/gpu_environment.h"

#include <algorithm>
#include <string_view>

#include "topology/gpu_maker.h"

namespace Atoll {

namespace {

void append(const std::string& word, std::string& list) { list += (list.empty() ? "" : ",") + word; }

std::string indices(const std::vector<GpuInfo>& gpus) {
  std::string list;
  for (const GpuInfo& gpu : gpus) append(std::to_string(gpu.index), list);
  return list;
}

std::string uuids_or_indices(const std::vector<GpuInfo>& gpus) {
  std::string list;
  for (const GpuInfo& gpu : gpus) {
    if (gpu.uuid.empty()) return indices(gpus);
    append(gpu.uuid, list);
  }
  return list;
}

std::string counted(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) append(std::to_string(i), list);
  return list;
}

std::vector<GpuInfo> made_by(Maker maker, const Machine& machine, std::vector<GpuInfo> gpus) {
  std::erase_if(gpus, [&](const GpuInfo& gpu) { return maker_of(machine, gpu) != maker; });
  return gpus;
}

// A network device of the kernel; all others are devices of the verbs library.
bool is_network_device(std::string_view nic) {
  return nic.starts_with("hsi") || nic.starts_with("hsn") || nic.starts_with("cxi");
}

std::vector<std::string> nics_of(const std::vector<GpuInfo>& gpus) {
  std::vector<std::string> names;
  for (const GpuInfo& gpu : gpus)
    for (const std::string& nic : gpu.nics)
      if (std::find(names.begin(), names.end(), nic) == names.end()) names.push_back(nic);
  return names;
}

}  // namespace

Environment visible_gpus(const Machine& machine, const std::vector<GpuInfo>& gpus) {
  const std::vector<GpuInfo> nvidia = made_by(Maker::kNvidia, machine, gpus), amd = made_by(Maker::kAmd, machine, gpus);
  Environment environment{{"CUDA_VISIBLE_DEVICES", uuids_or_indices(nvidia)}, {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}};
  if (amd.empty() && made_by(Maker::kAmd, machine, machine.gpus).empty()) return environment;
  environment["ROCR_VISIBLE_DEVICES"] = indices(amd);
  environment["HIP_VISIBLE_DEVICES"] = amd.empty() ? "-1" : counted(amd.size());
  if (nvidia.empty() && !amd.empty()) environment["CUDA_VISIBLE_DEVICES"] = counted(amd.size());
  return environment;
}

Environment nic_hints(const Machine& machine, const std::vector<GpuInfo>& gpus, const Environment& set) {
  std::string all, verbs, ucx;
  for (const std::string& nic : nics_of(gpus)) {
    append(nic, all);
    append(is_network_device(nic) ? nic : nic + ":1", ucx);
    if (!is_network_device(nic)) append(nic, verbs);
  }
  Environment environment{{"ATOLL_NICS", all}};
  if (machine.synthetic || all.empty()) return environment;
  environment["ATOLL_NET_DEVICES"] = ucx;
  if (!verbs.empty() && !set.contains("NCCL_IB_HCA")) environment["NCCL_IB_HCA"] = "=" + verbs;
  return environment;
}

}  // namespace Atoll
