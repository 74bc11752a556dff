#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/status.h"
#include "runtime/wire/contact.h"

namespace Atoll {

inline constexpr std::size_t kMaxCardBytes = 8 * 1024;
inline constexpr std::size_t kMaxAddressBytes = 3 * 1024;
inline constexpr std::size_t kMaxHostBytes = 255;

// What a node daemon tells the others about itself at wire-up.
struct Card {
  std::string host;
  int rank = 0;
  Contact daemon;              // its node is `rank`
  Contact head;                // from rank 0 only; its node is 0
  std::uint64_t topology = 0;  // digest() of its machine
  friend bool operator==(const Card&, const Card&) = default;
};

// Bytes with kProtocolVersion in front, about 60 beside the names. A card beyond the bounds above is a broken
// invariant.
std::string encode_card(const Card& card);

// kInvalidArgument for bytes that are no card, break a bound or come from another protocol version; the words say
// which.
Result<Card> decode_card(std::string_view bytes);

}  // namespace Atoll
