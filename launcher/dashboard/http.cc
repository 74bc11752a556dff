#include "launcher/dashboard/http.h"

#include <nlohmann/json.hpp>

namespace Atoll {

const std::vector<std::pair<std::string, std::string>>& fields_of_every_reply() {
  static const std::vector<std::pair<std::string, std::string>> kFields = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cache-Control", "no-store"},
  };
  return kFields;
}

HttpReply error_reply(int status, const std::string& words) {
  const nlohmann::json object = {{"error", words}};
  return {status, "application/json", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace Atoll
