// Values from and to GPUs (include/atoll/device.h).

#include <atoll/device.h>

#include "runtime/base/environment.h"
#include "runtime/client/client_runtime.h"
#include "runtime/client/process.h"
#include "runtime/client/tensor_memory.h"
#include "runtime/device/cuda_copies.h"

namespace Atoll {
namespace {

Result<CudaCopies> load_cuda() {
  Result<CudaLibrary> library = CudaLibrary::open(lookup(current_environment(), "ATOLL_CUDART"));
  if (!library.ok()) return library.status();
  return CudaCopies(std::move(*library));
}

// The process's, loaded once. Throws DeviceError.
const CudaCopies& cuda_here() {
  static const Result<CudaCopies> loaded = load_cuda();
  if (!loaded.ok()) throw DeviceError(loaded.status().message());
  return *loaded;
}

void throw_if_refused(const Status& status) {
  if (!status.ok()) throw DeviceError(status.message());
}

// Null if it is not in the node's object memory.
PinnedMemory* pinned_at(const CudaCopies& cuda, const char* at) {
  PinnedMemory* const pinned = has_runtime() ? current_runtime().copies().pinned(cuda.functions()) : nullptr;
  return pinned != nullptr && pinned->holds(at) ? pinned : nullptr;
}

void copy_from_device(char* to, const char* from, std::size_t bytes, const void* owner) {
  const CudaCopies& cuda = cuda_here();
  const auto& buffer = *static_cast<const DeviceBuffer*>(owner);
  const auto stream = static_cast<cuda::Stream>(buffer.stream());
  throw_if_refused(cuda.copy_from(buffer.device(), stream, from, to, bytes, pinned_at(cuda, to)));
}

}  // namespace

DeviceBuffer DeviceBuffer::allocate(std::size_t bytes, int device) {
  const CudaCopies& cuda = cuda_here();
  const Result<void*> data = cuda.allocate(bytes, device);
  throw_if_refused(data.status());
  std::shared_ptr<const void> owner(*data, [&cuda, device](const void* memory) { cuda.free(const_cast<void*>(memory), device); });
  return DeviceBuffer(*data, bytes, device, std::move(owner));
}

namespace internal {

Encoded encode_device(const DeviceBuffer& buffer, std::int8_t extension, std::string head) {
  (void)cuda_here();
  Encoded encoded;
  const Setting<Encoded*> scope(encoding, &encoded);
  EncodedStream stream{encoded};
  msgpack::packer<EncodedStream> packer(stream);
  if (buffer.bytes() < Encoded::kShortestRun) {
    std::string bytes(buffer.bytes(), '\0');
    if (!bytes.empty()) copy_from_device(bytes.data(), static_cast<const char*>(buffer.data()), bytes.size(), &buffer);
    pack_values(packer, extension, head, bytes, kNobody);
  } else {
    const Setting<CopyRun> how(lent_copy, &copy_from_device);
    const std::shared_ptr<const void> kept = std::make_shared<const DeviceBuffer>(buffer);
    pack_values(packer, extension, head, {static_cast<const char*>(buffer.data()), buffer.bytes()}, kept);
  }
  return encoded;
}

DeviceBuffer copy_to_device(std::string_view bytes, int device) {
  const CudaCopies& cuda = cuda_here();
  DeviceBuffer buffer = DeviceBuffer::allocate(bytes.size(), device);
  if (bytes.empty()) return buffer;
  // What was registered is where it could be written.
  const char* const written = has_runtime() ? current_runtime().copies().writable(bytes.data()) : nullptr;
  PinnedMemory* const pinned = written == nullptr ? nullptr : pinned_at(cuda, written);
  throw_if_refused(
      cuda.copy_to(device, nullptr, buffer.data(), pinned == nullptr ? bytes.data() : written, bytes.size(), pinned));
  return buffer;
}

std::string tensor_head(const DType& dtype, const Shape& shape, std::size_t bytes) {
  if (bytes % dtype.bytes != 0) throw ShapeError(std::to_string(bytes) + " bytes are no whole number of " + dtype.name());
  check_count(shape, bytes / dtype.bytes);
  return Atoll::tensor_head(dtype, shape, row_major_strides(shape));
}

}  // namespace internal
}  // namespace Atoll
