#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/base/status.h"
#include "runtime/device/cuda_abi.h"

namespace Atoll {

// The CUDA runtime, loaded; it stays so until the process ends, since what it has begun cannot be taken back.
class CudaLibrary {
 public:
  // Finds an entry point by its name; nullptr when there is none.
  using Lookup = std::function<void*(const char* name)>;

  // The one that the program is linked with; else the one at `path`, or if that is empty the newest that the loader finds.
  // kNotFound, with what was tried and why not: "no CUDA runtime library was found on this node: ...".
  static Result<CudaLibrary> open(const std::string& path);
  // With entry points from elsewhere, which must live as long. kUnavailable when one is missing.
  static Result<CudaLibrary> open(const Lookup& lookup);

  const cuda::Functions& functions() const { return functions_; }

 private:
  cuda::Functions functions_;
};

}  // namespace Atoll
