#include "runtime/wire/secret.h"

#include <openssl/crypto.h>
#include <sys/random.h>

#include <cerrno>

#include "runtime/base/check.h"

namespace Atoll {
namespace {

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

Secret::~Secret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

Secret Secret::random() {
  Secret secret;
  fill_random(secret.bytes.data(), secret.bytes.size());
  return secret;
}

std::string Secret::to_hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Result<Secret> Secret::from_hex(std::string_view hex) {
  Secret secret;
  const Status malformed(Code::kInvalidArgument, "a cluster secret is 64 hexadecimal digits");
  if (hex.size() != 2 * secret.bytes.size()) return malformed;
  for (std::size_t i = 0; i < secret.bytes.size(); ++i) {
    const int high = digit_value(hex[2 * i]);
    const int low = digit_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return malformed;
    secret.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return secret;
}

void fill_random(void* bytes, std::size_t size) {
  auto* out = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t n = getrandom(out, size, 0);
    if (n < 0 && errno == EINTR) continue;
    ATOLL_CHECK(n > 0, n, errno);
    out += n;
    size -= static_cast<std::size_t>(n);
  }
}

}  // namespace Atoll
