// Bytes of a peer that proved the secret are decoded or refused, and what was
// decoded is encoded to something that decodes to the same.
//   clang++ -fsanitize=fuzzer,address …    fuzzes
//   codec_fuzz FILE…                       without libFuzzer: tries these files
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>

#include "runtime/base/check.h"
#include "runtime/wire/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Atoll::Result<Atoll::Message> message = Atoll::decode({reinterpret_cast<const char*>(data), size});
  if (!message.ok()) return 0;
  const std::string once = Atoll::encode(*message);
  const Atoll::Result<Atoll::Message> again = Atoll::decode(once);
  ATOLL_CHECK(again.ok(), Atoll::name_of(*message), again.status().to_string());
  ATOLL_CHECK(Atoll::encode(*again) == once, Atoll::name_of(*message));
  return 0;
}

#if !defined(__clang__)
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    std::cout << argv[i] << ": " << bytes.size() << " bytes\n";
  }
}
#endif
