#pragma once

// What of NVML's binary interface we use. NVML is loaded where the driver has brought it, never linked, and its header
// need not be there when we are built. (Source of names and layouts: NVIDIA's NVML API reference, driver 13.0.)
namespace Atoll::nvml {

using Device = struct DeviceTag*;
using Return = int;

inline constexpr Return kSuccess = 0, kNotSupported = 3, kNoPermission = 4, kOperatingSystem = 17,
                        kVersionMismatch = 25;
inline constexpr unsigned kMaxLinks = 36;
inline constexpr unsigned kCapabilityPeer = 0;  // of a link
inline constexpr unsigned kPeerOverNvlink = 2;  // of two GPUs
inline constexpr unsigned kRemoteGpu = 0, kRemoteNpu = 1, kRemoteSwitch = 2;
inline constexpr unsigned kFabricNotSupported = 0, kFabricCompleted = 3;

struct PciInfo {  // nvmlPciInfo_t since API 2.285
  char legacy_bus_id[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
};

struct FabricInfo {  // nvmlGpuFabricInfo_t
  unsigned char cluster_uuid[16];
  Return status;
  unsigned clique_id;
  unsigned char state;
};

struct FabricInfo2 {  // nvmlGpuFabricInfo_v2_t
  unsigned version;
  unsigned char cluster_uuid[16];
  Return status;
  unsigned clique_id;
  unsigned char state;
  unsigned health_mask;
};

struct FabricInfo3 {  // nvmlGpuFabricInfo_v3_t, also nvmlGpuFabricInfoV_t
  unsigned version;
  unsigned char cluster_uuid[16];
  Return status;
  unsigned clique_id;
  unsigned char state;
  unsigned health_mask;
  unsigned char health_summary;
};

constexpr unsigned struct_version(unsigned size, unsigned version) { return size | (version << 24); }

static_assert(sizeof(PciInfo) == 68 && sizeof(FabricInfo) == 28 && sizeof(FabricInfo2) == 36 &&
              sizeof(FabricInfo3) == 40);

// The entry points, by the names that the library exports. Those marked with * may be missing from an older one.
struct Functions {
  Return (*init)() = nullptr;                                       // nvmlInit_v2
  Return (*shutdown)() = nullptr;                                   // nvmlShutdown
  const char* (*error_string)(Return) = nullptr;                    // nvmlErrorString
  Return (*get_count)(unsigned*) = nullptr;                         // nvmlDeviceGetCount_v2
  Return (*get_handle)(unsigned, Device*) = nullptr;                // nvmlDeviceGetHandleByIndex_v2
  Return (*get_pci)(Device, PciInfo*) = nullptr;                    // nvmlDeviceGetPciInfo_v3
  Return (*get_uuid)(Device, char*, unsigned) = nullptr;            // nvmlDeviceGetUUID
  Return (*get_name)(Device, char*, unsigned) = nullptr;            // nvmlDeviceGetName
  Return (*get_compute_capability)(Device, int*, int*) = nullptr;   // * nvmlDeviceGetCudaComputeCapability
  Return (*get_link_state)(Device, unsigned, unsigned*) = nullptr;  // * nvmlDeviceGetNvLinkState
  Return (*get_link_capability)(Device, unsigned, unsigned, unsigned*) = nullptr;  // * nvmlDeviceGetNvLinkCapability
  Return (*get_link_pci)(Device, unsigned, PciInfo*) = nullptr;              // * nvmlDeviceGetNvLinkRemotePciInfo_v2
  Return (*get_link_type)(Device, unsigned, unsigned*) = nullptr;            // * nvmlDeviceGetNvLinkRemoteDeviceType
  Return (*get_peer_status)(Device, Device, unsigned, unsigned*) = nullptr;  // * nvmlDeviceGetP2PStatus
  Return (*get_mig_mode)(Device, unsigned*, unsigned*) = nullptr;            // * nvmlDeviceGetMigMode
  Return (*get_mig_count)(Device, unsigned*) = nullptr;                      // * nvmlDeviceGetMaxMigDeviceCount
  Return (*get_mig)(Device, unsigned, Device*) = nullptr;                    // * nvmlDeviceGetMigDeviceHandleByIndex
  Return (*get_fabric)(Device, FabricInfo*) = nullptr;                       // * nvmlDeviceGetGpuFabricInfo
  Return (*get_fabric_v)(Device, void*) = nullptr;                           // * nvmlDeviceGetGpuFabricInfoV
};

}  // namespace Atoll::nvml
