#include "runtime/metrics/metrics_server.h"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "tests/support/metrics_reader.h"
#include "tests/support/skip.h"

namespace Atoll {
namespace {

using namespace testing;

constexpr const char* kToken = "f00d";
const std::string kQuestion = "GET /metrics HTTP/1.1\r\nHost: n1\r\nAuthorization: Bearer f00d\r\n\r\n";

// A server that nobody can reach but by adopt(); `asked` counts.
struct Served {
  Loop loop = std::move(Loop::create().value());
  int asked = 0;
  std::unique_ptr<MetricsServer> server;
  std::string why_none;

  Served() {
    Result<std::unique_ptr<MetricsServer>> made = MetricsServer::without_listening(loop, kToken, [this] { ++asked; });
    if (made.ok())
      server = std::move(*made);
    else
      why_none = made.status().message();
  }
};

#define SERVED_OR_SKIP(name) \
  Served name;               \
  if (!name.server) ATOLL_SKIP(name.why_none)

std::string status_of(const std::string& answer) { return answer.substr(0, answer.find('\r')); }

TEST_CASE("METRICS-1: a reader with the token gets the page, when it is there") {
  SERVED_OR_SKIP(served);
  MetricsReader reader(*served.server);
  reader.say(kQuestion);
  turn(served.loop);
  CHECK(served.asked == 1);
  CHECK(served.server->is_asked());
  CHECK(reader.hear() == "");
  served.server->reply("atoll_ready 1\n");
  turn(served.loop);
  CHECK_FALSE(served.server->is_asked());
  CHECK(status_of(reader.hear()) == "HTTP/1.1 200 OK");
  CHECK(reader.hear().find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  CHECK(reader.hear().ends_with("\r\n\r\natoll_ready 1\n"));
  CHECK(reader.ended());  // METRICS-2
}

TEST_CASE("METRICS-1: without the token there is nothing but 401") {
  SERVED_OR_SKIP(served);
  for (const char* question : {"GET /metrics HTTP/1.1\r\nHost: n1\r\n\r\n", "GET / HTTP/1.1\r\nHost: n1\r\n\r\n",
                               "DELETE /metrics HTTP/1.1\r\nHost: n1\r\nAuthorization: Bearer beef\r\n\r\n"}) {
    MetricsReader reader(*served.server);
    reader.say(question);
    turn(served.loop);
    CHECK(status_of(reader.hear()) == "HTTP/1.1 401 Unauthorized");
    CHECK(reader.hear().find("WWW-Authenticate: Bearer") != std::string::npos);
    CHECK(reader.ended());
  }
  CHECK(served.asked == 0);
}

TEST_CASE("METRICS-4: wrong requests are refused and harm no other reader") {
  SERVED_OR_SKIP(served);
  MetricsReader patient(*served.server);
  const std::string before = "GET /metrics HTTP/1.1\r\nHost: n1\r\nAuthorization: Bearer f00d\r\n";
  for (const std::string& wrong :
       {std::string("\r\n\r\n\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9), std::string(3000, '\0'),
        std::string("GET /metrics HTTP/9.9\r\n\r\n"), "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n", before + std::string(40'000, 'b'),
        before + "Content-Length: 10\r\n\r\n0123456789", before + "Content-Length: -1\r\n\r\n", before + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /metrics HTTP/1.1\r\nHost: n1\r\nAuthorization: Bearer f00d\r\nContent-Length: 99999999999\r\n\r\n" + std::string(5000, 'x')}) {
    MetricsReader reader(*served.server);
    reader.say(wrong);
    turn(served.loop);
    reader.say_no_more();
    turn(served.loop);
    CAPTURE(wrong.substr(0, 100));
    CHECK(reader.hear().find(" 200 ") == std::string::npos);
    CHECK((reader.hear().empty() || reader.hear().starts_with("HTTP/1.")));
    CHECK(reader.ended());
  }
  CHECK(served.asked == 0);
  patient.say(kQuestion);
  turn(served.loop);
  served.server->reply("fine\n");
  turn(served.loop);
  CHECK(patient.hear().ends_with("fine\n"));
}

TEST_CASE("METRICS-2: who is slow is let go of") {
  SERVED_OR_SKIP(served);
  MetricsReader slow(*served.server), silent(*served.server);
  slow.say(kQuestion.substr(0, 20));
  turn(served.loop);
  served.server->on_tick(now());
  turn(served.loop);
  slow.hear();
  CHECK_FALSE(slow.ended());
  slow.say("x");
  served.server->on_tick(now() + kMetricsPatience + std::chrono::seconds(1));
  turn(served.loop);
  slow.hear();
  silent.hear();
  CHECK(slow.ended());
  CHECK(silent.ended());
}

TEST_CASE("METRICS-3: readers beyond the limit are sent away, and come again") {
  SERVED_OR_SKIP(served);
  std::vector<std::unique_ptr<MetricsReader>> readers;
  for (unsigned i = 0; i < kMostReaders; ++i) {
    readers.push_back(std::make_unique<MetricsReader>(*served.server));
    CHECK(readers.back()->taken());
  }
  CHECK_FALSE(MetricsReader(*served.server).taken());
  for (const auto& reader : readers) reader->say(kQuestion);
  turn(served.loop);
  CHECK(served.asked == 1);  // once for all of them
  served.server->reply("here\n");
  turn(served.loop);
  for (const auto& reader : readers) CHECK(reader->hear().ends_with("here\n"));
  CHECK(MetricsReader(*served.server).taken());
}

TEST_CASE("METRICS-4: readers that leave while they wait are forgotten") {
  SERVED_OR_SKIP(served);
  for (int i = 0; i < 100; ++i) {
    MetricsReader reader(*served.server);
    reader.say(kQuestion);
    turn(served.loop);
    reader.leave();
    served.server->reply("nobody reads this\n");
    turn(served.loop);
  }
  CHECK(served.asked == 100);
  CHECK_FALSE(served.server->is_asked());
}

}  // namespace
}  // namespace Atoll
