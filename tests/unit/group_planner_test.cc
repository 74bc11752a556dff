#include "runtime/scheduler/group_planner.h"

#include <doctest/doctest.h>

#include <set>

#include "topology/pick.h"

namespace Atoll {
namespace {

using Graph = std::shared_ptr<const GpuGraph>;

Resources gpu(double amount) { return {.gpu = *Fixed::from_double(amount)}; }
Resources cpu(double amount) { return {.cpu = *Fixed::from_double(amount)}; }

// Islands of `size` GPUs each, all pairs of an island joined by 100 GB/s.
Graph islands_of(int islands, int size) {
  std::vector<GpuGraph::Wire> wires;
  for (int island = 0; island < islands; ++island)
    for (int a = 0; a < size; ++a)
      for (int b = a + 1; b < size; ++b) wires.push_back({island * size + a, island * size + b, 100});
  return std::make_shared<GpuGraph>(std::vector<std::optional<int>>(islands * size, 0), wires);
}

// A ring 0-3-1-2-0 of strong links; the other pairs are joined weakly.
Graph crossed_ring() {
  return std::make_shared<GpuGraph>(
      std::vector<std::optional<int>>(4, 0),
      std::vector<GpuGraph::Wire>{{0, 3, 50}, {1, 3, 50}, {1, 2, 50}, {0, 2, 50}, {0, 1, 10}, {2, 3, 10}});
}

struct World {
  ClusterView view;
  GroupPlanner planner{view};
  std::uint32_t nodes = 0;

  void add(int gpus, const NodePlace& place = {}, int cpus = 64) {
    const NodeResources total = node_of({.cpu = Fixed::whole(cpus), .gpu = Fixed::whole(gpus)});
    REQUIRE(view.add_node(NodeId{nodes}, "n" + std::to_string(nodes), total, place).ok());
    ++nodes;
  }
  void add_many(int count, int gpus, const NodePlace& place = {}) {
    for (int i = 0; i < count; ++i) add(gpus, place);
  }
  // Others take these devices of a node.
  void use(std::uint32_t node, const std::vector<int>& gpus) {
    for (const int index : gpus) REQUIRE(view.reserve(NodeId{node}, {gpu(1)}, {{{index, Fixed::whole(1)}}}));
  }
  Fixed free_gpus(std::uint32_t node) const { return view.find(NodeId{node})->free.amounts.gpu; }
};

GroupRequest group(Strategy strategy, std::vector<Resources> bundles) {
  return {.strategy = strategy, .bundles = std::move(bundles), .labels = {}};
}
GroupRequest group(Strategy strategy, int count, const Resources& bundle) {
  return group(strategy, std::vector<Resources>(static_cast<std::size_t>(count), bundle));
}

std::vector<int> nodes_of(const GroupPlan& plan) {
  std::vector<int> nodes;
  for (const BundlePlace& place : plan.bundles) nodes.push_back(static_cast<int>(place.node));
  return nodes;
}
std::vector<int> gpus_of(const GroupPlan& plan) {
  std::vector<int> gpus;
  for (const BundlePlace& place : plan.bundles)
    for (const GpuShare& share : place.gpus) gpus.push_back(share.gpu);
  return gpus;
}

}  // namespace

TEST_CASE("GROUP-2: bundle order is stable at 64 bundles on 8 nodes") {
  World world;
  world.add_many(10, 8, {.graph = islands_of(1, 8)});
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kPack, 64, gpu(1)), plan) == GroupVerdict::kPlaced);
  REQUIRE(plan.bundles.size() == 64);
  for (int i = 0; i < 64; ++i) {
    CHECK(plan.bundles[i].node == NodeId(i / 8));
    CHECK(plan.bundles[i].gpus == std::vector<GpuShare>{{i % 8, Fixed::whole(1)}});
  }
  CHECK(plan.reservations.size() == 8);
}

TEST_CASE("GROUP-2: inside a node bundles follow the ring") {
  World world;
  world.add(4, {.graph = crossed_ring()});
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kStrictPack, 4, gpu(1)), plan) == GroupVerdict::kPlaced);
  CHECK(gpus_of(plan) == order_gpus(*crossed_ring(), {0, 1, 2, 3}));
  CHECK(gpus_of(plan) == std::vector{0, 2, 1, 3});
}

TEST_CASE("GROUP-2: the group table tells each bundle's GPU") {
  World world;
  world.add_many(2, 4, {.graph = islands_of(2, 2)});
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kPack, {gpu(2), cpu(1), gpu(0.5), gpu(1)}), plan) ==
          GroupVerdict::kPlaced);
  std::set<int> whole;
  for (const std::size_t i : {0, 3})
    for (const GpuShare& share : plan.bundles[i].gpus) {
      CHECK(share.part == Fixed::whole(1));
      whole.insert(share.gpu);
    }
  CHECK(whole.size() == 3);
  CHECK(plan.bundles[1].gpus.empty());
  REQUIRE(plan.bundles[2].gpus.size() == 1);
  CHECK(plan.bundles[2].gpus[0].part == *Fixed::from_double(0.5));
  CHECK_FALSE(whole.contains(plan.bundles[2].gpus[0].gpu));
  CHECK(nodes_of(plan) == std::vector{0, 0, 0, 0});
  // and the view has taken those very devices
  const auto& free = world.view.find(NodeId{0})->free;
  for (const BundlePlace& place : plan.bundles)
    for (const GpuShare& share : place.gpus) CHECK(free.gpus[share.gpu] == Fixed::whole(1) - share.part);
}

TEST_CASE("NVL72: 36 nodes of two fabric domains, segment 18, no segment crosses") {
  World world;
  for (int i = 0; i < 36; ++i) world.add(4, {.graph = islands_of(1, 4), .fabric = i % 2 ? "b.1" : "a.1"});
  GroupRequest request = group(Strategy::kPack, 144, gpu(1));
  request.within = Level::kFabric;
  GroupPlan plan;
  CHECK(world.planner.place(request, plan) == GroupVerdict::kInfeasible);
  CHECK(world.view.find(NodeId{0})->free == world.view.find(NodeId{0})->total);
  request.segment = 18;
  REQUIRE(world.planner.place(request, plan) == GroupVerdict::kPlaced);
  std::set<int> used;
  for (int i = 0; i < 144; ++i) {
    const int node = static_cast<int>(plan.bundles[i].node);
    CHECK(node % 2 == i / 72);
    CHECK(node / 2 == i % 72 / 4);
    used.insert(node);
  }
  CHECK(used.size() == 36);
}

TEST_CASE("a segment that is not full stands last and in the domain that is left the least") {
  World world;
  for (const char* fabric : {"a", "a", "a", "b", "b", "b", "b", "c", "c"}) world.add(1, {.fabric = fabric});
  GroupRequest request = group(Strategy::kStrictSpread, 4, gpu(1));
  request.within = Level::kFabric;
  request.segment = 3;
  GroupPlan plan;
  REQUIRE(world.planner.place(request, plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{0, 1, 2, 7});
  // two nodes are left in no domain of three
  CHECK(world.planner.place(request, plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{3, 4, 5, 6});
  CHECK(world.planner.place(request, plan) == GroupVerdict::kPending);
}

TEST_CASE("GROUP-3: a strict group goes where it touches the fewest islands") {
  World world;
  world.add(8, {.graph = islands_of(2, 4)});
  world.add(8, {.graph = islands_of(1, 8)});
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kStrictPack, 6, gpu(1)), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector<int>(6, 1));
  REQUIRE(world.planner.place(group(Strategy::kStrictPack, 6, gpu(1)), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector<int>(6, 0));
}

TEST_CASE("GROUP-3: of nodes with as few islands the one whose island is the smallest, then the lowest") {
  World world;
  world.add_many(3, 8, {.graph = islands_of(2, 4)});
  world.use(1, {0, 1, 4});
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kStrictPack, {gpu(2)}), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{1});
  CHECK(gpus_of(plan) == std::vector{2, 3});
  REQUIRE(world.planner.place(group(Strategy::kStrictPack, {gpu(4)}), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{0});
}

TEST_CASE("GROUP-3: of nodes with as few free GPUs the one whose islands are the smallest in all") {
  World world;
  world.add(8, {.graph = islands_of(1, 8)});
  world.add(8, {.graph = islands_of(4, 2)});
  world.use(0, {0, 1, 2, 3, 4, 5});
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kStrictPack, {gpu(2)}), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{1});
}

TEST_CASE("GROUP-3: of nodes with islands as small the one with the most GB/s inside, then the lowest") {
  const auto joined = [](int gpus, double gbps) {
    std::vector<GpuGraph::Wire> wires;
    for (int a = 0; a < gpus; ++a)
      for (int b = a + 1; b < gpus; ++b) wires.push_back({a, b, gbps});
    return std::make_shared<GpuGraph>(std::vector<std::optional<int>>(static_cast<std::size_t>(gpus)), wires);
  };
  for (const auto& [gpus, expected] : {std::pair(8, 1), {16, 1}, {17, 0}}) {  // of more than 16 it is not asked
    CAPTURE(gpus);
    World world;
    world.add(gpus, {.graph = joined(gpus, 100)});
    world.add(gpus, {.graph = joined(gpus, 300)});
    world.add(gpus, {.graph = joined(gpus, 300)});
    GroupPlan plan;
    REQUIRE(world.planner.place(group(Strategy::kStrictPack, {gpu(4)}), plan) == GroupVerdict::kPlaced);
    CHECK(nodes_of(plan) == std::vector{expected});
  }
}

TEST_CASE("GROUP-3: fractions too go where the island is the smallest, and then where the links are the fastest") {
  const auto pair_of = [](double gbps) {
    return std::make_shared<GpuGraph>(std::vector<std::optional<int>>(2), std::vector<GpuGraph::Wire>{{0, 1, gbps}});
  };
  World world;
  world.add(3, {.graph = islands_of(1, 3)});
  world.use(0, {2});
  world.add(2, {.graph = pair_of(100)});
  world.add(2, {.graph = pair_of(300)});
  GroupPlan plan;
  const GroupRequest request = group(Strategy::kStrictPack, 2, gpu(0.6));
  for (const int node : {2, 1, 0}) {
    REQUIRE(world.planner.place(request, plan) == GroupVerdict::kPlaced);
    CHECK(nodes_of(plan) == std::vector{node, node});
  }
  CHECK(world.planner.place(request, plan) == GroupVerdict::kPending);
}

TEST_CASE("GROUP-5: within an island is never across islands") {
  World world;
  world.add(8, {.graph = islands_of(2, 4)});
  GroupRequest request = group(Strategy::kPack, 4, gpu(1));
  request.within = Level::kIsland;
  GroupPlan plan;
  world.use(0, {0});
  REQUIRE(world.planner.place(request, plan) == GroupVerdict::kPlaced);
  CHECK(gpus_of(plan) == std::vector{4, 5, 6, 7});
  CHECK(world.planner.place(request, plan) == GroupVerdict::kPending);
  request.bundles.push_back(gpu(1));
  CHECK(world.planner.place(request, plan) == GroupVerdict::kInfeasible);
}

TEST_CASE("GROUP-6: a packed group takes one node, else the fabric domain, else the switch, that is left the least") {
  World world;
  const auto place = [](const char* fabric, const char* leaf) {
    return NodePlace{.fabric = fabric, .switches = {"top", leaf}};
  };
  world.add_many(3, 4, place("a", "s0"));
  world.add_many(2, 4, place("b", "s0"));
  world.add_many(4, 4, place("c", "s1"));
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kPack, 4, gpu(1)), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector<int>(4, 0));
  REQUIRE(world.planner.place(group(Strategy::kPack, 2, gpu(4)), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{1, 2});  // a has 8 left, as b, and comes first
  REQUIRE(world.planner.place(group(Strategy::kPack, 3, gpu(4)), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{5, 6, 7});
  REQUIRE(world.planner.place(group(Strategy::kPack, 3, gpu(4)), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{3, 4, 8});  // across the switches
  CHECK(world.planner.place(group(Strategy::kPack, 9, gpu(4)), plan) == GroupVerdict::kPending);
  CHECK(world.planner.place(group(Strategy::kPack, 10, gpu(4)), plan) == GroupVerdict::kInfeasible);
}

TEST_CASE("GROUP-6: bundles spread over as many nodes as there are, evenly") {
  World world;
  world.add_many(3, 4);
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kSpread, 5, gpu(1)), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{0, 0, 1, 1, 2});
  world.use(2, {1, 2});
  REQUIRE(world.planner.place(group(Strategy::kSpread, 5, gpu(1)), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{0, 0, 1, 1, 2});
  CHECK(world.planner.place(group(Strategy::kSpread, 1, gpu(1)), plan) == GroupVerdict::kPending);
}

TEST_CASE("GROUP-6: a spread group within a level takes the domain where it has the most nodes") {
  World world;
  for (const char* fabric : {"a", "a", "b", "b", "b", "c", "c", "c", "c"}) world.add(4, {.fabric = fabric});
  GroupRequest request = group(Strategy::kSpread, 3, gpu(1));
  request.within = Level::kFabric;
  GroupPlan plan;
  REQUIRE(world.planner.place(request, plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{2, 3, 4});
  request.bundles.resize(8, gpu(1));
  REQUIRE(world.planner.place(request, plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{5, 5, 6, 6, 7, 7, 8, 8});
}

TEST_CASE("GROUP-4: a strict spread gives the big bundle the big node") {
  World world;
  for (const int gpus : {4, 8, 2}) world.add(gpus);
  GroupPlan plan;
  REQUIRE(world.planner.place(group(Strategy::kStrictSpread, {gpu(2), gpu(3), gpu(8)}), plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{2, 0, 1});
  CHECK(world.planner.place(group(Strategy::kStrictSpread, 4, gpu(1)), plan) == GroupVerdict::kInfeasible);
  CHECK(world.planner.place(group(Strategy::kStrictSpread, 3, gpu(1)), plan) == GroupVerdict::kPending);
}

TEST_CASE("GROUP-1: a group that does not fit whole reserves nothing") {
  World world;
  world.add_many(2, 4);
  world.use(0, {0, 1, 2});
  GroupPlan plan;
  CHECK(world.planner.place(group(Strategy::kPack, 6, gpu(1)), plan) == GroupVerdict::kPending);
  CHECK(plan.reservations.empty());
  CHECK(world.free_gpus(0) == Fixed::whole(1));
  CHECK(world.free_gpus(1) == Fixed::whole(4));
}

TEST_CASE("labels say which nodes a group may use") {
  World world;
  world.add(4, {.labels = {{"zone", "a"}}});
  world.add(4, {.labels = {{"zone", "b"}}});
  world.add(4);
  const struct {
    const char* zone;
    std::vector<int> nodes;
  } cases[] = {{"a", {0}}, {"b", {1}}, {"!a", {1, 2}}, {"in(a, b)", {0, 1}}, {"!in(a,b)", {2}}, {"c", {}}};
  for (const auto& [zone, nodes] : cases) {
    CAPTURE(zone);
    GroupRequest request = group(Strategy::kStrictSpread, std::max<int>(1, nodes.size()), gpu(1));
    request.labels = {{"zone", zone}};
    GroupPlan plan;
    const GroupVerdict verdict = world.planner.place(request, plan);
    CHECK((verdict == GroupVerdict::kInfeasible) == nodes.empty());
    if (!nodes.empty()) CHECK(nodes_of(plan) == nodes);
    for (const auto& [node, reservation] : plan.reservations) world.view.cancel(node, reservation);
    request.bundles.push_back(gpu(1));
    if (!nodes.empty()) CHECK(world.planner.place(request, plan) == GroupVerdict::kInfeasible);
  }
}

TEST_CASE("only the lost bundles of a group move, and its strategy holds for all of it") {
  World world;
  world.add_many(4, 4);
  GroupPlan plan;
  const GroupRequest request = group(Strategy::kStrictSpread, 3, gpu(2));
  REQUIRE(world.planner.place(request, plan) == GroupVerdict::kPlaced);
  REQUIRE(nodes_of(plan) == std::vector{0, 1, 2});
  world.view.remove_node(NodeId{1});
  plan.bundles[1] = {};
  REQUIRE(world.planner.place_missing(request, plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{0, 3, 2});
  CHECK(plan.reservations.size() == 1);
  world.view.remove_node(NodeId{3});
  plan.bundles[1] = {};
  CHECK(world.planner.place_missing(request, plan) == GroupVerdict::kInfeasible);
  world.add(4);
  CHECK(world.planner.place_missing(request, plan) == GroupVerdict::kPlaced);
  CHECK(nodes_of(plan) == std::vector{0, 4, 2});
}

TEST_CASE("lost bundles of a segment stay in its fabric domain") {
  World world;
  for (int i = 0; i < 8; ++i) world.add(4, {.fabric = i < 4 ? "a" : "b"});
  GroupRequest request = group(Strategy::kPack, 24, gpu(1));
  request.within = Level::kFabric;
  request.segment = 3;
  GroupPlan plan;
  REQUIRE(world.planner.place(request, plan) == GroupVerdict::kPlaced);
  REQUIRE(nodes_of(plan)[12] == 4);
  world.view.remove_node(NodeId{5});
  for (BundlePlace& place : plan.bundles)
    if (place.node == NodeId{5}) place = {};
  REQUIRE(world.planner.place_missing(request, plan) == GroupVerdict::kPlaced);
  for (int i = 16; i < 20; ++i) CHECK(plan.bundles[i].node == NodeId{7});
  CHECK(plan.reservations.size() == 1);
}

TEST_CASE("an explanation counts nodes by what their islands lack") {
  World world;
  world.add_many(12, 8, {.graph = islands_of(2, 4)});
  world.add_many(3, 8, {.graph = islands_of(1, 8)});
  for (const std::uint32_t node : {12, 13, 14}) world.use(node, {0, 1, 2});
  world.add(4);
  GroupRequest request = group(Strategy::kStrictPack, 8, gpu(1));
  request.within = Level::kIsland;
  CHECK(world.planner.explain(request) ==
        "needs 8 GPUs in one island; 12 nodes have 8 GPUs in two islands of 4; "
        "3 nodes are busy and have at most 5 GPUs free; 1 node has at most 4 GPUs");
  request.bundles.resize(4);
  world.use(0, {0, 4});
  for (std::uint32_t node = 1; node < 12; ++node) world.use(node, {0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(world.planner.explain(request) ==
        "needs 4 GPUs in one island; 1 node has 4 GPUs without links; 1 node is busy with 6 GPUs free in two islands "
        "of 3; "
        "3 nodes have it free; 11 nodes are busy and have no GPU free");
}

TEST_CASE("an explanation of a spread group counts nodes, of a level its domains, of labels the others") {
  World world;
  world.add_many(2, 4, {.fabric = "a"});
  world.add_many(3, 4, {.fabric = "b", .labels = {{"zone", "x"}}});
  world.use(0, {0, 1, 2});
  GroupRequest request = group(Strategy::kStrictSpread, 6, gpu(2));
  CHECK(world.planner.explain(request) ==
        "needs 6 nodes with 2 GPUs each; the cluster has 4 nodes with 2 GPUs free now, and 5 when empty; "
        "4 nodes have it free; 1 node is busy and has at most 1 GPU free");
  request = group(Strategy::kPack, 16, gpu(1));
  request.within = Level::kFabric;
  CHECK(world.planner.explain(request) ==
        "needs 16 bundles of 1 GPU in one fabric domain; 1 fabric domain has room for 12 bundles now; "
        "1 fabric domain has room for 5 bundles now, and for 8 when empty; 5 nodes have it free");
  request.segment = 3;
  request.labels = {{"zone", "!x"}};
  CHECK(world.planner.explain(request) ==
        "needs 16 bundles of 1 GPU in segments of 3 nodes, each in one fabric domain; "
        "1 fabric domain has 2 nodes with 1 GPU free now; 1 fabric domain has 0 nodes with 1 GPU free now; "
        "2 nodes have it free; 3 nodes have other labels");
}

TEST_CASE("VIEW-7: whole GPUs of tasks are taken where the node would pick them") {
  World world;
  world.add(8, {.graph = islands_of(2, 4)});
  world.use(0, {0, 5, 6});
  REQUIRE(world.view.place(gpu(2), 1).size() == 1);
  const Fixed one = Fixed::whole(1), none;
  CHECK(world.view.find(NodeId{0})->free.gpus == std::vector{none, one, one, one, none, none, none, none});
}

TEST_CASE("VIEW-7: devices that others have by a later report are not taken twice") {
  World world;
  world.add(4);
  const auto number = world.view.reserve(NodeId{0}, {gpu(2)}, {{{1, Fixed::whole(1)}, {3, Fixed::whole(1)}}});
  REQUIRE(number);
  NodeReport report{.sequence = 1, .free = world.view.find(NodeId{0})->total};
  report.free.gpus[3] = Fixed();
  report.free.amounts.gpu = Fixed::whole(3);
  REQUIRE(world.view.report(NodeId{0}, report).ok());
  const NodeResources& free = world.view.find(NodeId{0})->free;
  CHECK(free.gpus == std::vector{Fixed::whole(1), Fixed(), Fixed::whole(1), Fixed()});
  CHECK(check_node(free).ok());
  world.view.cancel(NodeId{0}, *number);
  CHECK(world.free_gpus(0) == Fixed::whole(3));
}

TEST_CASE("VIEW-6: exact devices are reserved all or none") {
  World world;
  world.add(2);
  const Fixed one = Fixed::whole(1), half = *Fixed::from_double(0.5);
  CHECK_FALSE(world.view.reserve(NodeId{0}, {gpu(1)}, BundleShares{{{2, one}}}));
  CHECK_FALSE(world.view.reserve(NodeId{0}, {gpu(1)}, BundleShares{{{0, half}, {1, half}}}));
  CHECK_FALSE(world.view.reserve(NodeId{0}, {gpu(2)}, BundleShares{{{0, one}, {0, one}}}));
  CHECK_FALSE(world.view.reserve(NodeId{0}, {gpu(1), gpu(1)}, BundleShares{{{0, one}}, {{0, one}}}));
  CHECK_FALSE(world.view.reserve(NodeId{0}, {gpu(1)}, BundleShares{}));
  CHECK(world.free_gpus(0) == Fixed::whole(2));
  CHECK(world.view.reserve(NodeId{0}, {gpu(0.5), gpu(0.5)}, BundleShares{{{0, half}}, {{0, half}}}));
  CHECK(world.free_gpus(0) == Fixed::whole(1));
}

}  // namespace Atoll
