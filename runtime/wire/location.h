#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/status.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"

namespace Atoll {

// Where the encoding of a large value is: a copy in the arena of a node (object_messages.h). Wherever a value's encoding
// travels its location may stand instead.
struct Location {
  Contact keeper;  // the node's daemon
  std::uint64_t copy = 0;
  std::uint64_t bytes = 0;
  ATOLL_MESSAGE_FIELDS(keeper, copy, bytes)
  friend bool operator==(const Location&, const Location&) = default;
};

// Begins with a byte that no encoded value begins with.
std::string encode_location(const Location& location);
inline constexpr char kLocationMark = '\xc1';
inline bool is_location(std::string_view value) { return !value.empty() && value.front() == kLocationMark; }
// kInvalidArgument if it is none.
Result<Location> decode_location(std::string_view value);

}  // namespace Atoll
