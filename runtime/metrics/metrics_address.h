#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/status.h"

namespace Atoll {

// Where metrics are to be had, as --metrics has it: "127.0.0.1:9100", "[::1]:9100" or "unix". Never beyond this host.
struct MetricsAddress {
  bool is_unix = false;    // a socket in the session folder
  std::string host;        // an address of this host's loopback
  std::uint16_t port = 0;  // of the daemon, the head has the next one; 0: the system chooses

  friend bool operator==(const MetricsAddress&, const MetricsAddress&) = default;
};

// kInvalidArgument says what is wrong.
Result<MetricsAddress> parse_metrics_address(const std::string& text);
// "127.0.0.1:9100".
std::string host_and_port(const MetricsAddress& address);

}  // namespace Atoll
