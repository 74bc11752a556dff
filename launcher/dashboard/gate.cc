#include "launcher/dashboard/gate.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>

#include "runtime/wire/secret.h"

namespace Atoll {
namespace {

constexpr const char* kCookie = "atoll";

// In a time that does not depend on where they differ.
bool same(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// "localhost:8265", "127.0.0.1", "[::1]:80". The port may be another than ours: that of the tunnel's other end.
bool is_loopback(std::string host) {
  std::ranges::transform(host, host.begin(), [](unsigned char letter) { return std::tolower(letter); });
  const std::size_t colon = host.find(':', host.find(']') == std::string::npos ? 0 : host.find(']'));
  if (colon != std::string::npos) {
    const std::string port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return false;
    host.resize(colon);
  }
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

// "a=1; atoll=…": any of those called so.
bool has_cookie(const std::string& cookies, const std::string& value) {
  const std::string wanted = std::string(kCookie) + "=" + value;
  for (std::size_t at = 0; at < cookies.size();) {
    const std::size_t end = std::min(cookies.find(';', at), cookies.size());
    std::size_t begin = at;
    while (begin < end && cookies[begin] == ' ') ++begin;
    if (same(cookies.substr(begin, end - begin), wanted)) return true;
    at = end + 1;
  }
  return false;
}

const std::string* find_argument(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.arguments)
    if (key == name) return &value;
  return nullptr;
}

HttpReply refuse(const std::string& words) { return {403, "text/plain; charset=utf-8", words + "\n"}; }

HttpReply refuse_stranger() {
  return refuse(
      "403: this dashboard belongs to the browser in which its link was opened first. If that was yours, use the "
      "window "
      "that it opened; if not, end it and type atoll dashboard again.");
}

}  // namespace

Gate::Words Gate::random_words() {
  return {Secret::random().to_hex(), Secret::random().to_hex(), Secret::random().to_hex().substr(0, 32)};
}

Gate::Verdict Gate::admit(const HttpRequest& request) {
  if (!is_loopback(request.host))
    return {refuse("403: this is asked for by a name that is not this host's own: open http://127.0.0.1 instead."), ""};
  const bool is_foreign =
      !request.fetch_site.empty() && request.fetch_site != "same-origin" && request.fetch_site != "none";
  const bool is_get = request.method == "GET" && !request.has_body;
  if (request.path == "/") {
    const std::string* token = find_argument(request, "token");
    const bool fits = is_get && !opened_ && token != nullptr && same(*token, words_.token);
    return {fits ? let_in() : refuse_stranger(), ""};
  }
  if (is_foreign || !request.path.starts_with(room()) || !has_cookie(request.cookies, words_.cookie))
    return {refuse_stranger(), ""};
  if (!is_get)
    return {HttpReply{405, "text/plain; charset=utf-8", "405: only looking is possible\n", {{"Allow", "GET"}}}, ""};
  return {std::nullopt, request.path.substr(room().size())};
}

// A page that goes on by itself, and not a redirection: after a link in a mail or another page the browser would not
// send a SameSite=Strict cookie along with that.
HttpReply Gate::let_in() {
  opened_ = true;
  HttpReply reply;
  reply.type = "text/html; charset=utf-8";
  reply.body =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Atoll</title><link rel=\"icon\" href=\"data:,\">"
      "<meta http-equiv=\"refresh\" content=\"0;url=" +
      room() + "\"><a href=\"" + room() + "\">To the dashboard</a></html>\n";
  reply.fields = {
      {"Set-Cookie", std::string(kCookie) + "=" + words_.cookie + "; Path=" + room() + "; HttpOnly; SameSite=Strict"}};
  return reply;
}

}  // namespace Atoll
