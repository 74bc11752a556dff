#pragma once

// msgpack adaptors for messages, and for the types of base/ inside them.

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif
#include <bit>
#include <cstdint>
#include <msgpack.hpp>

#include "runtime/base/ids.h"
#include "runtime/base/resources.h"
#include "runtime/base/status.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/messages.h"

MSGPACK_ADD_ENUM(Atoll::ProcessId)
MSGPACK_ADD_ENUM(Atoll::NodeId)
MSGPACK_ADD_ENUM(Atoll::Code)
MSGPACK_ADD_ENUM(Atoll::ClientKind)
MSGPACK_ADD_ENUM(Atoll::ErrorKind)
MSGPACK_ADD_ENUM(Atoll::ActorState)
MSGPACK_ADD_ENUM(Atoll::GroupState)
MSGPACK_ADD_ENUM(Atoll::NodeState)
MSGPACK_ADD_ENUM(Atoll::StateKind)
MSGPACK_ADD_ENUM(Atoll::CellKind)
MSGPACK_ADD_ENUM(Atoll::LogKind)
MSGPACK_ADD_ENUM(Atoll::FilterOp)

namespace Atoll {

struct AnyFields {
  template <typename... Fields>
  void operator()(Fields&...) const {}
};

// A struct with ATOLL_MESSAGE_FIELDS.
template <typename T>
concept HasFields = requires(T& message) { message.visit_fields(AnyFields()); };

}  // namespace Atoll

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {

// A number with a point is always a float 64. msgpack's own makes an integer of a whole one, which loses the sign of
// -0.0, and for 2^64 casts what no integer can hold.
template <typename Stream>
void pack_field(packer<Stream>& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  char bytes[9] = {'\xcb'};
  for (int at = 1; at < 9; ++at) bytes[at] = static_cast<char>(bits >> (64 - 8 * at));
  out.pack_str_body(bytes, sizeof bytes);  // as they are
}
template <typename Stream, typename T>
void pack_field(packer<Stream>& out, const T& value) {
  out.pack(value);
}

// A message: its fields as an array. Fields that an older sender does not know
// keep their defaults; those that we do not know are passed over.
template <typename T>
struct pack<T, std::enable_if_t<Atoll::HasFields<T>>> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out, const T& message) const {
    message.visit_fields([&out](const auto&... fields) {
      out.pack_array(static_cast<std::uint32_t>(sizeof...(fields)));
      (pack_field(out, fields), ...);
    });
    return out;
  }
};
template <typename T>
struct convert<T, std::enable_if_t<Atoll::HasFields<T>>> {
  const msgpack::object& operator()(const msgpack::object& in, T& message) const {
    if (in.type != type::ARRAY) throw type_error();
    const msgpack::object* next = in.via.array.ptr;
    const msgpack::object* const end = next + in.via.array.size;
    message.visit_fields([&](auto&... fields) { ((next != end ? (next++)->convert(fields), void() : void()), ...); });
    return in;
  }
};

// [process, sequence]
template <typename Tag>
struct pack<Atoll::GlobalId<Tag>> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out,
                             const Atoll::GlobalId<Tag>& id) const {
    out.pack_array(2);
    out.pack(static_cast<std::uint64_t>(id.process));
    out.pack(id.sequence);
    return out;
  }
};
template <typename Tag>
struct convert<Atoll::GlobalId<Tag>> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::GlobalId<Tag>& id) const {
    if (in.type != type::ARRAY || in.via.array.size != 2) throw type_error();
    id.process = Atoll::ProcessId(in.via.array.ptr[0].as<std::uint64_t>());
    id.sequence = in.via.array.ptr[1].as<std::uint64_t>();
    return in;
  }
};

// units of 1/10,000
template <>
struct pack<Atoll::Fixed> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out, Atoll::Fixed fixed) const {
    return out.pack(fixed.units());
  }
};
template <>
struct convert<Atoll::Fixed> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::Fixed& fixed) const {
    fixed = Atoll::Fixed::raw(in.as<std::int64_t>());
    return in;
  }
};

// [cpu, gpu, memory, custom]
template <>
struct pack<Atoll::Resources> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out,
                             const Atoll::Resources& resources) const {
    out.pack_array(4);
    out.pack(resources.cpu);
    out.pack(resources.gpu);
    out.pack(resources.memory);
    out.pack(resources.custom);
    return out;
  }
};
template <>
struct convert<Atoll::Resources> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::Resources& resources) const {
    if (in.type != type::ARRAY || in.via.array.size != 4) throw type_error();
    const msgpack::object* field = in.via.array.ptr;
    field[0].convert(resources.cpu);
    field[1].convert(resources.gpu);
    field[2].convert(resources.memory);
    field[3].convert(resources.custom);
    return in;
  }
};

// [process, node, address]
template <>
struct pack<Atoll::Contact> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out,
                             const Atoll::Contact& contact) const {
    out.pack_array(3);
    out.pack(contact.process);
    out.pack(contact.node);
    out.pack(contact.address);
    return out;
  }
};
template <>
struct convert<Atoll::Contact> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::Contact& contact) const {
    if (in.type != type::ARRAY || in.via.array.size != 3) throw type_error();
    const msgpack::object* field = in.via.array.ptr;
    field[0].convert(contact.process);
    field[1].convert(contact.node);
    field[2].convert(contact.address);
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
