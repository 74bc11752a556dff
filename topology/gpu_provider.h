#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace Atoll {

// What is at the other end of a link.
enum class Remote : std::uint8_t { kUnknown, kGpu, kSwitch, kProcessor };

// One lane of a GPU that the driver vouches for: active, capable of peer access, and with a known other end.
struct LiveLane {
  Remote remote = Remote::kUnknown;
  std::string pci;  // of the other end, as in GpuInfo; "" where the driver hides it
  friend bool operator==(const LiveLane&, const LiveLane&) = default;
};

// How a GPU takes part in an NVLink fabric.
struct LiveFabric {
  bool completed = false;   // the probe has ended,
  bool successful = false;  // without an error
  bool healthy = true;      // no route of it is broken, recovering or misconfigured
  std::string uuid;         // of the cluster; "" when it is all zero: the fabric ends at this node
  std::uint32_t clique = 0;
  friend bool operator==(const LiveFabric&, const LiveFabric&) = default;
};

// One GPU, or one MIG slice of a GPU, as a driver tells of it.
struct LiveGpu {
  std::string uuid, pci, model;
  int compute_capability = 0;  // 90 is 9.0; 0 when unknown
  bool slice = false;          // a part of a GPU: has no links
  std::vector<LiveLane> lanes;
  std::optional<LiveFabric> fabric;  // none where the GPU has no say in one
  friend bool operator==(const LiveGpu&, const LiveGpu&) = default;
};

// What a driver tells of the GPUs of this node. Read once; then a value.
struct LiveGpus {
  std::vector<LiveGpu> gpus;          // those that this process may use, in the driver's order
  std::vector<std::vector<bool>> no;  // no[a][b]: the driver denies peer access over NVLink between these positions
  std::vector<std::string> warnings;  // what could not be learned
};

// Something that knows the GPUs of this node: a driver's library (nvml.h), or a test.
class GpuProvider {
 public:
  virtual ~GpuProvider() = default;
  // Fails when it cannot tell of any GPU, and why. What it cannot tell of one GPU is a warning.
  virtual Result<LiveGpus> read() = 0;
};

}  // namespace Atoll
