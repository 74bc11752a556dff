#include "runtime/wire/card.h"

#include <doctest/doctest.h>

#include <msgpack.hpp>

#include "runtime/wire/hello.h"

using namespace Atoll;

namespace {

Card card_of_rank(int rank) {
  Card card{"n" + std::to_string(rank + 1),
            rank,
            {ProcessId(0x1122334455667788), NodeId(static_cast<std::uint32_t>(rank)), std::string(244, '\xfe')},
            {},
            42};
  if (rank == 0) card.head = {ProcessId(99), NodeId(0), std::string("head\0address", 12)};
  return card;
}

template <typename... Fields>
std::string packed(Fields... fields) {
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, std::make_tuple(fields...));
  return {buffer.data(), buffer.size()};
}

std::string why_not(std::string_view bytes) { return decode_card(bytes).status().message(); }

}  // namespace

TEST_CASE("a card survives the wire") {
  for (int rank : {0, 1, 9999}) {
    const auto decoded = decode_card(encode_card(card_of_rank(rank)));
    REQUIRE(decoded.ok());
    CHECK(*decoded == card_of_rank(rank));
  }
}

TEST_CASE("a card is compact") { CHECK(encode_card(card_of_rank(9999)).size() < 244 + 40); }

TEST_CASE("a card of another protocol version says so") {
  const std::string text =
      "it speaks version 9 of Atoll's protocol, this node version 3: install the same Atoll on all nodes";
  CHECK(why_not(packed(9)) == text);
  CHECK(why_not(packed(9, "something", "quite", "else")) == text);
}

TEST_CASE("what is no card is refused with a reason") {
  const std::string good = encode_card(card_of_rank(0));
  for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(decode_card(good.substr(0, size)).ok());
  CHECK(why_not(good + "x") == "not a node's card: bytes after its end");
  CHECK(why_not(std::string(kMaxCardBytes + 1, 'x')) == "not a node's card: 8193 bytes");
  CHECK(why_not("\xc0") == "not a node's card: no array");
  CHECK(why_not(packed("one")) == "not a node's card: no version");
  CHECK(why_not(packed(kProtocolVersion, "n1")) == "not a node's card: wrong number of fields");
  CHECK(why_not(packed(kProtocolVersion, "n1", "zero", 1, "", 0, "", 0)) == "not a node's card: a field of another type");
  CHECK(why_not(packed(kProtocolVersion, "n1", 2000000, 1, "", 0, "", 0)) == "not a node's card: rank 2000000");
  CHECK(why_not(packed(kProtocolVersion, std::string(256, 'n'), 0, 1, "", 0, "", 0)) ==
        "not a node's card: a host name of 256 bytes");
  CHECK(why_not(packed(kProtocolVersion, "n1", 0, 1, std::string(kMaxAddressBytes + 1, 'a'), 0, "", 0)) ==
        "not a node's card: an address too long");
  CHECK_FALSE(decode_card("\xdd\xff\xff\xff\xff\x01").ok());  // an array of 4 billion
  CHECK_FALSE(decode_card(std::string(4000, '\x91')).ok());   // arrays in arrays
}
