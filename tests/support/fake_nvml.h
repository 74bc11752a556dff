#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "topology/nvml_library.h"

// NVML's entry points over a table, so that what loads and asks the real library runs over made-up GPUs.
class FakeNvml {
 public:
  struct Lane {
    unsigned active = 1, peer = 1, type = Atoll::nvml::kRemoteSwitch;
    std::string pci = "FFFFFFFF:FF:FF.0";
    Atoll::nvml::Return pci_result = 0;
  };
  struct Gpu {
    std::string uuid, pci, name = "NVIDIA H100 80GB HBM3";
    int major = 9;
    std::vector<Lane> lanes;
    std::vector<std::string> slices;  // UUIDs; MIG mode is on if there is any, or `split`
    bool split = false;
    unsigned char state = 0, cluster = 0;  // the cluster's UUID is 16 times this byte
    Atoll::nvml::Return status = 0;
    unsigned clique = 0, mask = 0;
    unsigned char summary = 1;
    Atoll::nvml::Return handle_result = 0;
  };

  FakeNvml() { current = this; }
  ~FakeNvml() { current = nullptr; }
  FakeNvml(const FakeNvml&) = delete;
  FakeNvml& operator=(const FakeNvml&) = delete;

  std::vector<Gpu> gpus;
  std::set<std::string> missing;         // entry points that this library has not
  unsigned fabric_version = 3;           // the newest that nvmlDeviceGetGpuFabricInfoV knows
  std::map<std::string, int> failing;    // entry points that return this
  std::set<std::pair<int, int>> denied;  // positions without peer access over NVLink
  int initialized = 0;

  Atoll::NvmlLibrary::Lookup lookup() {
    return [this](const char* name) -> void* { return missing.contains(name) ? nullptr : find(name); };
  }

 private:
  using Return = Atoll::nvml::Return;
  using Device = Atoll::nvml::Device;
  static inline FakeNvml* current = nullptr;

  // Handles are small numbers: the GPU from 1 on, and 1000 times the number of its slice.
  static Device handle(std::size_t gpu, std::size_t slice = 0) {
    return reinterpret_cast<Device>(1 + gpu + 1000 * slice);
  }
  static std::size_t number(Device device) { return reinterpret_cast<std::size_t>(device); }
  static Gpu& of(Device device) { return current->gpus.at(number(device) % 1000 - 1); }
  static Return result(const char* name) {
    const auto found = current->failing.find(name);
    return found == current->failing.end() ? 0 : found->second;
  }
  static Return put(const std::string& text, char* to, unsigned size) {
    std::snprintf(to, size, "%s", text.c_str());
    return 0;
  }
  static void put_pci(const std::string& text, Atoll::nvml::PciInfo* pci) {
    std::sscanf(text.c_str(), "%x:%x:%x", &pci->domain, &pci->bus, &pci->device);
    put(text, pci->bus_id, sizeof pci->bus_id);
  }

  static Return init() { return current->initialized += result("nvmlInit_v2") == 0, result("nvmlInit_v2"); }
  static Return shutdown() { return --current->initialized, 0; }
  static const char* error_string(Return code) { return code == 9 ? "Driver Not Loaded" : "Unknown Error"; }
  static Return get_count(unsigned* count) {
    *count = static_cast<unsigned>(current->gpus.size());
    return result("nvmlDeviceGetCount_v2");
  }
  static Return get_handle(unsigned index, Device* device) {
    *device = handle(index);
    return current->gpus.at(index).handle_result;
  }
  static Return get_pci(Device device, Atoll::nvml::PciInfo* pci) {
    put_pci(of(device).pci, pci);
    return result("nvmlDeviceGetPciInfo_v3");
  }
  static Return get_uuid(Device device, char* text, unsigned size) {
    const std::size_t slice = number(device) / 1000;
    put(slice == 0 ? of(device).uuid : of(device).slices.at(slice - 1), text, size);
    return result("nvmlDeviceGetUUID");
  }
  static Return get_name(Device device, char* text, unsigned size) { return put(of(device).name, text, size); }
  static Return get_compute_capability(Device device, int* major, int* minor) {
    *major = of(device).major;
    *minor = 0;
    return 0;
  }
  static Return get_link_state(Device device, unsigned lane, unsigned* active) {
    if (lane >= of(device).lanes.size()) return Atoll::nvml::kNotSupported;
    *active = of(device).lanes[lane].active;
    return 0;
  }
  static Return get_link_capability(Device device, unsigned lane, unsigned, unsigned* peer) {
    *peer = of(device).lanes.at(lane).peer;
    return 0;
  }
  static Return get_link_pci(Device device, unsigned lane, Atoll::nvml::PciInfo* pci) {
    put_pci(of(device).lanes.at(lane).pci, pci);
    return of(device).lanes[lane].pci_result;
  }
  static Return get_link_type(Device device, unsigned lane, unsigned* type) {
    *type = of(device).lanes.at(lane).type;
    return 0;
  }
  static Return get_peer_status(Device one, Device other, unsigned, unsigned* status) {
    const auto position = [](Device device) { return static_cast<int>(number(device)) - 1; };
    *status = current->denied.contains({position(one), position(other)}) ? 5 : 0;
    return result("nvmlDeviceGetP2PStatus");
  }
  static Return get_mig_mode(Device device, unsigned* now, unsigned* pending) {
    *now = *pending = of(device).split || !of(device).slices.empty() ? 1 : 0;
    return 0;
  }
  static Return get_mig_count(Device, unsigned* count) { return *count = 7, 0; }
  static Return get_mig(Device device, unsigned index, Device* slice) {
    if (index >= of(device).slices.size()) return 6;
    *slice = reinterpret_cast<Device>(number(device) + 1000 * (index + 1));
    return 0;
  }
  template <typename Info>
  static void fill_fabric(Device device, Info& info) {
    std::memset(info.cluster_uuid, of(device).cluster, sizeof info.cluster_uuid);
    info.status = of(device).status;
    info.clique_id = of(device).clique;
    info.state = of(device).state;
  }
  static Return get_fabric(Device device, Atoll::nvml::FabricInfo* info) {
    fill_fabric(device, *info);
    return result("nvmlDeviceGetGpuFabricInfo");
  }
  static Return get_fabric_v(Device device, void* info) {
    unsigned version = 0;
    std::memcpy(&version, info, sizeof version);
    if (version >> 24 > current->fabric_version) return Atoll::nvml::kVersionMismatch;
    if (version == (3U << 24 | sizeof(Atoll::nvml::FabricInfo3))) {
      auto& third = *static_cast<Atoll::nvml::FabricInfo3*>(info);
      fill_fabric(device, third);
      third.health_mask = of(device).mask;
      third.health_summary = of(device).summary;
      return 0;
    }
    if (version != (2U << 24 | sizeof(Atoll::nvml::FabricInfo2))) return Atoll::nvml::kVersionMismatch;
    auto& second = *static_cast<Atoll::nvml::FabricInfo2*>(info);
    fill_fabric(device, second);
    second.health_mask = of(device).mask;
    return 0;
  }

  template <typename Function>
  static void* pointer(Function* function) {
    return reinterpret_cast<void*>(function);
  }
  static void* find(const std::string& name) {
    static const std::map<std::string, void*> all = {
        {"nvmlInit_v2", pointer(init)},
        {"nvmlShutdown", pointer(shutdown)},
        {"nvmlErrorString", pointer(error_string)},
        {"nvmlDeviceGetCount_v2", pointer(get_count)},
        {"nvmlDeviceGetHandleByIndex_v2", pointer(get_handle)},
        {"nvmlDeviceGetPciInfo_v3", pointer(get_pci)},
        {"nvmlDeviceGetUUID", pointer(get_uuid)},
        {"nvmlDeviceGetName", pointer(get_name)},
        {"nvmlDeviceGetCudaComputeCapability", pointer(get_compute_capability)},
        {"nvmlDeviceGetNvLinkState", pointer(get_link_state)},
        {"nvmlDeviceGetNvLinkCapability", pointer(get_link_capability)},
        {"nvmlDeviceGetNvLinkRemotePciInfo_v2", pointer(get_link_pci)},
        {"nvmlDeviceGetNvLinkRemoteDeviceType", pointer(get_link_type)},
        {"nvmlDeviceGetP2PStatus", pointer(get_peer_status)},
        {"nvmlDeviceGetMigMode", pointer(get_mig_mode)},
        {"nvmlDeviceGetMaxMigDeviceCount", pointer(get_mig_count)},
        {"nvmlDeviceGetMigDeviceHandleByIndex", pointer(get_mig)},
        {"nvmlDeviceGetGpuFabricInfo", pointer(get_fabric)},
        {"nvmlDeviceGetGpuFabricInfoV", pointer(get_fabric_v)},
    };
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second;
  }
};
