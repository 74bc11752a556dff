#pragma once

#include "topology/gpu_provider.h"
#include "topology/nvml_library.h"

namespace Atoll {

// NVIDIA's GPUs, as NVML tells of them: those that the device cgroup lets this process see, in PCI order. In place of a
// GPU that is split by MIG come its slices. NVML-1: a lane counts only if it is active, capable of peer access, and the
// other end's PCI address can be asked for; of an address that the driver hides, and of a type that it does not tell,
// nothing is known. Where an old library has no entry point for a question, there is no answer: no link without its
// state, capability taken for granted.
class NvmlProvider : public GpuProvider {
 public:
  explicit NvmlProvider(NvmlLibrary library) : library_(std::move(library)) {}

  Result<LiveGpus> read() override;

 private:
  NvmlLibrary library_;
};

}  // namespace Atoll
