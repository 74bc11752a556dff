#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"

namespace Atoll {

// A copy of a large value in the arena of a node, as the node's daemon numbers it.
struct CopyId {
  ProcessId keeper = ProcessId::kNone;
  std::uint64_t copy = 0;
  friend auto operator<=>(const CopyId&, const CopyId&) = default;
};

// Where the encoding of a large value is: a copy in the arena of a node (object_messages.h). Wherever a value's encoding
// travels its location may stand instead.
struct Location {
  Contact keeper;  // the node's daemon
  std::uint64_t copy = 0;
  std::uint64_t bytes = 0;
  // Whose value it is, and who knows where else it is or has it made again, should the copy be lost. None where that is
  // not said.
  ObjectId object = {};
  Contact owner = {};
  CopyId id() const { return {keeper.process, copy}; }
  ATOLL_MESSAGE_FIELDS(keeper, copy, bytes, object, owner)
  friend bool operator==(const Location&, const Location&) = default;
};

// Begins with a byte that no encoded value begins with.
std::string encode_location(const Location& location);
inline constexpr char kLocationMark = '\xc1';
inline bool is_location(std::string_view value) { return !value.empty() && value.front() == kLocationMark; }
// kInvalidArgument if it is none.
Result<Location> decode_location(std::string_view value);

}  // namespace Atoll
