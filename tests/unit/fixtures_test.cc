// Thousands of instances with the answers of an independent model, run where
// the folder is: ATOLL_FIXTURES, default ../shared/fixtures.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "launcher/place_plan.h"
#include "runtime/scheduler/cluster_view.h"
#include "runtime/scheduler/feasibility.h"
#include "runtime/scheduler/node_ledger.h"
#include "tests/support/skip.h"

namespace Atoll {
namespace {

std::filesystem::path fixtures_folder() {
  const char* folder = std::getenv("ATOLL_FIXTURES");
  return folder != nullptr && *folder != '\0' ? folder : "../shared/fixtures";
}

std::string missing(const char* file) {
  const auto path = fixtures_folder() / file;
  return std::filesystem::exists(path) ? "" : path.string() + " is not there; ATOLL_FIXTURES says where it is";
}

nlohmann::json cases_of(const char* file) {
  std::ifstream in(fixtures_folder() / file);
  return nlohmann::json::parse(in).at("cases");
}

// The amounts stand for a pooled resource; `kind` says which.
Resources amount_of(const std::string& kind, double amount) {
  const Fixed fixed = *Fixed::from_double(amount);
  if (kind == "cpu") return {.cpu = fixed};
  return {.custom = {{kind, fixed}}};
}

Fixed amount_in(const std::string& kind, const Resources& amounts) {
  return kind == "cpu" ? amounts.cpu : amounts.custom.at(kind);
}

// A cluster file of nodes n0, n1… that have these amounts of a custom resource.
nlohmann::json cluster_of(const nlohmann::json& amounts) {
  nlohmann::json nodes = nlohmann::json::array();
  for (std::size_t i = 0; i < amounts.size(); ++i)
    nodes.push_back({{"name", "n" + std::to_string(i)}, {"custom", {{"license", amounts[i]}}}});
  return {{"nodes", nodes}};
}

// What `atoll place --json` prints.
nlohmann::json plan(const nlohmann::json& cluster, const nlohmann::json& request) {
  const auto no_files = [](const std::string&) -> Result<Machine> { return Status(Code::kNotFound, "no file"); };
  const auto nodes = read_cluster(cluster.dump(), no_files);
  REQUIRE_MESSAGE(nodes.ok(), nodes.status().message());
  const auto wanted = read_request(request.dump());
  REQUIRE_MESSAGE(wanted.ok(), wanted.status().message());
  const auto planned = plan_placement(*nodes, *wanted, [] { return 0.0; });
  REQUIRE_MESSAGE(planned.ok(), planned.status().message());
  return nlohmann::json::parse(plan_to_json(*planned, false));
}

}  // namespace

TEST_CASE("fractional requests are admitted as the independent model admits them") {
  const char* file = "fractional_admission.json";
  if (const std::string why = missing(file); !why.empty()) ATOLL_SKIP(why);
  int cases = 0;
  for (const std::string kind : {"cpu", "license"}) {
    for (const auto& c : cases_of(file)) {
      CAPTURE(c.dump());
      const auto free = c.at("free").get<std::vector<double>>();
      ClusterView view;
      std::vector<NodeLedger> ledgers;
      for (std::size_t i = 0; i < free.size(); ++i) {
        const NodeResources total{amount_of(kind, free[i]), {}};
        REQUIRE(view.add_node(NodeId(i), "n" + std::to_string(i), total).ok());
        ledgers.emplace_back(total);
      }
      for (std::size_t i = 0; i < c.at("requests").size(); ++i) {
        const Resources request = amount_of(kind, c["requests"][i]);
        const auto placed = view.place(request, 1);
        REQUIRE((placed.empty() ? -1 : static_cast<int>(placed[0].node)) == c.at("place").at(i).get<int>());
        if (!placed.empty()) REQUIRE(ledgers[static_cast<int>(placed[0].node)].acquire(request));
      }
      for (std::size_t i = 0; i < free.size(); ++i) {
        const Fixed left = *Fixed::from_double(c.at("left").at(i));
        REQUIRE(amount_in(kind, view.find(NodeId(i))->free.amounts) == left);
        REQUIRE(amount_in(kind, ledgers[i].free().amounts) == left);
      }
      ++cases;
    }
  }
  MESSAGE(cases, " cases");
  CHECK(cases > 0);
}

TEST_CASE("strict groups are feasible when the independent model says so") {
  const char* file = "strict_feasibility.json";
  if (const std::string why = missing(file); !why.empty()) ATOLL_SKIP(why);
  int cases = 0;
  for (const bool as_gpus : {false, true}) {
    for (const auto& c : cases_of(file)) {
      CAPTURE(c.dump());
      const auto amount = [as_gpus](double value) {
        return as_gpus ? Resources{.gpu = *Fixed::from_double(value)} : amount_of("cpu", value);
      };
      std::vector<NodeResources> nodes;
      std::vector<Resources> bundles;
      for (const double value : c.at("nodes")) nodes.push_back(node_of(amount(value)));
      for (const double value : c.at("bundles")) bundles.push_back(amount(value));
      REQUIRE(strict_pack(nodes, bundles).has_value() == c.at("strict_pack").get<bool>());
      REQUIRE(strict_spread(nodes, bundles).has_value() == c.at("strict_spread").get<bool>());
      ++cases;
    }
  }
  MESSAGE(cases, " cases");
  CHECK(cases > 0);
}

TEST_CASE("atoll place admits tasks as the independent model admits them") {
  const char* file = "fractional_admission.json";
  if (const std::string why = missing(file); !why.empty()) ATOLL_SKIP(why);
  int cases = 0;
  for (const auto& c : cases_of(file)) {
    CAPTURE(c.dump());
    nlohmann::json tasks = nlohmann::json::array();
    for (const auto& amount : c.at("requests")) tasks.push_back({{"license", amount}});
    const nlohmann::json answer = plan(cluster_of(c.at("free")), {{"tasks", tasks}});
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const int place = c.at("place").at(i);
      REQUIRE(answer.at("tasks").at(i) == (place < 0 ? nlohmann::json() : nlohmann::json("n" + std::to_string(place))));
    }
    for (std::size_t i = 0; i < c.at("left").size(); ++i)
      REQUIRE(answer.at("free").at("n" + std::to_string(i)).at("custom").at("license") == c.at("left").at(i));
    ++cases;
  }
  MESSAGE(cases, " cases");
  CHECK(cases > 0);
}

TEST_CASE("atoll place finds strict groups feasible when the independent model says so") {
  const char* file = "strict_feasibility.json";
  if (const std::string why = missing(file); !why.empty()) ATOLL_SKIP(why);
  int cases = 0;
  for (const bool as_gpus : {false, true}) {
    for (const auto& c : cases_of(file)) {
      CAPTURE(c.dump());
      nlohmann::json cluster = cluster_of(c.at("nodes")), bundles = nlohmann::json::array();
      if (as_gpus)
        for (std::size_t i = 0; i < c.at("nodes").size(); ++i) cluster["nodes"][i]["gpus"] = c.at("nodes").at(i);
      for (const auto& amount : c.at("bundles")) bundles.push_back({{as_gpus ? "gpu" : "license", amount}});
      for (const char* strategy : {"STRICT_PACK", "STRICT_SPREAD"}) {
        const nlohmann::json answer =
            plan(cluster, {{"groups", {{{"name", "g"}, {"strategy", strategy}, {"bundles", bundles}}}}});
        const bool feasible = c.at(strategy == std::string("STRICT_PACK") ? "strict_pack" : "strict_spread");
        REQUIRE(answer.at("groups").at(0).at("state") == (feasible ? "CREATED" : "INFEASIBLE"));
      }
      ++cases;
    }
  }
  MESSAGE(cases, " cases");
  CHECK(cases > 0);
}

}  // namespace Atoll
