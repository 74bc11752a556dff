#include "runtime/device/cuda_library.h"

#include <dlfcn.h>

namespace Atoll {
namespace {

// Development links first: where several versions are installed they name the one that is meant.
constexpr const char* kNames[] = {"libcudart.so", "libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0"};

template <typename Function>
void need(const CudaLibrary::Lookup& lookup, Function*& function, const char* name, std::string& missing) {
  function = reinterpret_cast<Function*>(lookup(name));
  if (function == nullptr && missing.empty()) missing = name;
}

void* load(const std::string& name, std::string& why) {
  void* const handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return handle;
  const char* const words = ::dlerror();
  why += (why.empty() ? "" : "; ") + (words == nullptr ? name : std::string(words));
  return nullptr;
}

}  // namespace

Result<CudaLibrary> CudaLibrary::open(const std::string& path) {
  if (::dlsym(RTLD_DEFAULT, "cudaMemcpyAsync") != nullptr)
    return open([](const char* name) { return ::dlsym(RTLD_DEFAULT, name); });
  void* handle = nullptr;
  std::string why;
  if (!path.empty()) handle = load(path, why);
  for (const char* name : kNames)
    if (path.empty() && handle == nullptr) handle = load(name, why);
  if (handle == nullptr) return Status(Code::kNotFound, "no CUDA runtime library was found on this node: " + why);
  return open([handle](const char* name) { return ::dlsym(handle, name); });
}

Result<CudaLibrary> CudaLibrary::open(const Lookup& lookup) {
  CudaLibrary library;
  cuda::Functions& all = library.functions_;
  std::string missing;
  need(lookup, all.error_string, "cudaGetErrorString", missing);
  need(lookup, all.last_error, "cudaGetLastError", missing);
  need(lookup, all.get_count, "cudaGetDeviceCount", missing);
  need(lookup, all.get_device, "cudaGetDevice", missing);
  need(lookup, all.set_device, "cudaSetDevice", missing);
  need(lookup, all.allocate, "cudaMalloc", missing);
  need(lookup, all.free, "cudaFree", missing);
  need(lookup, all.copy, "cudaMemcpyAsync", missing);
  need(lookup, all.synchronize, "cudaStreamSynchronize", missing);
  need(lookup, all.register_host, "cudaHostRegister", missing);
  need(lookup, all.unregister_host, "cudaHostUnregister", missing);
  if (!missing.empty()) return Status(Code::kUnavailable, "the CUDA runtime library of this node has no " + missing);
  return library;
}

}  // namespace Atoll
