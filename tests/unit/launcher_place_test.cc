// atoll place: what it reads, plans and prints.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "launcher/json_input.h"
#include "launcher/place_plan.h"
#include "topology/text.h"

namespace Atoll {
namespace {

using nlohmann::json;

// The one topology file there is: two GPUs that the file numbers from 4.
Result<Machine> load(const std::string& path) {
  if (path != "pair.txt") return Status(Code::kNotFound, path + ": cannot be read");
  return parse_machine("machine pair\nnuma 1 cpus 0-3 memory 2048\ngpu 4 numa 1 uuid GPU-a\ngpu 5 numa 1 uuid GPU-b\n");
}

std::string cluster_error(const std::string& text) { return read_cluster(text, load).status().message(); }
std::string request_error(const std::string& text) { return read_request(text).status().message(); }

json plan(const std::string& cluster, const std::string& request, bool stats = false) {
  const auto nodes = read_cluster(cluster, load);
  REQUIRE_MESSAGE(nodes.ok(), nodes.status().message());
  const auto wanted = read_request(request);
  REQUIRE_MESSAGE(wanted.ok(), wanted.status().message());
  double clock = 0;
  const auto planned = plan_placement(*nodes, *wanted, [&clock] { return clock += 0.5; });
  REQUIRE_MESSAGE(planned.ok(), planned.status().message());
  CHECK_FALSE(plan_to_text(*planned).empty());
  return json::parse(plan_to_json(*planned, stats));
}

std::vector<std::string> nodes_of(const json& group) {
  std::vector<std::string> nodes;
  for (const json& bundle : group.at("bundles")) nodes.push_back(bundle.at("node"));
  return nodes;
}

}  // namespace

TEST_CASE("groups are placed first, in order, then tasks, and what is left is told") {
  const json answer = plan(
      R"({"nodes":[{"name":"a","cpu":4,"gpus":2},{"name":"b","cpu":8,"memory":1024,"gpus":[1,0.25],"custom":{"license":2}}]})",
      R"({"groups":[{"name":"g","strategy":"STRICT_PACK","bundles":[{"gpu":1,"count":2}]},
                    {"name":"h","strategy":"STRICT_PACK","bundles":[{"gpu":2}]},
                    {"name":"i","strategy":"STRICT_PACK","bundles":[{"gpu":3}]}],
          "tasks":[{"gpu":0.5,"license":1},{"gpu":0.25},{"cpu":6,"memory":1024},{"license":2},{"cpu":2,"count":2}]})");
  const json& groups = answer.at("groups");
  CHECK(groups[0].at("name") == "g");
  CHECK(groups[0].at("state") == "CREATED");
  CHECK(groups[0].at("bundles") == json::parse(R"([{"index":0,"node":"a","gpus":[0],"island":0,"numa":null},
                                                   {"index":1,"node":"a","gpus":[1],"island":1,"numa":null}])"));
  CHECK(groups[0].at("explain") == "2 bundles on 1 node");
  CHECK(groups[1].at("state") == "PENDING");
  CHECK(groups[1].at("bundles") == json::array());
  CHECK(groups[2].at("state") == "INFEASIBLE");
  CHECK(groups[2].at("explain") == "needs 3 GPUs on one node; 2 nodes have at most 2 GPUs");
  CHECK(answer.at("tasks") == json::parse(R"(["b","b","b",null,"a","a"])"));
  CHECK(answer.at("free") == json::parse(R"({
      "a":{"cpu":0.0,"gpu":0.0,"memory":0,"gpus":[0.0,0.0],"custom":{}},
      "b":{"cpu":2.0,"gpu":0.5,"memory":0,"gpus":[0.5,0.0],"custom":{"license":1.0}}})"));
  CHECK_FALSE(answer.contains("stats"));
}

TEST_CASE("a node's topology file gives its GPUs' numbers, NUMA nodes and, where the cluster file is silent, amounts") {
  const json answer = plan(R"({"nodes":[{"name":"a","topology":"pair.txt"}]})",
                           R"({"groups":[{"strategy":"PACK","bundles":[{"gpu":2},{"cpu":1}]}]})");
  CHECK(answer.at("groups")[0].at("bundles") ==
        json::parse(R"([{"index":0,"node":"a","gpus":[4,5],"island":null,"numa":1},
                        {"index":1,"node":"a","gpus":[],"island":null,"numa":null}])"));
  CHECK(answer.at("free").at("a").at("cpu") == 3);
  CHECK(answer.at("free").at("a").at("memory") == 2048ULL << 20);
}

TEST_CASE("a count makes nodes that are numbered after their name") {
  const json answer = plan(R"({"nodes":[{"name":"tray","gpus":4,"count":36,"fabric":"r","labels":{"zone":"x"},
                                         "switches":["top","leaf"]},{"name":"solo","gpus":4}]})",
                           R"({"groups":[{"within":"fabric","bundles":[{"gpu":4,"count":36}],"labels":{"zone":"x"}},
                                         {"strategy":"PACK","bundles":[{"gpu":4}]}]})",
                           true);
  const auto nodes = nodes_of(answer.at("groups")[0]);
  REQUIRE(nodes.size() == 36);
  CHECK(nodes.front() == "tray-0");
  CHECK(nodes.back() == "tray-35");
  CHECK(nodes_of(answer.at("groups")[1]) == std::vector<std::string>{"solo"});
  CHECK(answer.at("stats").at("group_us") == json::parse("[500000.0,500000.0]"));
}

TEST_CASE("a segment without a level is one of fabric domains") {
  const auto request = read_request(R"({"groups":[{"segment":18,"bundles":[{"gpu":1}]},{"bundles":[{"cpu":0.57}]}]})");
  REQUIRE(request.ok());
  CHECK(request->groups[0].request.within == Level::kFabric);
  CHECK(request->groups[0].request.segment == 18);
  CHECK(request->groups[1].request.within == Level::kCluster);
  CHECK(request->groups[1].request.strategy == Strategy::kPack);
  CHECK(request->groups[1].request.bundles[0].cpu == Fixed::raw(5'700));
}

TEST_CASE("a bad cluster file is refused with one sentence that says where") {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"",
       "line 1, column 1: syntax error while parsing value - unexpected end of input; expected '[', '{', or a literal"},
      {"[]", "the file must be an object, not []"},
      {"{}", "the file has no nodes"},
      {R"({"nodes":3})", "nodes must be an array, not 3"},
      {R"({"nodes":[{"gpus":1}]})", "nodes[0] has no name"},
      {R"({"nodes":[{"name":"a"},{"name":"a"}]})", "nodes[1]: another node is called a"},
      {R"({"nodes":[{"name":"a-1"},{"name":"a","count":2}]})", "nodes[1]: another node is called a-1"},
      {R"({"nodes":[{"name":"a","name":"b"}]})", "the key 'name' stands twice in one object"},
      {R"({"nodes":[{"name":"a","gpu":1}]})",
       "nodes[0] has the unknown key 'gpu'; known are name, cpu, memory, gpus, topology, fabric, custom, count, "
       "labels, "
       "switches"},
      {R"({"nodes":[{"name":"a","gpus":1.5}]})", "nodes[0].gpus must be a whole number from 0 to 1024, not 1.5"},
      {R"({"nodes":[{"name":"a","gpus":[1,1.5]}]})", "nodes[0].gpus must be a list of free parts from 0 to 1, not 1.5"},
      {R"({"nodes":[{"name":"a","gpus":[-1]}]})",
       "nodes[0].gpus[0]: an amount of a resource is a number of 0 or more, not -1.000000"},
      {R"({"nodes":[{"name":"a","gpus":[0.00001]}]})",
       "nodes[0].gpus[0]: an amount below 0.0001 cannot be granted; ask for 0 or more than that"},
      {R"({"nodes":[{"name":"a","cpu":"4"}]})", "nodes[0].cpu must be a number, not \"4\""},
      {R"({"nodes":[{"name":"a","memory":-1}]})",
       "nodes[0].memory must be a whole number from 0 to 9007199254740992, not -1"},
      {R"({"nodes":[{"name":"a","count":0}]})", "nodes[0].count must be a whole number from 1 to 1048576, not 0"},
      {R"({"nodes":[{"name":"a","custom":{"gpu":1}}]})", "nodes[0].custom: a custom resource cannot be called 'gpu'"},
      {R"({"nodes":[{"name":"a","topology":"no.xml"}]})", "nodes[0].topology: no.xml: cannot be read"},
      {R"({"nodes":[{"name":"a","topology":"pair.txt","gpus":8}]})",
       "nodes[0].gpus are 8, and its topology file has 2"},
      {R"({"nodes":[{"name":"a","switches":[1]}]})", "nodes[0].switches must be a string, not 1"},
  };
  for (const auto& [text, error] : cases) {
    CAPTURE(text);
    CHECK(cluster_error(text) == error);
  }
  CHECK(cluster_error("{\n\"nodes\": [NaN]}").find("line 2, column ") == 0);
}

TEST_CASE("a bad request file is refused with one sentence that says where") {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {R"({"groups":[{"name":"a","bundles":[{"gpu":1}]},{"name":"a","bundles":[{"gpu":1}]}]})",
       "groups[1]: another group is called a"},
      {R"({"groups":[{"bundles":[]}]})", "groups[0]: a group needs a bundle"},
      {R"({"groups":[{}]})", "groups[0]: a group needs a bundle"},
      {R"({"groups":[{"bundles":[{}]}]})", "groups[0]: bundle 0 asks for nothing"},
      {R"({"groups":[{"bundles":[{"gpu":1,"count":0}]}]})",
       "groups[0].bundles[0].count must be a whole number from 1 to 100000, not 0"},
      {R"({"groups":[{"bundles":[{"gpu":1,"count":60000},{"gpu":2,"count":60000}]}]})",
       "groups[0].bundles[1]: a group has at most 100000 bundles"},
      {R"({"groups":[{"strategy":"pack","bundles":[{"gpu":1}]}]})",
       "groups[0]: there is no strategy 'pack'; say PACK, SPREAD, STRICT_PACK or STRICT_SPREAD"},
      {R"({"groups":[{"within":"rack","bundles":[{"gpu":1}]}]})",
       "groups[0]: there is no level 'rack'; say island, node, fabric, switch or cluster"},
      {R"({"groups":[{"segment":2,"within":"node","bundles":[{"gpu":1}]}]})",
       "groups[0]: a segment of nodes stays within a fabric or a switch, not within(node)"},
      {R"({"groups":[{"strategy":"STRICT_SPREAD","within":"island","bundles":[{"gpu":1,"count":2}]}]})",
       "groups[0]: STRICT_SPREAD wants a node for each bundle, and within(island) one node for all"},
      {R"({"groups":[{"bundles":[{"gpu":-1}]}]})",
       "groups[0].bundles[0].gpu: an amount of a resource is a number of 0 or more, not -1.000000"},
      {R"({"groups":[{"bundles":[{"gpu":1.5}]}]})",
       "groups[0].bundles[0]: a request of more than one GPU must be whole, not 1.5"},
      {R"({"groups":[{"bundles":[{"gpu":0.00001}]}]})",
       "groups[0].bundles[0].gpu: an amount below 0.0001 cannot be granted; ask for 0 or more than that"},
      {R"({"groups":[{"bundles":[{"gpu":0.33333}]}]})",
       "groups[0].bundles[0].gpu has more than four decimals, 0.33333; amounts are steps of 0.0001, say 0.3333"},
      {R"({"groups":[{"bundles":[{"gpu":1}],"labels":{"zone":"!"}}]})",
       "groups[0]: the label zone cannot be '!'; write a, !a, in(a,b) or !in(a,b)"},
      {R"({"tasks":[{"cpu":1e300}]})", nullptr},
      {R"({"tasks":[{"cpu":[1]}]})", "tasks[0].cpu must be a number, not [1]"},
      {R"({"tasks":7})", "tasks must be an array, not 7"},
      {R"({"jobs":[]})", "the file has the unknown key 'jobs'; known are groups, tasks"},
  };
  for (const auto& [text, error] : cases) {
    CAPTURE(text);
    if (error != nullptr) CHECK(request_error(text) == error);
    CHECK_FALSE(read_request(text).ok());
  }
}

TEST_CASE("JSON that is nested too deeply is refused with its line") {
  const std::string deep = "\n" + std::string(100'000, '[');
  CHECK(parse_json(deep).status().message() == "line 2: more than 32 arrays and objects inside each other");
  CHECK(parse_json(std::string(32, '[') + std::string(32, ']')).ok());
  CHECK(parse_json(R"(["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[["])").ok());
}

}  // namespace Atoll
