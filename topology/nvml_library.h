#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/base/status.h"
#include "topology/nvml_abi.h"

namespace Atoll {

// Owns NVML while it is loaded and initialized.
class NvmlLibrary {
 public:
  // Finds an entry point by its name; nullptr when there is none.
  using Lookup = std::function<void*(const char* name)>;

  // Loads and initializes the library at `path`, for example "libnvidia-ml.so.1". kNotFound when it is not there,
  // kUnavailable when it has not what we need or cannot be initialized, as where its driver is not loaded.
  static Result<NvmlLibrary> open(const std::string& path);
  // The same with entry points from elsewhere, which must live as long.
  static Result<NvmlLibrary> open(const Lookup& lookup);

  NvmlLibrary(NvmlLibrary&&) noexcept = default;
  NvmlLibrary& operator=(NvmlLibrary&&) noexcept = default;
  ~NvmlLibrary();

  const nvml::Functions& functions() const { return *functions_; }
  // NVML's words for what it returned.
  std::string words(nvml::Return code) const;

 private:
  NvmlLibrary() = default;
  struct Close {
    void operator()(void* handle) const;
  };
  std::unique_ptr<void, Close> handle_;
  std::unique_ptr<nvml::Functions> functions_;  // nullptr until it is initialized, and when moved from
};

}  // namespace Atoll
