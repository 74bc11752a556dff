#include "topology/hwloc_gpus.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string_view>

#include "topology/hwloc_places.h"

namespace Atoll {

namespace {

constexpr unsigned kNvidia = 0x10de, kAmd = 0x1002;
constexpr int kMaxIndex = 4095;
constexpr std::size_t kMaxGpus = 1024;

// N of a device called prefixN; -1 for another name.
int number_after(hwloc_obj_t device, std::string_view prefix) {
  const std::string_view name = device->name == nullptr ? "" : device->name;
  if (!name.starts_with(prefix)) return -1;
  int number = -1;
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() && number <= kMaxIndex ? number : -1;
}

bool is_opencl_gpu(hwloc_obj_t device) {
  const std::string_view name = device->name == nullptr ? "" : device->name;
  return name.starts_with("opencl") && info_of(device, "OpenCLDeviceType") == "GPU";
}

bool is_gpu_function(hwloc_obj_t function) {
  const auto& pci = function->attr->pcidev;
  return (pci.vendor_id == kNvidia && pci.class_id >> 8 == 0x03) ||
         (pci.vendor_id == kAmd && (pci.class_id >> 8 == 0x03 || pci.class_id == 0x1200));
}

// What is zero identifies nothing.
std::string clean_uuid(const std::string& uuid) {
  return uuid.find_first_not_of("GPU-0") == std::string::npos ? "" : uuid;
}

std::string uuid_of(hwloc_obj_t device) {
  const std::string nvidia = clean_uuid(info_of(device, "NVIDIAUUID"));
  if (!nvidia.empty()) return nvidia;
  const std::string amd = clean_uuid(info_of(device, "AMDUUID"));
  return amd.empty() ? "" : "GPU-" + std::string(16 - std::min<std::size_t>(16, amd.size()), '0') + amd;
}

// Says "AMD" of a GPU that AMD made, whatever else it is called.
std::string model_of(hwloc_obj_t device, hwloc_obj_t function) {
  std::string model = info_of(device, "GPUModel");
  if (model.empty()) model = info_of(function, "PCIDevice");
  if (function->attr->pcidev.vendor_id == kAmd && model.find("AMD") == std::string::npos)
    model = model.empty() ? "AMD" : "AMD " + model;
  return model;
}

class Collector {
 public:
  explicit Collector(hwloc_topology_t topology) : topology_(topology) {}

  std::vector<HwlocGpu> collect() {
    sort_devices();
    for (hwloc_obj_t function = nullptr; (function = hwloc_get_next_pcidev(topology_, function)) != nullptr;)
      add_function(function);
    number_the_rest();
    drop_shared_uuids();
    std::sort(gpus_.begin(), gpus_.end(),
              [](const HwlocGpu& a, const HwlocGpu& b) { return a.info.index < b.info.index; });
    return std::move(gpus_);
  }

 private:
  void sort_devices() {
    for (hwloc_obj_t device = nullptr; (device = hwloc_get_next_osdev(topology_, device)) != nullptr;)
      if (const hwloc_obj_t function = pci_function(device)) devices_[function].push_back(device);
  }

  void add_function(hwloc_obj_t function) {
    const std::vector<hwloc_obj_t>& devices = devices_[function];
    for (const char* prefix : {"nvml", "rsmi"})
      if (add_named(function, devices, prefix, true)) return;
    if (add_named(function, devices, "cuda", false)) return;
    const auto opencl = std::find_if(devices.begin(), devices.end(), is_opencl_gpu);
    if (opencl != devices.end()) return add(function, *opencl, -1);
    if (is_gpu_function(function)) add(function, function, -1);
  }

  bool add_named(hwloc_obj_t function, const std::vector<hwloc_obj_t>& devices, const char* prefix, bool all) {
    bool any = false;
    for (hwloc_obj_t device : devices) {
      const int number = number_after(device, prefix);
      if (number < 0 || (any && !all)) continue;
      add(function, device, number);
      any = true;
    }
    return any;
  }

  void add(hwloc_obj_t function, hwloc_obj_t device, int number) {
    if (gpus_.size() == kMaxGpus) return;
    HwlocGpu gpu{{}, device, function};
    gpu.info.index = used_.insert(number).second ? number : -1;
    gpu.info.uuid = uuid_of(device);
    gpu.info.pci = pci_address(function);
    gpu.info.model = model_of(device, function);
    gpu.info.numa = numa_of(topology_, function);
    gpus_.push_back(std::move(gpu));
  }

  void number_the_rest() {
    int next = 0;
    std::stable_sort(gpus_.begin(), gpus_.end(),
                     [](const HwlocGpu& a, const HwlocGpu& b) { return a.info.pci < b.info.pci; });
    for (HwlocGpu& gpu : gpus_) {
      if (gpu.info.index >= 0) continue;
      while (!used_.insert(next).second) ++next;
      gpu.info.index = next;
    }
  }

  void drop_shared_uuids() {
    std::map<std::string, int> times;
    for (const HwlocGpu& gpu : gpus_) ++times[gpu.info.uuid];
    for (HwlocGpu& gpu : gpus_)
      if (times[gpu.info.uuid] > 1) gpu.info.uuid.clear();
  }

  hwloc_topology_t topology_;
  std::map<hwloc_obj_t, std::vector<hwloc_obj_t>> devices_;
  std::vector<HwlocGpu> gpus_;
  std::set<int> used_;
};

}  // namespace

std::vector<HwlocGpu> hwloc_gpus(hwloc_topology_t topology) { return Collector(topology).collect(); }

}  // namespace Atoll
