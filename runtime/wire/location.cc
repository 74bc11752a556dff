#include "runtime/wire/location.h"

#include "runtime/wire/pack.h"

namespace Atoll {
namespace {

constexpr std::size_t kMostBytes = 16'384;  // two addresses of 4 KiB at most

}  // namespace

std::string encode_location(const Location& location) {
  msgpack::sbuffer buffer;
  buffer.write(&kLocationMark, 1);
  msgpack::pack(buffer, location);
  return {buffer.data(), buffer.size()};
}

Result<Location> decode_location(std::string_view value) {
  if (!is_location(value) || value.size() > kMostBytes) return Status(Code::kInvalidArgument, "the value is no location");
  const std::string_view fields = value.substr(1);
  const std::size_t size = fields.size();
  try {
    std::size_t offset = 0;
    const msgpack::object_handle object = msgpack::unpack(fields.data(), size, offset, nullptr, nullptr,
                                                          msgpack::unpack_limit(size, size, size, size, size, /*depth=*/4));
    if (offset != size) return Status(Code::kInvalidArgument, "bytes follow an object's location");
    return object->as<Location>();
  } catch (const std::exception& error) {
    return Status(Code::kInvalidArgument, std::string("an object's location cannot be read: ") + error.what());
  }
}

}  // namespace Atoll
