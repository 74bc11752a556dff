#include "runtime/wire/card.h"

#include <msgpack.hpp>
#include <tuple>

#include "runtime/base/check.h"
#include "runtime/wire/hello.h"

namespace Atoll {

namespace {

constexpr int kMaxRank = 1 << 20;

// On the wire: an array of the protocol version and, for this one, of these.
using Fields = std::tuple<std::uint16_t, std::string, std::uint32_t, std::uint64_t, std::string, std::uint64_t,
                          std::string, std::uint64_t>;

Status not_a_card(const std::string& why) { return Status(Code::kInvalidArgument, "not a node's card: " + why); }

Status check_version(const msgpack::object& object) {
  if (object.type != msgpack::type::ARRAY || object.via.array.size == 0) return not_a_card("no array");
  const msgpack::object& version = object.via.array.ptr[0];
  if (version.type != msgpack::type::POSITIVE_INTEGER) return not_a_card("no version");
  if (version.via.u64 == kProtocolVersion) return Status();
  return Status(Code::kInvalidArgument, "it speaks version " + std::to_string(version.via.u64) +
                                            " of Atoll's protocol, this node version " +
                                            std::to_string(kProtocolVersion) + ": install the same Atoll on all nodes");
}

Result<Card> to_card(Fields fields) {
  auto& [version, host, rank, process, address, head_process, head_address, topology] = fields;
  if (host.size() > kMaxHostBytes) return not_a_card("a host name of " + std::to_string(host.size()) + " bytes");
  if (rank > kMaxRank) return not_a_card("rank " + std::to_string(rank));
  if (address.size() > kMaxAddressBytes || head_address.size() > kMaxAddressBytes)
    return not_a_card("an address too long");
  Card card{
      std::move(host), static_cast<int>(rank), {ProcessId(process), NodeId(rank), std::move(address)}, {}, topology};
  if (head_process != 0) card.head = {ProcessId(head_process), NodeId(0), std::move(head_address)};
  return card;
}

Result<msgpack::object_handle> unpack(std::string_view bytes) {
  const msgpack::unpack_limit limit(/*array=*/16, /*map=*/0, /*str=*/kMaxCardBytes, /*bin=*/kMaxCardBytes, /*ext=*/0,
                                    /*depth=*/2);
  try {
    std::size_t offset = 0;
    msgpack::object_handle handle = msgpack::unpack(bytes.data(), bytes.size(), offset, nullptr, nullptr, limit);
    if (offset != bytes.size()) return not_a_card("bytes after its end");
    return handle;
  } catch (const std::exception& error) {
    return not_a_card(error.what());
  }
}

}  // namespace

std::string encode_card(const Card& card) {
  ATOLL_CHECK(card.host.size() <= kMaxHostBytes, card.host);
  ATOLL_CHECK(card.rank >= 0 && card.rank <= kMaxRank, card.rank);
  ATOLL_CHECK(card.daemon.address.size() <= kMaxAddressBytes, card.daemon.address.size());
  ATOLL_CHECK(card.head.address.size() <= kMaxAddressBytes, card.head.address.size());
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, Fields(kProtocolVersion, card.host, static_cast<std::uint32_t>(card.rank),
                               static_cast<std::uint64_t>(card.daemon.process), card.daemon.address,
                               static_cast<std::uint64_t>(card.head.process), card.head.address, card.topology));
  ATOLL_CHECK(buffer.size() <= kMaxCardBytes, buffer.size());
  return std::string(buffer.data(), buffer.size());
}

Result<Card> decode_card(std::string_view bytes) {
  if (bytes.size() > kMaxCardBytes) return not_a_card(std::to_string(bytes.size()) + " bytes");
  Result<msgpack::object_handle> handle = unpack(bytes);
  ATOLL_RETURN_IF_ERROR(handle.status());
  ATOLL_RETURN_IF_ERROR(check_version(handle->get()));
  if (handle->get().via.array.size != std::tuple_size_v<Fields>) return not_a_card("wrong number of fields");
  try {
    return to_card(handle->get().as<Fields>());
  } catch (const msgpack::type_error&) {
    return not_a_card("a field of another type");
  }
}

}  // namespace Atoll
