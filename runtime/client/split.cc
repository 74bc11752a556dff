#include "runtime/client/split.h"

#include <atoll/codec.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <tuple>

#include "runtime/wire/msgpack_extent.h"

namespace Atoll {
namespace {

Status check_count(std::size_t there, std::size_t wanted) {
  if (there == wanted) return Status();
  return Status(Code::kInvalidArgument,
                "there are " + std::to_string(there) + " values, and " + std::to_string(wanted) + " were to be split off");
}

// The elements if it is an Array of T.
template <typename T>
std::optional<std::vector<T>> values_as(const msgpack::object& object) try {
  const std::string_view bytes = internal::array_bytes<T>(object);
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
} catch (const msgpack::type_error&) {
  return std::nullopt;
}

// Numbers of some type, each encoded; none if it is no array of any.
template <typename... T>
std::optional<std::vector<std::string>> split_numbers(const msgpack::object& object) {
  std::optional<std::vector<std::string>> parts;
  const auto split_as = [&]<typename Number>(Number) {
    const auto values = values_as<Number>(object);
    if (!values) return false;
    parts.emplace();
    for (const Number value : *values) parts->push_back(internal::encode_value(value));
    return true;
  };
  (void)(split_as(T()) || ...);
  return parts;
}

}  // namespace

Result<std::vector<std::string>> split_array(std::string_view bytes, std::size_t count) {
  if (!announces_what_it_has(bytes)) return Status(Code::kInvalidArgument, "the value to be split announces more than it has, or less");
  try {
    const msgpack::object_handle handle = msgpack::unpack(bytes.data(), bytes.size());
    if (auto numbers = split_numbers<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint16_t, std::uint32_t,
                                     std::uint64_t, float, double>(*handle)) {
      ATOLL_RETURN_IF_ERROR(check_count(numbers->size(), count));
      return std::move(*numbers);
    }
    if (handle->type != msgpack::type::ARRAY)
      return Status(Code::kInvalidArgument, "the value to be split is neither a tuple nor a list");
    const msgpack::object_array& array = handle->via.array;
    ATOLL_RETURN_IF_ERROR(check_count(array.size, count));
    std::vector<std::string> parts;
    parts.reserve(count);
    for (std::size_t i = 0; i < count; ++i) parts.push_back(internal::encode_value(array.ptr[i]));
    return parts;
  } catch (const std::exception& error) {
    return Status(Code::kInvalidArgument, std::string("the value to be split cannot be read: ") + error.what());
  }
}

// As Ref<T> is encoded (include/atoll/ref.h), without what follows.
bool mentions(std::string_view bytes, ObjectId object) {
  const std::string ref = internal::encode_value(std::make_tuple(static_cast<std::uint64_t>(object.process), object.sequence));
  return bytes.find(std::string_view(ref).substr(1)) != std::string_view::npos;
}

}  // namespace Atoll
