// A cluster file and a request file of `atoll place`, with a line --- between them, are refused with a sentence or
// planned, and what is printed is JSON with a place for every bundle of a group that was created.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "launcher/place_plan.h"
#include "runtime/base/check.h"
#include "tests/support/fuzz_target.h"
#include "topology/text.h"

namespace {

using namespace Atoll;

constexpr std::string_view kBetween = "\n---\n";

// The path is the text: no file is read.
Result<Machine> load(const std::string& path) { return parse_machine(path); }

// A count of a million nodes or bundles is no mistake, and would make each try slow.
constexpr std::size_t kMostNodes = 64, kMostBundles = 64;

bool small(const std::vector<PlannedNode>& nodes, const PlanRequest& request) {
  std::size_t bundles = request.tasks.size();
  for (const PlanRequest::Group& group : request.groups) bundles += group.request.bundles.size();
  return nodes.size() <= kMostNodes && bundles <= kMostBundles;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find(kBetween);
  const auto nodes = read_cluster(text.substr(0, end), load);
  const auto request = read_request(end == std::string_view::npos ? "{}" : text.substr(end + kBetween.size()));
  if (!nodes.ok()) ATOLL_CHECK(!nodes.status().message().empty());
  if (!request.ok()) ATOLL_CHECK(!request.status().message().empty());
  if (!nodes.ok() || !request.ok() || !small(*nodes, *request)) return 0;
  const auto plan = plan_placement(*nodes, *request, [] { return 0.0; });
  ATOLL_CHECK(plan.ok(), plan.status().to_string());
  const auto json = nlohmann::json::parse(plan_to_json(*plan, true));
  for (std::size_t i = 0; i < request->groups.size(); ++i) {
    const auto& group = json.at("groups").at(i);
    const std::size_t wanted = group.at("state") == "CREATED" ? request->groups[i].request.bundles.size() : 0;
    ATOLL_CHECK(group.at("bundles").size() == wanted, i, group.dump());
  }
  ATOLL_CHECK(json.at("free").size() == nodes->size());
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  return {"place",
          {R"json({"nodes":[
{"name":"a","cpu":64,"memory":1024,"gpus":4,"count":3,"fabric":"f","switches":["t","s"],"labels":{"zone":"x"}},
{"name":"b","cpu":8,"gpus":[1,0.5,0.25,0],"custom":{"license":2}},
{"name":"c","topology":"gpu 0\ngpu 1\n","count":2}
]}
---
{"groups":[
{"name":"p","strategy":"PACK","within":"switch","segment":2,"bundles":[{"gpu":2,"count":4}]},
{"name":"q","strategy":"STRICT_PACK","within":"island","bundles":[{"gpu":0.5},{"gpu":1,"cpu":2}]},
{"strategy":"STRICT_SPREAD","bundles":[{"gpu":1,"license":0.5},{"cpu":4,"count":2}]},
{"strategy":"SPREAD","bundles":[{"cpu":3,"count":5},{"gpu":3}],"labels":{"zone":"!in(x,y)"}}
],
"tasks":[{"gpu":0.57,"count":3},{"memory":100},{}]})json",
           R"json({"nodes":[{"name":"n","gpus":8,"count":8}]}
---
{"groups":[{"bundles":[{"gpu":1,"count":60}]},{"strategy":"SPREAD","bundles":[{"gpu":3,"count":4},{"gpu":2,"count":9},{"gpu":0.3,"count":7}]}]})json"},
          {"{",
           "}",
           "[",
           "]",
           ",",
           ":",
           "null",
           "true",
           "\"gpu\"",
           "\"count\":",
           "1e308",
           "-0.0",
           "0.00005",
           "0.9999",
           "9007199254740993",
           "\"STRICT_PACK\"",
           "\"island\"",
           "\"fabric\"",
           "\\u0000",
           "\xff",
           "\n---\n",
           std::string(40, '[')}};
}
