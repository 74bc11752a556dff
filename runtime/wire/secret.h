#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace Atoll {

// 256 random bits that the processes of one cluster share, and nobody else.
// Never on a command line, in a log or in a core file: the bytes are wiped when
// a copy dies.
struct Secret {
  std::array<std::uint8_t, 32> bytes{};

  Secret() = default;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret();

  static Secret random();
  std::string to_hex() const;  // 64 digits
  // Fails (kInvalidArgument) unless `hex` is 64 hexadecimal digits. The words
  // never repeat the input.
  static Result<Secret> from_hex(std::string_view hex);
  friend bool operator==(const Secret&, const Secret&) = default;
};

// Fills `size` bytes from the kernel's random source.
void fill_random(void* bytes, std::size_t size);

}  // namespace Atoll
