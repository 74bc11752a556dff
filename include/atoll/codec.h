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

// Throws msgpack's exceptions if `bytes` are no T.
template <typename T>
T decode_value(std::string_view bytes) {
  const msgpack::object_handle handle = msgpack::unpack(bytes.data(), bytes.size());
  return handle->as<T>();
}

}  // namespace Atoll::internal
