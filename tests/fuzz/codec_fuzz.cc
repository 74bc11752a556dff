// Bytes of a peer that proved the secret are decoded or refused, and what was
// decoded is encoded to something that decodes to the same.
#include "runtime/wire/codec.h"

#include "runtime/base/check.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/random_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Atoll::Result<Atoll::Message> message = Atoll::decode({reinterpret_cast<const char*>(data), size});
  if (!message.ok()) return 0;
  const std::string once = Atoll::encode(*message);
  const Atoll::Result<Atoll::Message> again = Atoll::decode(once);
  ATOLL_CHECK(again.ok(), Atoll::name_of(*message), again.status().to_string());
  ATOLL_CHECK(Atoll::encode(*again) == once, Atoll::name_of(*message));
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  RandomMessages random(1);
  std::vector<std::string> seeds;
  for (std::size_t place = 0; place < std::variant_size_v<MessageVariant>; ++place)
    for (int i = 0; i < 2; ++i) seeds.push_back(encode(random.make(place)));
  // Of msgpack: nothing, no, an empty array, map and string, long ones, and numbers at the ends of their ranges.
  const auto bytes = [](const char* all, std::size_t size) { return std::string(all, size); };
  return {"codec",
          seeds,
          {"\xc0", "\xc2", "\x90", "\x80", "\xa0", "\x91", "\xdc\xff\xff", "\xdd\xff\xff\xff\xff",
           "\xdf\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff", "\xc4\x01x", "\xc7\xff\x01", "\xff",
           "\x7f", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", bytes("\xd3\x80\0\0\0\0\0\0\0", 9),
           bytes("\xcb\x7f\xf8\0\0\0\0\0\0", 9)}};
}
