#include "runtime/wire/msgpack_extent.h"

#include <cstdint>

namespace Atoll {
namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

// What a msgpack header says: its own length, the bytes behind it that belong to
// it, and the values behind those.
struct Header {
  std::uint64_t length = 1, bytes = 0, values = 0;
};

Header header_at(std::string_view rest) {
  const auto type = static_cast<unsigned char>(rest[0]);
  const auto field = [&rest](std::size_t size) { return big_endian(rest.substr(1, size)); };
  const auto sized = [&](std::size_t size, std::uint64_t extra = 0) { return Header{1 + size, field(size) + extra, 0}; };
  const auto container = [&](std::size_t size, std::uint64_t each) { return Header{1 + size, 0, field(size) * each}; };
  if (type < 0x80 || type >= 0xe0) return {};
  if (type < 0x90) return {1, 0, std::uint64_t{2} * (type & 0x0f)};
  if (type < 0xa0) return {1, 0, std::uint64_t{type} & 0x0f};
  if (type < 0xc0) return {1, std::uint64_t{type} & 0x1f, 0};
  static constexpr std::uint8_t kFixed[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17};  // from 0xca to 0xd8
  if (type >= 0xca && type <= 0xd8) return {1, kFixed[type - 0xca], 0};
  switch (type) {
    case 0xc4: case 0xd9: return sized(1);
    case 0xc5: case 0xda: return sized(2);
    case 0xc6: case 0xdb: return sized(4);
    case 0xc7: return sized(1, 1);
    case 0xc8: return sized(2, 1);
    case 0xc9: return sized(4, 1);
    case 0xdc: return container(2, 1);
    case 0xdd: return container(4, 1);
    case 0xde: return container(2, 2);
    case 0xdf: return container(4, 2);
    default: return {};
  }
}

}  // namespace

bool announces_what_it_has(std::string_view bytes) {
  std::uint64_t values = 1;
  for (; values > 0 && !bytes.empty(); --values) {
    const Header header = header_at(bytes);
    values += header.values;
    if (header.length > bytes.size() || header.bytes > bytes.size() - header.length) return false;
    bytes.remove_prefix(header.length + header.bytes);
    if (values - 1 > bytes.size()) return false;
  }
  return values == 0;
}

}  // namespace Atoll
