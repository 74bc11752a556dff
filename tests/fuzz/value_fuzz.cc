// What other processes say of large values is decoded or refused: where one is, and an array's or a tensor's own description,
// whose values lie inside of its bytes.
#include <atoll/codec.h>
#include <atoll/ref.h>
#include <atoll/tensor.h>

#include "runtime/base/check.h"
#include "runtime/client/connect.h"
#include "runtime/client/split.h"
#include "runtime/wire/location.h"
#include "runtime/wire/msgpack_extent.h"
#include "tests/support/fuzz_target.h"

namespace {

using Atoll::AnyTensor;
using Atoll::Array;
using Atoll::Tensor;

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

// Where an owner is, as a Ref has it inside.
void check_contact(const std::string& bytes) {
  const Atoll::Result<Atoll::Contact> contact = Atoll::decode_contact(bytes);
  if (!contact.ok()) return;
  const Atoll::Result<Atoll::Contact> again = Atoll::decode_contact(Atoll::encode_contact(*contact));
  ATOLL_CHECK(again.ok() && *again == *contact, contact->address.size());
}

// A Ref as it stands in values. This process is in no cluster: it is decoded, and not counted.
void check_ref(const std::string& bytes) try {
  if (!Atoll::announces_what_it_has(bytes)) return;
  const auto ref = Atoll::internal::decode_value<std::vector<Atoll::Ref<int>>>(bytes);
  const auto again = Atoll::internal::decode_value<std::vector<Atoll::Ref<int>>>(Atoll::internal::encode_value(ref));
  ATOLL_CHECK(again.size() == ref.size(), again.size(), ref.size());
} catch (const std::exception&) {
}

// A value that is taken apart without its type.
void check_split(const std::string& bytes) {
  const Atoll::Result<std::vector<std::string>> parts = Atoll::split_array(bytes, 2);
  if (parts.ok()) ATOLL_CHECK(parts->size() == 2, parts->size());
}

std::shared_ptr<std::string> extension_of(std::int8_t type, const std::string& payload) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_ext(payload.size(), type);
  packer.pack_ext_body(payload.data(), static_cast<std::uint32_t>(payload.size()));
  return std::make_shared<std::string>(buffer.data(), buffer.size());
}

// As an extension of that payload.
template <typename T>
void check_array(const std::string& payload) try {
  const auto kept = extension_of(Atoll::internal::kArrayExtension, payload);
  const auto array = Atoll::internal::decode_value<Array<T>>(Atoll::internal::Bytes(*kept, kept));
  ATOLL_CHECK(array.size() * sizeof(T) <= payload.size(), array.size(), payload.size());
  const auto again = Atoll::internal::decode_value<Array<T>>(Atoll::internal::encode_value(array));
  ATOLL_CHECK(again.size() == array.size(), again.size(), array.size());
  ATOLL_CHECK(array.empty() || std::memcmp(again.data(), array.data(), array.size() * sizeof(T)) == 0, array.size());
} catch (const msgpack::type_error&) {
}

// Where its elements are is read to the last, packed, and compared.
void check_tensor(const std::string& payload) try {
  const auto kept = extension_of(Atoll::internal::kTensorExtension, payload);
  const auto tensor = Atoll::internal::decode_value<AnyTensor>(Atoll::internal::Bytes(*kept, kept));
  ATOLL_CHECK(tensor.size() * tensor.dtype().bytes <= payload.size(), tensor.size(), payload.size());
  const AnyTensor packed = tensor.contiguous();
  const AnyTensor again = Atoll::internal::decode_value<AnyTensor>(Atoll::internal::encode_value(tensor));
  ATOLL_CHECK(again.shape() == tensor.shape() && again.dtype() == tensor.dtype(), again.description(), tensor.description());
  const AnyTensor both = again.contiguous();
  ATOLL_CHECK(packed.empty() || std::memcmp(packed.data(), both.data(), packed.size() * packed.dtype().bytes) == 0,
              packed.size());
} catch (const msgpack::type_error&) {
}

std::string tensor_payload(const AnyTensor& tensor, std::size_t pad) {
  const Atoll::internal::PackedTensor packed(tensor);
  std::string head = packed.head;
  head[offsetof(Atoll::internal::ArrayHeader, pad)] = static_cast<char>(pad);
  return head + std::string(pad, '\0') + std::string(packed.elements());
}

// A dimension of one, whose stride no offset is made of, and two that do not lie in row-major order.
AnyTensor turned_row() {
  const auto memory = std::make_shared<std::vector<int>>(6, 7);
  return Tensor<int>({3, 1, 2}, {1, PTRDIFF_MAX / 2, 3}, memory->data(), memory);
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
  check_contact(bytes);
  check_ref(bytes);
  check_split(bytes);
  check_array<double>(bytes);
  check_array<char>(bytes);
  check_array<Particle>(bytes);
  check_tensor(bytes);
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  const auto location = [](std::uint64_t number, const std::string& address) {
    return encode_location({{ProcessId(number), NodeId(3), address}, number, number << 20});
  };
  return {
      "value",
      {location(1, ""), location(~std::uint64_t{0}, std::string(300, 'a')), payload_of<double>(9, 0), payload_of<double>(600, 50),
       payload_of<char>(5, 3), payload_of<Particle>(7, 63), tensor_payload(Tensor<float>({2, 3}, std::vector<float>(6, 1.5f)), 7),
       tensor_payload(Tensor<int>({3, 1, 5, 2}, std::vector<int>(30, 9)).transposed(), 0),
       tensor_payload(turned_row(), 0), Atoll::encode_contact({ProcessId(7), NodeId(2), "somewhere"}),
       Atoll::internal::encode_value(std::vector<std::tuple<std::uint64_t, std::uint64_t, std::string>>{{7, 1, "a"}, {7, 2, "b"}})},
      {std::string("\1\0\0\0\0\0\0\0", 8), std::string("\2\0\0\0\0\0\0\0", 8), "\xc1", "\x93", "\x90", "\xdd\xff\xff\xff\xff",
       "\xdb\xff\xff\xff\xff", "\xff\xff", "\x02\x40", "\x03"}};
}
