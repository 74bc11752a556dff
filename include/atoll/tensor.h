#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <atoll/array.h>
#include <atoll/error.h>

namespace Atoll {

// What the elements of a tensor are, in DLPack's terms.
struct DType {
  std::uint8_t code = 0;  // 0 int, 1 uint, 2 float, 6 bool; 3: a struct
  std::uint8_t bits = 0;  // of a number; 0: a struct
  std::uint32_t bytes = 0;

  // "float64", "uint8", "bool", "struct of 12 bytes".
  std::string name() const;
  friend bool operator==(const DType&, const DType&) = default;
};
template <typename T>
constexpr DType dtype_of() {
  constexpr internal::ArrayHeader header = internal::array_header<T>();
  return {header.code, header.bits, header.element_bytes};
}

using Shape = std::vector<std::size_t>;
using Strides = std::vector<std::ptrdiff_t>;  // in elements

template <typename T>
class Tensor;
class AnyTensor;
namespace internal {
[[noreturn]] void throw_wrong_type(const AnyTensor& tensor, const DType& wanted);
}

// A tensor whose elements' type is found out when it is read. Immutable and shared as an Array is: copies, slices,
// transposes and views of a tensor refer to the same memory, which lives until the last is gone, and one that was got lies
// where it was put. Any thread may read it.
//
// TENSOR-1 Every element lies within the memory that the owner keeps: whatever bytes a tensor is decoded from.
// TENSOR-2 put() of a tensor whose memory is one block without gaps, in whatever order of dimensions, keeps its strides and
//          copies it once; of any other it packs the elements in row-major order first.
// TENSOR-3 A tensor is of kMostDimensions at most, and of as many elements as fit into memory: who makes another gets a
//          ShapeError.
class AnyTensor {
 public:
  static constexpr std::size_t kMostDimensions = 32;

  // No elements: a shape of {0}, of bytes.
  AnyTensor();
  // The memory of the first element and of those that the strides lead to is `owner`'s, who keeps it as it is.
  AnyTensor(DType dtype, Shape shape, Strides strides, const void* first, std::shared_ptr<const void> owner);

  const DType& dtype() const { return dtype_; }
  std::size_t rank() const { return shape_.size(); }
  const Shape& shape() const { return shape_; }
  const Strides& strides() const { return strides_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // The first element.
  const void* data() const { return data_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }
  // "float64[3, 4]".
  std::string description() const;

  template <typename T>
  bool is() const {
    return dtype_ == dtype_of<T>();
  }
  // The same memory. Throws WrongTypeError, which names both, if the elements are no Ts.
  template <typename T>
  Tensor<T> as() const;

  // Views of the same memory. They throw ShapeError for what is not there.
  // Of dimension `dimension` the indices from `first` on, `count` of them.
  AnyTensor slice(std::size_t dimension, std::size_t first, std::size_t count) const;
  // The dimensions in reverse order, or in the order given.
  AnyTensor transposed() const;
  AnyTensor transposed(const std::vector<std::size_t>& order) const;
  // The same elements, taken in row-major order; copied first if they do not lie so.
  AnyTensor reshaped(Shape shape) const;

  // Whether the elements lie one behind the other in row-major order.
  bool is_contiguous() const;
  // Itself if it is so, else a copy that is.
  AnyTensor contiguous() const;
  // Where the element with these indices is, from data() on. Throws ShapeError.
  std::ptrdiff_t offset_of(const std::size_t* indices, std::size_t count) const;

 private:
  AnyTensor view(Shape shape, Strides strides, std::ptrdiff_t first) const;

  DType dtype_;
  Shape shape_;
  Strides strides_;
  std::size_t size_ = 0;
  const char* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

// A tensor of numbers, or of structs that can be copied as bytes.
template <typename T>
class Tensor {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>,
                "a Tensor is of numbers, or of structs without pointers");

 public:
  using value_type = T;

  Tensor() : Tensor(Shape{0}, Array<T>()) {}
  // The values in row-major order, as many as the shape has elements: else ShapeError. A vector is taken over, an Array
  // shared.
  Tensor(Shape shape, const Array<T>& values);
  // Of memory that `owner` keeps as it is: the first element, and strides in elements, of either sign.
  Tensor(Shape shape, Strides strides, const T* first, std::shared_ptr<const void> owner)
      : any_(dtype_of<T>(), std::move(shape), std::move(strides), first, std::move(owner)) {}
  // Throws WrongTypeError, as as() does.
  explicit Tensor(AnyTensor any) : any_(std::move(any)) {
    if (!any_.is<T>()) internal::throw_wrong_type(any_, dtype_of<T>());
  }

  std::size_t rank() const { return any_.rank(); }
  const Shape& shape() const { return any_.shape(); }
  const Strides& strides() const { return any_.strides(); }
  std::size_t size() const { return any_.size(); }
  bool empty() const { return any_.empty(); }
  const T* data() const { return static_cast<const T*>(any_.data()); }

  // As many indices as there are dimensions. Neither their number nor what they are is checked.
  template <std::convertible_to<std::size_t>... Index>
  const T& operator()(Index... indices) const {
    const std::ptrdiff_t* stride = any_.strides().data();
    std::ptrdiff_t offset = 0;
    ((offset += static_cast<std::ptrdiff_t>(indices) * *stride++), ...);
    return data()[offset];
  }
  // Likewise, but throws ShapeError.
  template <std::convertible_to<std::size_t>... Index>
  const T& at(Index... indices) const {
    const std::size_t all[] = {static_cast<std::size_t>(indices)..., 0};
    return data()[any_.offset_of(all, sizeof...(Index))];
  }

  Tensor slice(std::size_t dimension, std::size_t first, std::size_t count) const {
    return Tensor(any_.slice(dimension, first, count));
  }
  Tensor transposed() const { return Tensor(any_.transposed()); }
  Tensor transposed(const std::vector<std::size_t>& order) const { return Tensor(any_.transposed(order)); }
  Tensor reshaped(Shape shape) const { return Tensor(any_.reshaped(std::move(shape))); }
  bool is_contiguous() const { return any_.is_contiguous(); }
  Tensor contiguous() const { return Tensor(any_.contiguous()); }
  // The elements in row-major order; copied if they do not lie so.
  Array<T> flat() const {
    const Tensor packed = contiguous();
    return Array<T>({packed.data(), packed.size()}, packed.any_.owner());
  }
  const AnyTensor& any() const { return any_; }
  operator const AnyTensor&() const { return any_; }  // NOLINT: implicit on purpose

  // Whether the shapes and the elements are the same, however they lie.
  friend bool operator==(const Tensor& a, const Tensor& b) requires std::equality_comparable<T> {
    return a.shape() == b.shape() && a.flat() == b.flat();
  }

 private:
  AnyTensor any_;
};

namespace internal {

// The msgpack extension type of a tensor: a TensorHeader, its shape and strides, `pad` bytes, and the elements, which lie
// as an array's do. atoll-object-format(7) draws it.
inline constexpr std::int8_t kTensorExtension = 2;

struct TensorHeader {
  ArrayHeader array;
  std::uint32_t rank = 0;
  std::uint32_t reserved = 0;  // 0
  // Then std::uint64_t shape[rank], std::int64_t strides[rank].
};
static_assert(sizeof(TensorHeader) == 16);

Strides row_major_strides(const Shape& shape);
// Throws ShapeError if there are more than `given` or fewer.
void check_count(const Shape& shape, std::size_t given);

// As it travels: without gaps, and what stands in front of the elements.
struct PackedTensor {
  explicit PackedTensor(const AnyTensor& tensor);
  std::string_view elements() const { return {static_cast<const char*>(dense.data()), dense.size() * dense.dtype().bytes}; }

  AnyTensor dense;
  std::string head;
};

// A tensor, or an array, in the bytes that are decoded if their keeper is known and they lie right; else a copy. Throws
// msgpack::type_error, with words, if it is neither.
AnyTensor tensor_of(const msgpack::object& object);
// Likewise, and if it is of other elements.
AnyTensor tensor_of(const msgpack::object& object, const DType& wanted);

template <typename T>
struct Viewed<Tensor<T>> {
  using Type = Tensor<T>;
};
template <>
struct Viewed<AnyTensor> {
  using Type = AnyTensor;
};
template <typename T>
inline constexpr bool kEncodedAs<Tensor<T>, AnyTensor> = true;
template <typename T>
inline constexpr bool kEncodedAs<Array<T>, AnyTensor> = true;

}  // namespace internal

template <typename T>
Tensor<T> AnyTensor::as() const {
  return Tensor<T>(*this);
}

template <typename T>
Tensor<T>::Tensor(Shape shape, const Array<T>& values) {
  internal::check_count(shape, values.size());
  Strides strides = internal::row_major_strides(shape);
  any_ = AnyTensor(dtype_of<T>(), std::move(shape), std::move(strides), values.data(), values.owner());
}

}  // namespace Atoll

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
  namespace adaptor {

  template <>
  struct pack<Atoll::AnyTensor> {
    template <typename Stream>
    packer<Stream>& operator()(packer<Stream>& out, const Atoll::AnyTensor& tensor) const {
      Atoll::internal::PackedTensor packed(tensor);
      Atoll::internal::pack_values(out, Atoll::internal::kTensorExtension, packed.head, packed.elements(), packed.dense.owner());
      return out;
    }
  };
  template <>
  struct convert<Atoll::AnyTensor> {
    const msgpack::object& operator()(const msgpack::object& in, Atoll::AnyTensor& tensor) const {
      tensor = Atoll::internal::tensor_of(in);
      return in;
    }
  };
  template <typename T>
  struct pack<Atoll::Tensor<T>> {
    template <typename Stream>
    packer<Stream>& operator()(packer<Stream>& out, const Atoll::Tensor<T>& tensor) const {
      return pack<Atoll::AnyTensor>()(out, tensor.any());
    }
  };
  template <typename T>
  struct convert<Atoll::Tensor<T>> {
    const msgpack::object& operator()(const msgpack::object& in, Atoll::Tensor<T>& tensor) const {
      tensor = Atoll::Tensor<T>(Atoll::internal::tensor_of(in, Atoll::dtype_of<T>()));
      return in;
    }
  };

  }  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
