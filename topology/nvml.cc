#include "topology/nvml.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace Atoll {

namespace {

constexpr unsigned kMaxGpus = 1024, kMaxSlices = 64;

// "00000000:1B:00.0" as "0000:1b:00.0"; "" for the address that stands for a hidden device.
std::string address_of(const nvml::PciInfo& pci) {
  if (pci.domain > 0xffff || pci.bus > 0xff || pci.device > 0x1f) return "";
  unsigned function = 0;
  const void* point = std::memchr(pci.bus_id, '.', sizeof pci.bus_id - 1);
  if (point != nullptr) function = static_cast<unsigned>(static_cast<const char*>(point)[1] - '0') & 7U;
  char text[32];
  std::snprintf(text, sizeof text, "%04x:%02x:%02x.%x", pci.domain, pci.bus, pci.device, function);
  return text;
}

std::string uuid_text(const unsigned char (&bytes)[16]) {
  if (std::all_of(std::begin(bytes), std::end(bytes), [](unsigned char byte) { return byte == 0; })) return "";
  std::string text;
  for (int i = 0; i < 16; ++i) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits;
  }
  return text;
}

// The bits of nvmlGpuFabricInfo_v2_t's health mask: two (four for the configuration) say "true" or "which" from 1 on.
bool healthy(unsigned mask, unsigned summary) {
  const auto is = [&](unsigned shift) { return (mask >> shift & 3U) == 1; };
  const bool recovering = is(2), unhealthy = is(4), timed_out = is(6), misconfigured = (mask >> 8 & 15U) > 1;
  return summary != 2 && !recovering && !unhealthy && !timed_out && !misconfigured;
}

template <typename Info>
std::optional<LiveFabric> fabric_of(const Info& info, bool is_healthy) {
  if (info.state == nvml::kFabricNotSupported) return std::nullopt;
  return LiveFabric{info.state == nvml::kFabricCompleted, info.status == nvml::kSuccess, is_healthy,
                    uuid_text(info.cluster_uuid), info.clique_id};
}

// Asks all questions once.
class Reader {
 public:
  explicit Reader(const NvmlLibrary& library) : library_(library), nvml_(library.functions()) {}

  Result<LiveGpus> read() {
    unsigned count = 0;
    if (const nvml::Return code = nvml_.get_count(&count); code != nvml::kSuccess)
      return Status(Code::kUnavailable, "NVML cannot count the GPUs: " + library_.words(code));
    for (unsigned i = 0; i < std::min(count, kMaxGpus); ++i) read_gpu(i);
    ask_for_peers();
    return std::move(live_);
  }

 private:
  void warn(const std::string& what, nvml::Return code) {
    live_.warnings.push_back("NVML cannot tell " + what + ": " + library_.words(code));
  }

  void read_gpu(unsigned index) {
    nvml::Device device = nullptr;
    const nvml::Return code = nvml_.get_handle(index, &device);
    if (code == nvml::kNoPermission || code == nvml::kOperatingSystem) return;  // hidden from this process
    if (code != nvml::kSuccess) return warn("of GPU " + std::to_string(index), code);
    LiveGpu gpu = describe(device, index);
    if (is_split(device)) return add_slices(device, gpu);
    read_lanes(device, gpu);
    gpu.fabric = read_fabric(device);
    add(device, std::move(gpu));
  }

  void add(nvml::Device device, LiveGpu gpu) {
    if (live_.gpus.size() == kMaxGpus) return;
    devices_.push_back(device);
    live_.gpus.push_back(std::move(gpu));
  }

  LiveGpu describe(nvml::Device device, unsigned index) {
    LiveGpu gpu;
    char text[128] = {};
    if (const nvml::Return code = nvml_.get_uuid(device, text, sizeof text - 1); code == nvml::kSuccess)
      gpu.uuid = text;
    else
      warn("the UUID of GPU " + std::to_string(index), code);
    std::memset(text, 0, sizeof text);
    if (nvml_.get_name(device, text, sizeof text - 1) == nvml::kSuccess) gpu.model = text;
    nvml::PciInfo pci{};
    if (const nvml::Return code = nvml_.get_pci(device, &pci); code == nvml::kSuccess)
      gpu.pci = address_of(pci);
    else
      warn("the PCI address of GPU " + std::to_string(index), code);
    int major = 0, minor = 0;
    if (nvml_.get_compute_capability != nullptr &&
        nvml_.get_compute_capability(device, &major, &minor) == nvml::kSuccess)
      gpu.compute_capability = major * 10 + minor;
    return gpu;
  }

  bool is_split(nvml::Device device) const {
    unsigned current = 0, pending = 0;
    return nvml_.get_mig_mode != nullptr && nvml_.get_mig_count != nullptr && nvml_.get_mig != nullptr &&
           nvml_.get_mig_mode(device, &current, &pending) == nvml::kSuccess && current == 1;
  }

  void add_slices(nvml::Device device, const LiveGpu& whole) {
    unsigned most = 0;
    if (nvml_.get_mig_count(device, &most) != nvml::kSuccess) most = 0;
    bool any = false;
    for (unsigned i = 0; i < std::min(most, kMaxSlices); ++i) {
      nvml::Device slice = nullptr;
      char uuid[128] = {};
      if (nvml_.get_mig(device, i, &slice) != nvml::kSuccess) continue;
      if (nvml_.get_uuid(slice, uuid, sizeof uuid - 1) != nvml::kSuccess) continue;
      add(slice, {uuid, whole.pci, whole.model, whole.compute_capability, true, {}, {}});
      any = true;
    }
    if (!any) live_.warnings.push_back("GPU " + whole.uuid + " is in MIG mode and has no slice: it is left out");
  }

  void read_lanes(nvml::Device device, LiveGpu& gpu) const {
    if (nvml_.get_link_state == nullptr || nvml_.get_link_pci == nullptr) return;
    for (unsigned lane = 0; lane < nvml::kMaxLinks; ++lane) {
      unsigned active = 0, peer = 1;
      if (nvml_.get_link_state(device, lane, &active) != nvml::kSuccess || active != 1) continue;
      if (nvml_.get_link_capability != nullptr &&
          (nvml_.get_link_capability(device, lane, nvml::kCapabilityPeer, &peer) != nvml::kSuccess || peer != 1))
        continue;
      nvml::PciInfo pci{};
      if (nvml_.get_link_pci(device, lane, &pci) != nvml::kSuccess) continue;
      gpu.lanes.push_back({remote_of(device, lane), address_of(pci)});
    }
  }

  Remote remote_of(nvml::Device device, unsigned lane) const {
    unsigned type = 0xff;
    if (nvml_.get_link_type == nullptr || nvml_.get_link_type(device, lane, &type) != nvml::kSuccess)
      return Remote::kUnknown;
    switch (type) {
      case nvml::kRemoteGpu:
        return Remote::kGpu;
      case nvml::kRemoteNpu:
        return Remote::kProcessor;
      case nvml::kRemoteSwitch:
        return Remote::kSwitch;
      default:
        return Remote::kUnknown;
    }
  }

  // The newest form of the answer that this library knows.
  std::optional<LiveFabric> read_fabric(nvml::Device device) const {
    nvml::FabricInfo3 third{};
    third.version = nvml::struct_version(sizeof third, 3);
    if (nvml_.get_fabric_v != nullptr) {
      const nvml::Return code = nvml_.get_fabric_v(device, &third);
      if (code == nvml::kSuccess) return fabric_of(third, healthy(third.health_mask, third.health_summary));
      nvml::FabricInfo2 second{};
      second.version = nvml::struct_version(sizeof second, 2);
      if (code == nvml::kVersionMismatch && nvml_.get_fabric_v(device, &second) == nvml::kSuccess)
        return fabric_of(second, healthy(second.health_mask, 0));
    }
    nvml::FabricInfo first{};
    if (nvml_.get_fabric == nullptr || nvml_.get_fabric(device, &first) != nvml::kSuccess) return std::nullopt;
    return fabric_of(first, true);
  }

  void ask_for_peers() {
    const std::size_t count = live_.gpus.size();
    live_.no.assign(count, std::vector<bool>(count, false));
    if (nvml_.get_peer_status == nullptr) return;
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = a + 1; b < count; ++b) {
        if (live_.gpus[a].lanes.empty() || live_.gpus[b].lanes.empty()) continue;
        unsigned status = 0;
        const nvml::Return code = nvml_.get_peer_status(devices_[a], devices_[b], nvml::kPeerOverNvlink, &status);
        live_.no[a][b] = live_.no[b][a] = code == nvml::kSuccess && status != 0;
      }
  }

  const NvmlLibrary& library_;
  const nvml::Functions& nvml_;
  LiveGpus live_;
  std::vector<nvml::Device> devices_;
};

}  // namespace

Result<LiveGpus> NvmlProvider::read() { return Reader(library_).read(); }

}  // namespace Atoll
