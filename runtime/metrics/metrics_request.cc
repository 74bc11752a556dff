#include "runtime/metrics/metrics_request.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <strings.h>

#include "runtime/base/check.h"

namespace Atoll {
namespace {

bool is_bearer(std::string_view authorization, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() != kScheme.size() + token.size()) return false;
  if (::strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) return false;
  return CRYPTO_memcmp(authorization.data() + kScheme.size(), token.data(), token.size()) == 0;
}

}  // namespace

int judge(const MetricsRequest& request, std::string_view token) {
  if (!token.empty() && !is_bearer(request.authorization, token)) return 401;
  if (request.method != "GET") return 405;
  if (request.path != "/metrics") return 404;
  return request.has_body ? 400 : 200;
}

std::string metrics_token(const Secret& secret) {
  static constexpr std::string_view kLabel = "atoll metrics token 1";
  Secret token;
  unsigned int size = 0;
  const unsigned char* made =
      ::HMAC(::EVP_sha256(), secret.bytes.data(), static_cast<int>(secret.bytes.size()),
             reinterpret_cast<const unsigned char*>(kLabel.data()), kLabel.size(), token.bytes.data(), &size);
  ATOLL_CHECK(made != nullptr && size == token.bytes.size(), size);
  return token.to_hex();
}

}  // namespace Atoll
