#include "runtime/metrics/metrics_address.h"

#include <arpa/inet.h>

#include <charconv>

namespace Atoll {
namespace {

bool is_loopback(const std::string& host) {
  in_addr address;
  in6_addr longer;
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  return ::inet_pton(AF_INET6, host.c_str(), &longer) == 1 && IN6_IS_ADDR_LOOPBACK(&longer);
}

}  // namespace

Result<MetricsAddress> parse_metrics_address(const std::string& text) {
  if (text == "unix") return MetricsAddress{true, "", 0};
  const Status wrong(Code::kInvalidArgument, "\"" + text + "\" is no place for metrics; say 127.0.0.1:PORT, where PORT 0 is any, or unix");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  MetricsAddress address;
  address.host = text.substr(0, colon);
  const bool bracketed = address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
  if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
  if (bracketed != (address.host.find(':') != std::string::npos)) return wrong;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc() || stopped != end) return wrong;
  if (address.host == "localhost") address.host = "127.0.0.1";
  if (!is_loopback(address.host))
    return Status(Code::kInvalidArgument, "metrics are served on this host alone, and " + address.host +
                                              " is no loopback address; say 127.0.0.1:PORT, and reach it by ssh -L or a proxy of yours");
  if (address.port == 65535) return Status(Code::kInvalidArgument, "the head takes the port after 65535, which there is not; say a lower one");
  return address;
}

std::string host_and_port(const MetricsAddress& address) {
  const bool bracketed = address.host.find(':') != std::string::npos;
  return (bracketed ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace Atoll
