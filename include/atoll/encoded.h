#pragma once

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif
#include <msgpack.hpp>

#include <string>
#include <string_view>

// Makes a struct of the user's own an argument or a result: name its fields.
//
//   struct Point { double x, y; ATOLL_FIELDS(x, y) };
#define ATOLL_FIELDS(...) MSGPACK_DEFINE_ARRAY(__VA_ARGS__)

namespace Atoll::internal {

// Values travel as msgpack; whatever msgpack-cxx packs can be an argument.
struct StringStream {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

template <typename T>
std::string encode_value(const T& value) {
  std::string bytes;
  StringStream stream{bytes};
  msgpack::pack(stream, value);
  return bytes;
}

// Throws msgpack's exceptions if `bytes` are no T. What a small value is unpacked
// into comes from malloc's fastest bins, and strings are not copied there.
template <typename T>
T decode_value(std::string_view bytes) {
  msgpack::zone zone(bytes.size() < 100 ? 512 : MSGPACK_ZONE_CHUNK_SIZE);
  bool referenced = false;
  const auto refer = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  std::size_t offset = 0;
  return msgpack::unpack(zone, bytes.data(), bytes.size(), offset, referenced, refer).template as<T>();
}

}  // namespace Atoll::internal
