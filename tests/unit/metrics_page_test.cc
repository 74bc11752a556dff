#include "runtime/metrics/page.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <set>

namespace Atoll {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::set<std::string> families() {
  std::set<std::string> names;
  for (const MetricFamily& family : metric_families()) names.insert(family.name);
  return names;
}

std::set<std::string> all_in(const std::string& text, const std::string& pattern) {
  const std::regex name(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) found.insert((*match)[1]);
  return found;
}

TEST_CASE("a page of metrics is Prometheus' text format") {
  MetricsPage page;
  CHECK(to_text(page) == "");
  page.add(Metric::kReady, 1);
  page.add(Metric::kNodes, 3, {{"state", "alive"}});
  page.add(Metric::kNodes, 0, {{"state", "dead"}});
  page.add(Metric::kUptime, 2.5);
  CHECK(to_text(page) ==
        "# HELP atoll_uptime_seconds Since the process serves its cluster.\n"
        "# TYPE atoll_uptime_seconds gauge\n"
        "atoll_uptime_seconds 2.5\n"
        "# HELP atoll_ready 1 once all expected nodes have joined.\n"
        "# TYPE atoll_ready gauge\n"
        "atoll_ready 1\n"
        "# HELP atoll_nodes Nodes by state.\n"
        "# TYPE atoll_nodes gauge\n"
        "atoll_nodes{state=\"alive\"} 3\n"
        "atoll_nodes{state=\"dead\"} 0\n");
}

TEST_CASE("metrics: labels are escaped, and numbers are as Prometheus reads them") {
  struct Case {
    double value;
    const char* text;
  };
  const double inf = std::numeric_limits<double>::infinity();
  for (const Case& each : {Case{0, "0"}, {-3, "-3"}, {1e15, "1000000000000000"}, {1e20, "1e+20"}, {0.1, "0.1"}, {inf, "+Inf"}, {-inf, "-Inf"}}) {
    MetricsPage page;
    page.add(Metric::kReady, each.value, {{"node", "a\\b\"c\nd"}, {"process", ""}});
    CHECK(to_text(page).ends_with("atoll_ready{node=\"a\\\\b\\\"c\\nd\",process=\"\"} " + std::string(each.text) + "\n"));
  }
}

TEST_CASE("metrics: the buckets of a histogram count all that is shorter") {
  DurationHistogram histogram;
  for (const auto& length : {Duration(0), Duration(std::chrono::milliseconds(2)), Duration(std::chrono::milliseconds(3)),
                             Duration(std::chrono::hours(1))})
    histogram.observe(length);
  MetricsPage page;
  page.add(Metric::kLeaseLatency, histogram);
  const std::string text = to_text(page);
  for (const char* line : {"# TYPE atoll_lease_latency_seconds histogram\n", "_bucket{le=\"0.0001\"} 1\n", "_bucket{le=\"0.001\"} 1\n",
                           "_bucket{le=\"0.003\"} 3\n", "_bucket{le=\"100\"} 3\n", "_bucket{le=\"+Inf\"} 4\n",
                           "atoll_lease_latency_seconds_sum 3600.005\n", "atoll_lease_latency_seconds_count 4\n"})
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
}

TEST_CASE("metrics are named as Prometheus asks") {
  CHECK(families().size() == kMetrics);
  for (const MetricFamily& family : metric_families()) {
    CAPTURE(family.name);
    const std::string name = family.name, help = family.help;
    CHECK(std::regex_match(name, std::regex("atoll_[a-z]+(_[a-z]+)*")));
    CHECK(name.ends_with("_total") == (family.type == MetricType::kCounter));
    CHECK((family.type != MetricType::kHistogram || name.ends_with("_seconds")));
    for (const char* odd : {"_ms", "_milliseconds", "_kb", "_mb", "_kilobytes", "_count", "_sum", "_bucket"}) CHECK_FALSE(name.ends_with(odd));
    CHECK(help.find('\n') == std::string::npos);
    CHECK((!help.empty() && help.back() == '.'));
  }
}

TEST_CASE("atoll-metrics(7) has every metric, and no other") {
  CHECK(all_in(text_of("man/atoll-metrics.7"), "\n\\.BR? (atoll_[a-z_]+)") == families());
}

TEST_CASE("the Grafana board asks for metrics that there are") {
  std::set<std::string> asked;
  for (std::string name : all_in(text_of("scripts/grafana/atoll.json"), "\\b(atoll_[a-z_]+)\\b")) {
    for (const char* part : {"_bucket", "_sum", "_count"})
      if (name.ends_with(part) && families().contains(name.substr(0, name.size() - std::string(part).size())))
        name.resize(name.size() - std::string(part).size());
    asked.insert(name);
  }
  CHECK(asked.size() > 20);
  for (const std::string& name : asked) CHECK_MESSAGE(families().contains(name), name);
}

}  // namespace
}  // namespace Atoll
