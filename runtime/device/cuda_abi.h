#pragma once

#include <cstddef>

struct CUstream_st;  // CUDA's

// What of the CUDA runtime's binary interface we use. It is loaded where it is installed, never linked, and its header need
// not be there when we are built; where it is, cuda_abi_check.cc holds this to it. (Source: CUDA Runtime API, 11.0 to 13.0.)
namespace Atoll::cuda {

using Error = int;  // cudaError_t
using Stream = ::CUstream_st*;

inline constexpr Error kSuccess = 0;
inline constexpr int kHostToDevice = 1, kDeviceToHost = 2;  // cudaMemcpyKind

struct Functions {
  const char* (*error_string)(Error) = nullptr;                              // cudaGetErrorString
  Error (*last_error)() = nullptr;                                           // cudaGetLastError
  Error (*get_count)(int*) = nullptr;                                        // cudaGetDeviceCount
  Error (*get_device)(int*) = nullptr;                                       // cudaGetDevice
  Error (*set_device)(int) = nullptr;                                        // cudaSetDevice
  Error (*allocate)(void**, std::size_t) = nullptr;                          // cudaMalloc
  Error (*free)(void*) = nullptr;                                            // cudaFree
  Error (*copy)(void*, const void*, std::size_t, int, Stream) = nullptr;     // cudaMemcpyAsync
  Error (*synchronize)(Stream) = nullptr;                                    // cudaStreamSynchronize
  Error (*register_host)(void*, std::size_t, unsigned) = nullptr;            // cudaHostRegister
  Error (*unregister_host)(void*) = nullptr;                                 // cudaHostUnregister
};

}  // namespace Atoll::cuda
