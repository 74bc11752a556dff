#include "topology/nvml_library.h"

#include <dlfcn.h>

namespace Atoll {

namespace {

// Looks all entry points up, and remembers the first that is needed and missing.
class Finder {
 public:
  explicit Finder(const NvmlLibrary::Lookup& lookup) : lookup_(lookup) {}

  template <typename Function>
  void want(Function*& function, const char* name) {
    function = reinterpret_cast<Function*>(lookup_(name));
  }
  template <typename Function>
  void need(Function*& function, const char* name) {
    want(function, name);
    if (function == nullptr && missing_.empty()) missing_ = name;
  }
  const std::string& missing() const { return missing_; }

 private:
  const NvmlLibrary::Lookup& lookup_;
  std::string missing_;
};

void find_all(Finder& finder, nvml::Functions& all) {
  finder.need(all.init, "nvmlInit_v2");
  finder.need(all.shutdown, "nvmlShutdown");
  finder.need(all.error_string, "nvmlErrorString");
  finder.need(all.get_count, "nvmlDeviceGetCount_v2");
  finder.need(all.get_handle, "nvmlDeviceGetHandleByIndex_v2");
  finder.need(all.get_pci, "nvmlDeviceGetPciInfo_v3");
  finder.need(all.get_uuid, "nvmlDeviceGetUUID");
  finder.need(all.get_name, "nvmlDeviceGetName");
  finder.want(all.get_compute_capability, "nvmlDeviceGetCudaComputeCapability");
  finder.want(all.get_link_state, "nvmlDeviceGetNvLinkState");
  finder.want(all.get_link_capability, "nvmlDeviceGetNvLinkCapability");
  finder.want(all.get_link_pci, "nvmlDeviceGetNvLinkRemotePciInfo_v2");
  finder.want(all.get_link_type, "nvmlDeviceGetNvLinkRemoteDeviceType");
  finder.want(all.get_peer_status, "nvmlDeviceGetP2PStatus");
  finder.want(all.get_mig_mode, "nvmlDeviceGetMigMode");
  finder.want(all.get_mig_count, "nvmlDeviceGetMaxMigDeviceCount");
  finder.want(all.get_mig, "nvmlDeviceGetMigDeviceHandleByIndex");
  finder.want(all.get_fabric, "nvmlDeviceGetGpuFabricInfo");
  finder.want(all.get_fabric_v, "nvmlDeviceGetGpuFabricInfoV");
}

}  // namespace

void NvmlLibrary::Close::operator()(void* handle) const { dlclose(handle); }

Result<NvmlLibrary> NvmlLibrary::open(const std::string& path) {
  std::unique_ptr<void, Close> handle(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (handle == nullptr) {
    const char* why = dlerror();
    return Status(Code::kNotFound, "NVML cannot be loaded: " + (why == nullptr ? path : std::string(why)));
  }
  Result<NvmlLibrary> library = open([&](const char* name) { return dlsym(handle.get(), name); });
  if (library.ok()) library->handle_ = std::move(handle);
  return library;
}

Result<NvmlLibrary> NvmlLibrary::open(const Lookup& lookup) {
  auto functions = std::make_unique<nvml::Functions>();
  Finder finder(lookup);
  find_all(finder, *functions);
  if (!finder.missing().empty()) return Status(Code::kUnavailable, "this NVML has no " + finder.missing());
  if (const nvml::Return code = functions->init(); code != nvml::kSuccess)
    return Status(Code::kUnavailable, std::string("NVML cannot be initialized: ") + functions->error_string(code));
  NvmlLibrary library;
  library.functions_ = std::move(functions);
  return library;
}

NvmlLibrary::~NvmlLibrary() {
  if (functions_ != nullptr) functions_->shutdown();
}

std::string NvmlLibrary::words(nvml::Return code) const { return functions_->error_string(code); }

}  // namespace Atoll
