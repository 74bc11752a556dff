// Shapes and strides (include/atoll/tensor.h), whatever the elements are.

#include <atoll/tensor.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>

#include "runtime/client/tensor_memory.h"

namespace Atoll {
namespace {

// Throws ShapeError beyond what can be counted, in elements and in bytes.
std::size_t count_of(const Shape& shape, std::size_t element_bytes) {
  if (shape.size() > AnyTensor::kMostDimensions)
    throw ShapeError("a tensor of " + std::to_string(shape.size()) +
                     " dimensions: " + std::to_string(AnyTensor::kMostDimensions) + " is the limit");
  if (std::ranges::find(shape, std::size_t{0}) != shape.end()) return 0;
  std::size_t bytes = element_bytes;
  for (const std::size_t extent : shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes) || bytes > PTRDIFF_MAX)
      throw ShapeError("a tensor of shape " + words_of(shape) + " fits into no memory");
  return bytes / element_bytes;
}

// Of rows that are `bytes` wide, from the dimension `at` on; `to` moves on.
void copy_rows(const AnyTensor& tensor, std::size_t at, const char* from, char*& to) {
  const std::size_t bytes = tensor.dtype().bytes;
  if (at == tensor.rank()) {
    std::memcpy(to, from, bytes);
    to += bytes;
    return;
  }
  const std::size_t extent = tensor.shape()[at];
  // The stride of a dimension of one says nothing, and may be any number.
  const std::ptrdiff_t step = extent == 1 ? 0 : tensor.strides()[at] * static_cast<std::ptrdiff_t>(bytes);
  const auto row = [&](std::size_t i) { return from + static_cast<std::ptrdiff_t>(i) * step; };
  const auto each = [&](auto size) {
    for (std::size_t i = 0; i < extent; ++i, to += size) std::memcpy(to, row(i), size);
  };
  if (at + 1 < tensor.rank())
    for (std::size_t i = 0; i < extent; ++i) copy_rows(tensor, at + 1, row(i), to);
  else if (bytes == 8)
    each(std::integral_constant<std::size_t, 8>());
  else if (bytes == 4)
    each(std::integral_constant<std::size_t, 4>());
  else
    each(bytes);
}

[[noreturn]] void throw_no_dimension(const AnyTensor& tensor, std::size_t dimension) {
  throw ShapeError("there is no dimension " + std::to_string(dimension) + " in a tensor " + tensor.description());
}

}  // namespace

std::string words_of(const Shape& shape) {
  std::string words = "[";
  for (const std::size_t extent : shape) words += (words.size() == 1 ? "" : ", ") + std::to_string(extent);
  return words + "]";
}

std::shared_ptr<char> tensor_memory(std::size_t bytes) {
  constexpr std::align_val_t kAlign{internal::kArrayAlign};
  return {static_cast<char*>(::operator new(bytes, kAlign)), [](char* memory) { ::operator delete(memory, kAlign); }};
}

bool has_no_gaps(const Shape& shape, const Strides& strides) {
  std::vector<std::pair<std::ptrdiff_t, std::size_t>> dimensions;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) return true;
    if (shape[i] > 1) dimensions.emplace_back(strides[i], shape[i]);
  }
  std::ranges::sort(dimensions);
  std::ptrdiff_t next = 1;
  for (const auto& [stride, extent] : dimensions)
    if (stride != next || __builtin_mul_overflow(next, extent, &next)) return false;
  return true;
}

std::string DType::name() const {
  const std::string width = std::to_string(bits);
  switch (code) {
    case 0:
      return "int" + width;
    case 1:
      return "uint" + width;
    case 2:
      return "float" + width;
    case 3:
      return "struct of " + std::to_string(bytes) + " bytes";
    case 4:
      return "bfloat" + width;
    case 5:
      return "complex" + width;
    case 6:
      return "bool";
    default:
      return "type " + std::to_string(code) + " of " + width + " bits";
  }
}

AnyTensor::AnyTensor() : AnyTensor(dtype_of<std::uint8_t>(), {0}, {1}, nullptr, nullptr) {}

AnyTensor::AnyTensor(DType dtype, Shape shape, Strides strides, const void* first, std::shared_ptr<const void> owner)
    : dtype_(dtype),
      shape_(std::move(shape)),
      strides_(std::move(strides)),
      size_(count_of(shape_, dtype.bytes)),
      data_(size_ == 0 ? nullptr : static_cast<const char*>(first)),
      owner_(std::move(owner)) {
  if (strides_.size() != shape_.size())
    throw ShapeError(std::to_string(strides_.size()) + " strides for a tensor " + description());
}

std::string AnyTensor::description() const { return dtype_.name() + words_of(shape_); }

AnyTensor AnyTensor::view(Shape shape, Strides strides, std::ptrdiff_t first) const {
  const char* const data = size_ == 0 ? nullptr : data_ + first * static_cast<std::ptrdiff_t>(dtype_.bytes);
  return AnyTensor(dtype_, std::move(shape), std::move(strides), data, owner_);
}

AnyTensor AnyTensor::slice(std::size_t dimension, std::size_t first, std::size_t count) const {
  if (dimension >= rank()) throw_no_dimension(*this, dimension);
  const std::size_t extent = shape_[dimension];
  if (first > extent || count > extent - first)
    throw ShapeError("a slice of " + std::to_string(count) + " from " + std::to_string(first) + " on is not in dimension " +
                     std::to_string(dimension) + " of a tensor " + description());
  Shape shape = shape_;
  shape[dimension] = count;
  return view(std::move(shape), strides_, count == 0 ? 0 : static_cast<std::ptrdiff_t>(first) * strides_[dimension]);
}

AnyTensor AnyTensor::transposed() const {
  return view({shape_.rbegin(), shape_.rend()}, {strides_.rbegin(), strides_.rend()}, 0);
}

AnyTensor AnyTensor::transposed(const std::vector<std::size_t>& order) const {
  std::vector<std::size_t> all(rank());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (!std::is_permutation(order.begin(), order.end(), all.begin(), all.end()))
    throw ShapeError(words_of(order) + " is no order of the dimensions of a tensor " + description());
  Shape shape;
  Strides strides;
  for (const std::size_t dimension : order) {
    shape.push_back(shape_[dimension]);
    strides.push_back(strides_[dimension]);
  }
  return view(std::move(shape), std::move(strides), 0);
}

AnyTensor AnyTensor::reshaped(Shape shape) const {
  internal::check_count(shape, size_);
  const AnyTensor packed = contiguous();
  Strides strides = internal::row_major_strides(shape);
  return packed.view(std::move(shape), std::move(strides), 0);
}

bool AnyTensor::is_contiguous() const {
  if (size_ == 0) return true;
  const Strides wanted = internal::row_major_strides(shape_);
  for (std::size_t i = 0; i < rank(); ++i)
    if (shape_[i] > 1 && strides_[i] != wanted[i]) return false;
  return true;
}

AnyTensor AnyTensor::contiguous() const {
  if (is_contiguous()) return *this;
  const std::shared_ptr<char> memory = tensor_memory(size_ * dtype_.bytes);
  char* to = memory.get();
  copy_rows(*this, 0, data_, to);
  return AnyTensor(dtype_, shape_, internal::row_major_strides(shape_), memory.get(), memory);
}

std::ptrdiff_t AnyTensor::offset_of(const std::size_t* indices, std::size_t count) const {
  if (count != rank())
    throw ShapeError(std::to_string(count) + (count == 1 ? " index" : " indices") + " for a tensor " + description());
  std::ptrdiff_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (indices[i] >= shape_[i])
      throw ShapeError("index " + std::to_string(indices[i]) + " is not in dimension " + std::to_string(i) + " of a tensor " +
                       description());
    offset += static_cast<std::ptrdiff_t>(indices[i]) * strides_[i];
  }
  return offset;
}

namespace internal {

Strides row_major_strides(const Shape& shape) {
  Strides strides(shape.size());
  std::size_t next = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = static_cast<std::ptrdiff_t>(next);
    next *= std::max<std::size_t>(shape[i], 1);
  }
  return strides;
}

void check_count(const Shape& shape, std::size_t given) {
  const std::size_t wanted = count_of(shape, 1);
  if (given != wanted)
    throw ShapeError(std::to_string(given) + " elements for the shape " + words_of(shape) + ", which has " +
                     std::to_string(wanted));
}

void throw_wrong_type(const AnyTensor& tensor, const DType& wanted) {
  throw WrongTypeError("the tensor is " + tensor.description() + ", its elements are no " + wanted.name());
}

}  // namespace internal
}  // namespace Atoll
