#pragma once

#include <string>
#include <string_view>

#include "runtime/base/status.h"
#include "runtime/wire/messages.h"

namespace Atoll {

// A message as bytes: one byte for its place in Message, then its fields as a
// msgpack array.
std::string encode(const Message& message);

// The reverse, for bytes of a peer that proved the secret. Fails with
// kInvalidArgument, and what is wrong, for anything that is not exactly one
// message; never throws, and allocates no more than a small multiple of
// `bytes`.
Result<Message> decode(std::string_view bytes);

// "LeaseRequest", for logs.
const char* name_of(const Message& message);

}  // namespace Atoll
