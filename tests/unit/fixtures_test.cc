// Thousands of instances with the answers of an independent model, run where
// the folder is: ATOLL_FIXTURES, default ../shared/fixtures.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

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

}  // namespace Atoll
