#pragma once

#include <string>
#include <utility>
#include <vector>

namespace Atoll {

// What stands behind "?", decoded, in order.
using HttpArguments = std::vector<std::pair<std::string, std::string>>;

// A request as the HTTP library parsed it. Header fields are "" where they are missing.
struct HttpRequest {
  std::string method;
  std::string path;  // decoded, from the first "/", without what follows "?"
  HttpArguments arguments;
  std::string host;
  std::string cookies;
  std::string fetch_site;  // Sec-Fetch-Site
  bool has_body = false;
};

struct HttpReply {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields = {};  // beside those that every reply has
};

// What every reply says: nothing from elsewhere is loaded, no frame shows it, nobody keeps it, no other origin reads
// it.
const std::vector<std::pair<std::string, std::string>>& fields_of_every_reply();

// {"error": words}.
HttpReply error_reply(int status, const std::string& words);

}  // namespace Atoll
