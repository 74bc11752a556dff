#pragma once

// Values from and to the memory of GPUs, through CUDA's runtime. It is loaded when this is first used, and need not be
// there otherwise: the one that the program is linked with, or the one that ATOLL_CUDART names, or the newest.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <atoll/array.h>
#include <atoll/error.h>
#include <atoll/ref.h>
#include <atoll/tensor.h>

namespace Atoll {

// Memory of a GPU. Copies of a DeviceBuffer refer to the same. It is not a value: put() it, and to_device() of the Ref brings
// it back, on whatever node and GPU.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  // Memory that `owner` keeps, or the caller, on the GPU `device` as CUDA numbers it in this process. `stream`: a
  // cudaStream_t of that GPU, behind whose work it is copied; null: the default stream.
  DeviceBuffer(void* data, std::size_t bytes, int device, std::shared_ptr<const void> owner = nullptr, void* stream = nullptr)
      : data_(data), bytes_(bytes), device_(device), owner_(std::move(owner)), stream_(stream) {}
  // New memory, freed with the last copy. Throws DeviceError.
  static DeviceBuffer allocate(std::size_t bytes, int device);

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  int device() const { return device_; }
  void* stream() const { return stream_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
  int device_ = 0;
  std::shared_ptr<const void> owner_;
  void* stream_ = nullptr;
};

namespace internal {

// An extension of `head` and the buffer's bytes, which are copied from the GPU to where the encoding goes. Throws DeviceError,
// then or when it is copied.
Encoded encode_device(const DeviceBuffer& buffer, std::int8_t extension, std::string head);
// Throws DeviceError.
DeviceBuffer copy_to_device(std::string_view bytes, int device);
// The head of a tensor in row-major order. Throws ShapeError unless that takes `bytes`.
std::string tensor_head(const DType& dtype, const Shape& shape, std::size_t bytes);

template <typename T>
DeviceBuffer to_device(const Array<T>& array, int device) {
  return copy_to_device({reinterpret_cast<const char*>(array.data()), array.size() * sizeof(T)}, device);
}
template <typename T>
DeviceBuffer to_device(const Tensor<T>& tensor, int device) {
  return to_device(tensor.flat(), device);
}
inline DeviceBuffer to_device(const AnyTensor& tensor, int device) {
  const AnyTensor packed = tensor.contiguous();
  return copy_to_device({static_cast<const char*>(packed.data()), packed.size() * packed.dtype().bytes}, device);
}

}  // namespace internal

// Puts what is in the GPU's memory: it is copied from there to where the value goes, in the node's object memory if it is
// large, and that is done when this returns. Whoever reads it reads an array of bytes. Throws DeviceError, OutOfMemoryError.
inline Ref<Array<unsigned char>> put(const DeviceBuffer& buffer) {
  const internal::ArrayHeader header = internal::array_header<unsigned char>();
  std::string head(reinterpret_cast<const char*>(&header), sizeof header);
  return Ref<Array<unsigned char>>(
      internal::put_object(internal::encode_device(buffer, internal::kArrayExtension, std::move(head))));
}
// As a tensor in row-major order, which must take as many bytes: else ShapeError.
template <typename T>
Ref<Tensor<T>> put(const DeviceBuffer& buffer, const Shape& shape) {
  std::string head = internal::tensor_head(dtype_of<T>(), shape, buffer.bytes());
  return Ref<Tensor<T>>(internal::put_object(internal::encode_device(buffer, internal::kTensorExtension, std::move(head))));
}

template <typename T>
DeviceBuffer Ref<T>::to_device(int device) const {
  return internal::to_device(view(), device);
}

}  // namespace Atoll
