// What other processes say of large values is decoded or refused: where one is, and an array's own description, whose values
// lie inside of its bytes.
#include <atoll/codec.h>

#include "runtime/base/check.h"
#include "runtime/wire/location.h"
#include "tests/support/fuzz_target.h"

namespace {

using Atoll::Array;

struct Particle {
  float x, y;
  int charge;
};

void check_location(std::string_view bytes) {
  const Atoll::Result<Atoll::Location> location = Atoll::decode_location(bytes);
  if (!location.ok()) return;
  const Atoll::Result<Atoll::Location> again = Atoll::decode_location(Atoll::encode_location(*location));
  ATOLL_CHECK(again.ok() && *again == *location, location->copy);
}

// As an extension of that payload.
template <typename T>
void check_array(const std::string& payload) try {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_ext(payload.size(), Atoll::internal::kArrayExtension);
  packer.pack_ext_body(payload.data(), static_cast<std::uint32_t>(payload.size()));
  const auto kept = std::make_shared<std::string>(buffer.data(), buffer.size());
  const auto array = Atoll::internal::decode_value<Array<T>>(Atoll::internal::Bytes(*kept, kept));
  ATOLL_CHECK(array.size() * sizeof(T) <= payload.size(), array.size(), payload.size());
  const auto again = Atoll::internal::decode_value<Array<T>>(Atoll::internal::encode_value(array));
  ATOLL_CHECK(again.size() == array.size(), again.size(), array.size());
  ATOLL_CHECK(array.empty() || std::memcmp(again.data(), array.data(), array.size() * sizeof(T)) == 0, array.size());
} catch (const msgpack::type_error&) {
}

template <typename T>
std::string payload_of(std::size_t count, std::uint16_t pad) {
  Atoll::internal::ArrayHeader header = Atoll::internal::array_header<T>();
  header.pad = pad;
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + std::string(pad + count * sizeof(T), '\x11');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  check_location(bytes);
  check_array<double>(bytes);
  check_array<char>(bytes);
  check_array<Particle>(bytes);
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  const auto location = [](std::uint64_t number, const std::string& address) {
    return encode_location({{ProcessId(number), NodeId(3), address}, number, number << 20});
  };
  return {"value",
          {location(1, ""), location(~std::uint64_t{0}, std::string(300, 'a')), payload_of<double>(9, 0), payload_of<double>(600, 50),
           payload_of<char>(5, 3), payload_of<Particle>(7, 63)},
          {"\xc1", "\x93", "\x90", "\xdd\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff", "\xff\xff", "\x02\x40", "\x03"}};
}
