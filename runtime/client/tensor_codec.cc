// A tensor as it travels (include/atoll/tensor.h, atoll-object-format(7)).

#include <algorithm>
#include <cstring>

#include "runtime/client/tensor_memory.h"

namespace Atoll {
namespace {

using internal::ArrayHeader;
using internal::TensorHeader;

// msgpack's, with words.
class NoTensor : public msgpack::type_error {
 public:
  explicit NoTensor(std::string why) : why_(std::move(why)) {}
  const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

template <typename To, typename From>
void append(std::string& bytes, const std::vector<From>& values) {
  for (const From value : values) {
    const To wide = static_cast<To>(value);
    bytes.append(reinterpret_cast<const char*>(&wide), sizeof wide);
  }
}

template <typename To>
std::vector<To> take(std::string_view& bytes, std::size_t count) {
  std::vector<To> values(count);
  if (count > 0) std::memcpy(values.data(), bytes.data(), count * sizeof(To));  // a tensor of no dimension has none
  bytes.remove_prefix(count * sizeof(To));
  return values;
}

template <typename Header>
Header take_header(std::string_view& bytes) {
  Header header;
  if (bytes.size() < sizeof header) throw NoTensor("a tensor's header is cut off");
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.remove_prefix(sizeof header);
  return header;
}

// Takes the padding off; what is left are whole elements.
DType take_padding(const ArrayHeader& header, std::string_view& bytes) {
  const DType dtype{header.code, header.bits, header.element_bytes};
  if (dtype.bytes == 0 || (dtype.code != 3 && dtype.bits != std::uint64_t{8} * dtype.bytes))
    throw NoTensor("elements of " + std::to_string(dtype.bits) + " bits in " + std::to_string(dtype.bytes) +
                   " bytes are no tensor's");
  if (header.pad > bytes.size() || (bytes.size() - header.pad) % dtype.bytes != 0)
    throw NoTensor("a tensor's elements are cut off");
  bytes.remove_prefix(header.pad);
  return dtype;
}

// A number is read at a multiple of its size, a struct of no more than what divides its own.
bool lies_right(const char* data, const DType& dtype) {
  const std::size_t align = std::min<std::size_t>(dtype.bytes & -dtype.bytes, internal::kArrayAlign);
  return reinterpret_cast<std::uintptr_t>(data) % align == 0;
}

AnyTensor place(const DType& dtype, Shape shape, Strides strides, std::string_view elements) {
  if (elements.empty()) return AnyTensor(dtype, std::move(shape), std::move(strides), nullptr, nullptr);
  if (internal::keeper != nullptr && *internal::keeper != nullptr && lies_right(elements.data(), dtype))
    return AnyTensor(dtype, std::move(shape), std::move(strides), elements.data(), *internal::keeper);
  const std::shared_ptr<char> copy = tensor_memory(elements.size());
  std::memcpy(copy.get(), elements.data(), elements.size());
  return AnyTensor(dtype, std::move(shape), std::move(strides), copy.get(), copy);
}

AnyTensor array_of(std::string_view bytes) {
  const auto header = take_header<ArrayHeader>(bytes);
  const DType dtype = take_padding(header, bytes);
  return place(dtype, {bytes.size() / dtype.bytes}, {1}, bytes);
}

AnyTensor tensor_of_bytes(std::string_view bytes) {
  const auto header = take_header<TensorHeader>(bytes);
  if (header.rank > AnyTensor::kMostDimensions || header.reserved != 0 || bytes.size() < 16 * std::size_t{header.rank})
    throw NoTensor("a tensor of " + std::to_string(header.rank) + " dimensions in " + std::to_string(bytes.size()) + " bytes");
  const auto shape = take<std::uint64_t>(bytes, header.rank);
  const auto strides = take<std::int64_t>(bytes, header.rank);
  const DType dtype = take_padding(header.array, bytes);
  try {
    const Shape extents(shape.begin(), shape.end());
    const Strides steps(strides.begin(), strides.end());
    internal::check_count(extents, bytes.size() / dtype.bytes);
    if (!has_no_gaps(extents, steps)) throw NoTensor("a tensor's elements do not lie in one block");
    return place(dtype, extents, bytes.empty() ? internal::row_major_strides(extents) : steps, bytes);
  } catch (const ShapeError& error) {
    throw NoTensor(error.words());
  }
}

}  // namespace

std::string tensor_head(const DType& dtype, const Shape& shape, const Strides& strides) {
  TensorHeader header;
  header.array = {dtype.code, dtype.bits, 0, dtype.bytes};
  header.rank = static_cast<std::uint32_t>(shape.size());
  std::string head(reinterpret_cast<const char*>(&header), sizeof header);
  append<std::uint64_t>(head, shape);
  append<std::int64_t>(head, strides);
  return head;
}

namespace internal {

PackedTensor::PackedTensor(const AnyTensor& tensor)
    : dense(has_no_gaps(tensor.shape(), tensor.strides()) ? tensor : tensor.contiguous()),
      head(tensor_head(dense.dtype(), dense.shape(), dense.strides())) {}

AnyTensor tensor_of(const msgpack::object& object) {
  if (object.type != msgpack::type::EXT) throw NoTensor("the value is neither a tensor nor an array");
  const std::string_view bytes(object.via.ext.data(), object.via.ext.size);
  if (object.via.ext.type() == kArrayExtension) return Atoll::array_of(bytes);
  if (object.via.ext.type() == kTensorExtension) return tensor_of_bytes(bytes);
  throw NoTensor("the value is neither a tensor nor an array");
}

AnyTensor tensor_of(const msgpack::object& object, const DType& wanted) {
  AnyTensor tensor = tensor_of(object);
  if (tensor.dtype() != wanted)
    throw NoTensor("the tensor is " + tensor.description() + ", its elements are no " + wanted.name());
  return tensor;
}

}  // namespace internal
}  // namespace Atoll
