#include "runtime/client/command_port.h"

#include <doctest/doctest.h>

// Who listens on a TCP port.
namespace Atoll {
namespace {

constexpr const char* kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31415 1 0 100 0 0 10 0\n"
    "   1: 0100007F:1F40 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 31416 1 0 20 4 30 10 -1\n"
    "   2: 00000000:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31417 1 0 100 0 0 10 0\n"
    "   3: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31418 1 0 100 0 0 10 0\n"
    "   4: 00000000:1F40\n";

TEST_CASE("the sockets that listen on a port are told from connections and other ports") {
  CHECK(listeners_in(kTable, 8000) == std::set<std::uint64_t>{31415, 31418});
  CHECK(listeners_in(kTable, 8001) == std::set<std::uint64_t>{31417});
  CHECK(listeners_in(kTable, 8002).empty());
  CHECK(listeners_in("", 8000).empty());
}

TEST_CASE("the port of a socket of IPv6 is found as well") {
  const std::string table =
      "  sl  local_address                         remote_address                        st tx rx tr uid timeout inode\n"
      "   0: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000  1000        0 27182 1 0000000000000000 100 0 0 10 0\n";
  CHECK(listeners_in(table, 8000) == std::set<std::uint64_t>{27182});
}

}  // namespace
}  // namespace Atoll
