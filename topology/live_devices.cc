#include "topology/live_devices.h"

#include <algorithm>
#include <fstream>

#include "topology/hwloc_gpus.h"
#include "topology/hwloc_links.h"
#include "topology/hwloc_nics.h"
#include "topology/hwloc_places.h"
#include "topology/live_links.h"

namespace Atoll {

namespace {

constexpr unsigned kAmd = 0x1002;

template <typename Thing>
void append(const std::vector<Thing>& more, std::vector<Thing>& all) {
  all.insert(all.end(), more.begin(), more.end());
}

// What the amdgpu driver calls the board at this address (kernel documentation, "AMDGPU Misc Information"); "" if
// nothing.
std::string product_name(const std::string& address) {
  std::ifstream file("/sys/bus/pci/devices/" + address + "/product_name");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

void add_nics(hwloc_topology_t topology, Machine& machine) {
  for (const HwlocNic& nic : hwloc_nics(topology)) machine.nics.push_back(nic.info);
}

void add_gpus(const LiveGpus& live, hwloc_topology_t topology, Machine& machine) {
  const std::vector<HwlocNic> nics = hwloc_nics(topology);
  append(live.warnings, machine.warnings);
  for (const LiveGpu& found : live.gpus) {
    GpuInfo gpu{static_cast<int>(machine.gpus.size()), found.uuid, found.pci, found.model, {}, {}};
    if (const hwloc_obj_t function = hwloc_get_pcidev_by_busidstring(topology, found.pci.c_str())) {
      gpu.numa = numa_of(topology, function);
      gpu.nics = nearest_nics(nics, function, gpu.numa);
    } else {
      machine.warnings.push_back("hwloc does not show GPU " + std::to_string(gpu.index) + " at PCI address " +
                                 (found.pci.empty() ? "unknown" : found.pci) + ": its NUMA node and NICs are unknown");
    }
    machine.gpus.push_back(std::move(gpu));
  }
  append(live_links(live, machine.warnings), machine.links);
  machine.fabric = live_fabric(live, machine.warnings);
}

void add_gpus(Maker maker, hwloc_topology_t topology, Machine& machine) {
  const std::vector<HwlocNic> nics = hwloc_nics(topology);
  std::vector<HwlocGpu> gpus = hwloc_gpus(topology);
  std::erase_if(gpus, [&](const HwlocGpu& gpu) {
    return (gpu.function->attr->pcidev.vendor_id == kAmd) != (maker == Maker::kAmd);
  });
  const int first = machine.gpus.empty() ? 0 : machine.gpus.back().index + 1;
  for (HwlocGpu& gpu : gpus) {
    gpu.info.index += first;
    if (gpu.info.model == "AMD")
      if (const std::string name = product_name(gpu.info.pci); !name.empty()) gpu.info.model += " " + name;
    gpu.info.nics = nearest_nics(nics, gpu.function, gpu.info.numa);
    machine.gpus.push_back(gpu.info);
  }
  append(hwloc_links(topology, gpus, machine.warnings), machine.links);
}

}  // namespace Atoll
