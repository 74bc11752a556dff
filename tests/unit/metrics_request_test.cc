#include "runtime/metrics/metrics_request.h"

#include <doctest/doctest.h>

#include "runtime/metrics/metrics_address.h"

namespace Atoll {
namespace {

TEST_CASE("who asks for metrics needs the token, then a GET of /metrics") {
  struct Case {
    MetricsRequest request;
    int status;
  };
  const Case cases[] = {
      {{"GET", "/metrics", "Bearer abc", false}, 200},  {{"GET", "/metrics", "bearer abc", false}, 200},
      {{"GET", "/metrics", "Bearer abd", false}, 401},  {{"GET", "/metrics", "Bearer ab", false}, 401},
      {{"GET", "/metrics", "Bearer abcd", false}, 401}, {{"GET", "/metrics", "Basic abc", false}, 401},
      {{"GET", "/metrics", "abc", false}, 401},         {{"GET", "/metrics", "", false}, 401},
      {{"GET", "/metrics", "Bearer ", false}, 401},     {{"POST", "/metrics", "", false}, 401},
      {{"GET", "/", "", false}, 401},                   {{"POST", "/metrics", "Bearer abc", false}, 405},
      {{"HEAD", "/metrics", "Bearer abc", false}, 405}, {{"get", "/metrics", "Bearer abc", false}, 405},
      {{"", "", "Bearer abc", false}, 405},             {{"GET", "/", "Bearer abc", false}, 404},
      {{"GET", "/metrics/", "Bearer abc", false}, 404}, {{"GET", "metrics", "Bearer abc", false}, 404},
      {{"GET", "/metrics", "Bearer abc", true}, 400},
  };
  for (const Case& each : cases) {
    CAPTURE(each.request.method);
    CAPTURE(each.request.path);
    CAPTURE(each.request.authorization);
    CHECK(judge(each.request, "abc") == each.status);
  }
  CHECK(judge({"GET", "/metrics", "", false}, "") == 200);
}

TEST_CASE("the token for metrics is the cluster's, and is not its secret") {
  const Secret one = Secret::random(), other = Secret::random();
  CHECK(metrics_token(one) == metrics_token(one));
  CHECK(metrics_token(one) != metrics_token(other));
  CHECK(metrics_token(one) != one.to_hex());
  CHECK(metrics_token(one).size() == 64);
}

TEST_CASE("metrics are served on this host alone") {
  struct Case {
    const char* typed;
    const char* said;
  };
  for (const Case& each : {Case{"127.0.0.1:9100", "127.0.0.1:9100"}, {"127.0.0.1:0", "127.0.0.1:0"}, {"127.8.9.1:65534", "127.8.9.1:65534"},
                           {"[::1]:9100", "[::1]:9100"}, {"localhost:9100", "127.0.0.1:9100"}}) {
    CAPTURE(each.typed);
    const Result<MetricsAddress> address = parse_metrics_address(each.typed);
    REQUIRE(address.ok());
    CHECK_FALSE(address->is_unix);
    CHECK(host_and_port(*address) == each.said);
  }
  CHECK(parse_metrics_address("unix")->is_unix);
  for (const Case& each : {Case{"0.0.0.0:9100", "no loopback"}, {"10.1.2.3:9100", "no loopback"}, {"[::]:9100", "no loopback"},
                           {"example.org:9100", "no loopback"}, {"127.0.0.1", "no place"}, {"127.0.0.1:", "no place"}, {"9100", "no place"},
                           {"", "no place"}, {"127.0.0.1:70000", "no place"}, {"127.0.0.1:-1", "no place"}, {"127.0.0.1:9100x", "no place"},
                           {"::1:9100", "no place"}, {"[127.0.0.1]:9100", "no place"}, {"unix:/tmp/x", "no place"}, {"127.0.0.1:65535", "a lower one"}}) {
    CAPTURE(each.typed);
    const Result<MetricsAddress> address = parse_metrics_address(each.typed);
    REQUIRE_FALSE(address.ok());
    CHECK(address.status().code() == Code::kInvalidArgument);
    CHECK_MESSAGE(address.status().message().find(each.said) != std::string::npos, address.status().message());
  }
}

}  // namespace
}  // namespace Atoll
