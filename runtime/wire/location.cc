#include "runtime/wire/location.h"

#include "runtime/wire/pack.h"

namespace Atoll {

std::string encode_location(const Location& location) {
  msgpack::sbuffer buffer;
  buffer.write(&kLocationMark, 1);
  msgpack::pack(buffer, location);
  return {buffer.data(), buffer.size()};
}

Result<Location> decode_location(std::string_view value) {
  if (!is_location(value)) return Status(Code::kInvalidArgument, "the value is no location");
  try {
    return msgpack::unpack(value.data() + 1, value.size() - 1)->as<Location>();
  } catch (const std::exception& error) {
    return Status(Code::kInvalidArgument, std::string("an object's location cannot be read: ") + error.what());
  }
}

}  // namespace Atoll
