#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/device/cuda_library.h"

// The CUDA runtime's entry points over plain memory, as strict as the real ones where we rely on it: a GPU's memory is that
// of the current device, and no copy goes over the border of what is registered.
class FakeCuda {
 public:
  FakeCuda() { current = this; }
  ~FakeCuda() { current = nullptr; }
  FakeCuda(const FakeCuda&) = delete;
  FakeCuda& operator=(const FakeCuda&) = delete;

  struct Copy {
    int device = 0, kind = 0;
    std::size_t bytes = 0;
    bool pinned = false;
    void* stream = nullptr;
    bool done = false;
  };

  int devices = 2;
  int device = 0;                      // the current one
  std::set<std::string> missing;       // entry points that this library has not
  std::map<std::string, int> failing;  // entry points that return this
  struct Memory {
    std::unique_ptr<char[]> data;
    std::size_t bytes = 0;
    int device = 0;
  };
  std::map<char*, Memory> memory;  // of all devices
  std::map<char*, std::size_t> registered;
  std::vector<Copy> copies;
  int errors_taken = 0;

  Atoll::CudaLibrary::Lookup lookup() {
    return [this](const char* name) -> void* { return missing.contains(name) ? nullptr : find(name); };
  }
  Atoll::CudaLibrary library() { return Atoll::CudaLibrary::open(lookup()).value(); }

 private:
  using Error = Atoll::cuda::Error;
  static inline FakeCuda* current = nullptr;
  static constexpr Error kInvalid = 1, kNoSuchDevice = 101, kRegistered = 712;

  static Error result(const char* name) {
    const auto found = current->failing.find(name);
    return found == current->failing.end() ? 0 : found->second;
  }
  static const char* error_string(Error error) {
    if (error == 2) return "out of memory";
    if (error == 35) return "CUDA driver version is insufficient for CUDA runtime version";
    return error == kInvalid ? "invalid argument" : "unknown error";
  }
  static Error last_error() { return ++current->errors_taken, 0; }
  static Error get_count(int* count) { return *count = current->devices, result("cudaGetDeviceCount"); }
  static Error get_device(int* device) { return *device = current->device, result("cudaGetDevice"); }
  static Error set_device(int device) {
    if (device < 0 || device >= current->devices) return kNoSuchDevice;
    return current->device = device, result("cudaSetDevice");
  }
  static Error allocate(void** data, std::size_t bytes) {
    if (const Error error = result("cudaMalloc"); error != 0) return error;
    auto memory = std::make_unique<char[]>(bytes + 1);
    char* const place = memory.get();
    current->memory[place] = Memory{std::move(memory), bytes, current->device};
    *data = place;
    return 0;
  }
  static Error free(void* data) { return current->memory.erase(static_cast<char*>(data)) == 1 ? 0 : kInvalid; }

  static bool is_on_device(const char* at, std::size_t bytes) {
    return std::ranges::any_of(current->memory, [&](const auto& entry) {
      const Memory& all = entry.second;
      return all.device == current->device && at >= entry.first && at + bytes <= entry.first + all.bytes;
    });
  }
  // 0: none of it is registered; 1: all, as one; 2: it goes over a border.
  static int registration(const char* at, std::size_t bytes) {
    for (const auto& [data, size] : current->registered) {
      if (at + bytes <= data || at >= data + size) continue;
      return at >= data && at + bytes <= data + size ? 1 : 2;
    }
    return 0;
  }
  static Error copy(void* to, const void* from, std::size_t bytes, int kind, Atoll::cuda::Stream stream) {
    if (const Error error = result("cudaMemcpyAsync"); error != 0) return error;
    const bool is_in = kind == Atoll::cuda::kHostToDevice;
    const char* const host = static_cast<const char*>(is_in ? from : to);
    if (!is_on_device(static_cast<const char*>(is_in ? to : from), bytes) || registration(host, bytes) == 2) return kInvalid;
    std::memcpy(to, from, bytes);
    current->copies.push_back({current->device, kind, bytes, registration(host, bytes) == 1, stream, false});
    return 0;
  }
  static Error synchronize(Atoll::cuda::Stream stream) {
    for (Copy& copy : current->copies)
      if (copy.stream == stream) copy.done = true;
    return result("cudaStreamSynchronize");
  }
  static Error register_host(void* data, std::size_t bytes, unsigned) {
    if (const Error error = result("cudaHostRegister"); error != 0) return error;
    if (registration(static_cast<char*>(data), bytes) != 0) return kRegistered;
    current->registered[static_cast<char*>(data)] = bytes;
    return 0;
  }
  static Error unregister_host(void* data) { return current->registered.erase(static_cast<char*>(data)) == 1 ? 0 : kInvalid; }

  template <typename Function>
  static void* pointer(Function* function) {
    return reinterpret_cast<void*>(function);
  }
  static void* find(const std::string& name) {
    static const std::map<std::string, void*> all = {
        {"cudaGetErrorString", pointer(error_string)},
        {"cudaGetLastError", pointer(last_error)},
        {"cudaGetDeviceCount", pointer(get_count)},
        {"cudaGetDevice", pointer(get_device)},
        {"cudaSetDevice", pointer(set_device)},
        {"cudaMalloc", pointer(allocate)},
        {"cudaFree", pointer(free)},
        {"cudaMemcpyAsync", pointer(copy)},
        {"cudaStreamSynchronize", pointer(synchronize)},
        {"cudaHostRegister", pointer(register_host)},
        {"cudaHostUnregister", pointer(unregister_host)},
    };
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second;
  }
};
