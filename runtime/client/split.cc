#include "runtime/client/split.h"

#include <atoll/codec.h>

namespace Atoll {

Result<std::vector<std::string>> split_array(std::string_view bytes, std::size_t count) {
  try {
    const msgpack::object_handle handle = msgpack::unpack(bytes.data(), bytes.size());
    if (handle->type != msgpack::type::ARRAY)
      return Status(Code::kInvalidArgument, "the value to be split is neither a tuple nor a list");
    const msgpack::object_array& array = handle->via.array;
    if (array.size != count)
      return Status(Code::kInvalidArgument, "there are " + std::to_string(array.size) + " values, and " +
                                                std::to_string(count) + " were to be split off");
    std::vector<std::string> parts;
    parts.reserve(count);
    for (std::size_t i = 0; i < count; ++i) parts.push_back(internal::encode_value(array.ptr[i]));
    return parts;
  } catch (const std::exception& error) {
    return Status(Code::kInvalidArgument, std::string("the value to be split cannot be read: ") + error.what());
  }
}

}  // namespace Atoll
