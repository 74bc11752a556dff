// Where CUDA's header is there when we are built: our own declarations are its.
#include "config.h"

#if HAVE_CUDA

#include <cuda_runtime_api.h>

#include <type_traits>

#include "runtime/device/cuda_abi.h"

namespace Atoll::cuda {
namespace {

// Enumerations of CUDA's are passed as the int that we say.
template <typename T>
using Plain = typename std::conditional_t<std::is_enum_v<T>, std::type_identity<int>, std::type_identity<T>>::type;
template <typename R, typename... P>
Plain<R> (*plain(R (*)(P...)))(Plain<P>...);

template <auto kTheirs, typename Ours>
constexpr bool kSame = std::is_same_v<decltype(plain(kTheirs)), Ours>;

static_assert(sizeof(cudaError_t) == sizeof(int) && sizeof(cudaMemcpyKind) == sizeof(int) && std::is_same_v<cudaStream_t, Stream>);
static_assert(cudaSuccess == kSuccess && cudaMemcpyHostToDevice == kHostToDevice && cudaMemcpyDeviceToHost == kDeviceToHost);
static_assert(kSame<&cudaGetErrorString, decltype(Functions::error_string)>);
static_assert(kSame<&cudaGetLastError, decltype(Functions::last_error)>);
static_assert(kSame<&cudaGetDeviceCount, decltype(Functions::get_count)>);
static_assert(kSame<&cudaGetDevice, decltype(Functions::get_device)>);
static_assert(kSame<&cudaSetDevice, decltype(Functions::set_device)>);
static_assert(kSame<static_cast<cudaError_t (*)(void**, std::size_t)>(&cudaMalloc), decltype(Functions::allocate)>);
static_assert(kSame<&cudaFree, decltype(Functions::free)>);
static_assert(kSame<&cudaMemcpyAsync, decltype(Functions::copy)>);
static_assert(kSame<&cudaStreamSynchronize, decltype(Functions::synchronize)>);
static_assert(kSame<&cudaHostRegister, decltype(Functions::register_host)>);
static_assert(kSame<&cudaHostUnregister, decltype(Functions::unregister_host)>);

}  // namespace
}  // namespace Atoll::cuda

#endif
