#pragma once

#include <cstddef>

#include "runtime/device/cuda_library.h"
#include "runtime/device/pinned_memory.h"

namespace Atoll {

// Memory of GPUs, and copies between it and the host's. Devices are numbered as CUDA does in this process. Every call leaves
// the calling thread's current device as it was. Failures are kUnavailable, with CUDA's words. Any thread may call.
class CudaCopies {
 public:
  explicit CudaCopies(CudaLibrary library) : library_(std::move(library)) {}

  Result<void*> allocate(std::size_t bytes, int device) const;
  void free(void* data, int device) const;
  // Behind what `stream` has to do on that device, and done when this returns. `pinned`: what holds the host's bytes; null:
  // they are any.
  Status copy_from(int device, cuda::Stream stream, const void* data, char* to, std::size_t bytes, PinnedMemory* pinned) const;
  Status copy_to(int device, cuda::Stream stream, void* data, const char* from, std::size_t bytes, PinnedMemory* pinned) const;

  const cuda::Functions& functions() const { return library_.functions(); }

 private:
  class Current;
  Status check(cuda::Error error, const char* doing, int device) const;

  CudaLibrary library_;
};

}  // namespace Atoll
