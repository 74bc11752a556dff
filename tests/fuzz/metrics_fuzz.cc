// Whatever is sent to where metrics are served, nobody gets them without the token, and the next reader does.
#include "runtime/metrics/metrics_server.h"

#include "runtime/base/check.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/metrics_reader.h"

namespace {

using namespace Atoll;

constexpr const char* kToken = "f00d";
constexpr const char* kPage = "atoll_ready 1\n";
const std::string kQuestion = "GET /metrics HTTP/1.1\r\nHost: n1\r\nAuthorization: Bearer f00d\r\n\r\n";

struct Served {
  Loop loop = std::move(Loop::create().value());
  std::unique_ptr<MetricsServer> server =
      std::move(MetricsServer::without_listening(loop, kToken, [this] { server->reply(kPage); }).value());
};

// In one piece or in two.
void try_one(Served& served, std::string_view bytes, std::size_t cut) {
  testing::MetricsReader reader(*served.server);
  ATOLL_CHECK(reader.taken());
  reader.say(bytes.substr(0, cut));
  testing::turn(served.loop);
  reader.say(bytes.substr(cut));
  reader.say_no_more();
  testing::turn(served.loop);
  const std::string& answer = reader.hear();
  ATOLL_CHECK(answer.empty() || answer.starts_with("HTTP/1."), answer);
  ATOLL_CHECK(answer.find(kPage) == std::string::npos || bytes.find(kToken) != std::string_view::npos, answer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Served served;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_one(served, bytes, size == 0 ? 0 : data[0] % size);
  testing::MetricsReader next(*served.server);
  next.say(kQuestion);
  testing::turn(served.loop);
  ATOLL_CHECK(next.hear().ends_with(kPage), next.hear());
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  return {"metrics",
          {kQuestion, "GET / HTTP/1.0\r\n\r\n", "POST /metrics HTTP/1.1\r\nHost: n1\r\nContent-Length: 3\r\n\r\nabc",
           "GET /metrics?a=b HTTP/1.1\r\nHost: n1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
          {"\r\n", "\r\n\r\n", "GET", "HEAD", "OPTIONS * ", " /metrics", "%2e", "?", " HTTP/1.1", " HTTP/1.0", "HTTP/9", "Host: n1\r\n",
           "Authorization: Bearer f00d\r\n", "Authorization:", "Bearer ", "Content-Length: 5\r\n", "Content-Length: -1\r\n",
           "Transfer-Encoding: chunked\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "Upgrade: h2c\r\n", "\n ", "\xff"},
          5'000};
}
