#pragma once

#include <string>
#include <string_view>

#include "runtime/wire/secret.h"

namespace Atoll {

// What a request for metrics says, once HTTP is off it.
struct MetricsRequest {
  std::string_view method;
  std::string_view path;           // without what follows a '?'
  std::string_view authorization;  // the header; "" if there is none
  bool has_body = false;
};

// The answer's status: 200, or 400, 401, 404, 405. `token` is what "Authorization: Bearer" must hold; "" if whoever could
// connect may ask.
int judge(const MetricsRequest& request, std::string_view token);

// What a cluster's metrics are to be asked with, on all its nodes: it says nothing of the secret.
std::string metrics_token(const Secret& secret);

}  // namespace Atoll
