// The planner's answers on random small clusters against plain enumeration.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <set>

#include "runtime/scheduler/group_planner.h"

namespace Atoll {
namespace {

constexpr std::uint32_t kSeed = 20264;

using Graph = std::shared_ptr<const GpuGraph>;

Resources amounts(int gpus, int cpus) { return {.cpu = Fixed::whole(cpus), .gpu = Fixed::whole(gpus)}; }

// GPUs in islands of random sizes, in any order of index, with links of three speeds.
Graph random_graph(std::mt19937& random, int gpus) {
  std::vector<int> island(static_cast<std::size_t>(gpus));
  for (int& i : island) i = static_cast<int>(random() % 3);
  std::vector<GpuGraph::Wire> wires;
  for (int a = 0; a < gpus; ++a)
    for (int b = a + 1; b < gpus; ++b)
      if (island[a] == island[b]) wires.push_back({a, b, 50.0 * static_cast<double>(1 + random() % 3)});
  return std::make_shared<GpuGraph>(std::vector<std::optional<int>>(static_cast<std::size_t>(gpus)), wires);
}

// A cluster and everything that the enumerations need to know of it.
struct World {
  ClusterView view;
  GroupPlanner planner{view};
  std::vector<NodeResources> total, free;
  std::vector<NodePlace> places;

  World(std::mt19937& random, int nodes, int most_gpus) {
    std::vector<Graph> graphs = {nullptr};
    const int gpus = 1 + static_cast<int>(random() % static_cast<unsigned>(most_gpus));
    for (int i = 0; i < 2; ++i) graphs.push_back(random_graph(random, gpus));
    for (int i = 0; i < nodes; ++i) {
      NodePlace place;
      place.graph = graphs[random() % graphs.size()];
      const int own = place.graph == nullptr ? static_cast<int>(random() % (most_gpus + 1)) : gpus;
      if (random() % 4) place.fabric = random() % 2 ? "a" : "b";
      if (random() % 4) place.switches = {"top", random() % 2 ? "s" : "t"};
      if (random() % 2) place.labels = {{"zone", random() % 2 ? "x" : "y"}};
      total.push_back(node_of(amounts(own, 1 + static_cast<int>(random() % 4))));
      places.push_back(place);
      REQUIRE(view.add_node(NodeId(i), "n" + std::to_string(i), total.back(), place).ok());
      for (int gpu = 0; gpu < own; ++gpu)
        if (random() % 3 == 0) REQUIRE(view.reserve(NodeId(i), {amounts(1, 0)}, {{{gpu, Fixed::whole(1)}}}));
    }
    for (int i = 0; i < nodes; ++i) free.push_back(view.find(NodeId(i))->free);
  }

  int size() const { return static_cast<int>(places.size()); }
  int island(int node, int gpu) const { return places[node].graph ? places[node].graph->island(gpu) : gpu; }
  std::string domain(int node, Level within) const {
    const NodePlace& place = places[node];
    const std::string own = "#" + std::to_string(node);
    if (within <= Level::kNode) return own;
    if (within == Level::kFabric) return place.fabric.empty() ? own : place.fabric;
    if (within == Level::kSwitch) return place.switches.empty() ? own : place.switches.back();
    return "";
  }
};

// What GROUP-3 compares of nodes: islands touched, free GPUs in them, GPUs in them, minus the GB/s inside.
using Score = std::tuple<int, int, int, double>;

// The total GB/s over the pairs of a set of GPUs of a node.
double total_gbps(const World& world, int node, unsigned set) {
  const int gpus = static_cast<int>(world.total[node].gpus.size());
  double sum = 0;
  for (int a = 0; a < gpus; ++a)
    for (int b = a + 1; b < gpus; ++b)
      if (world.places[node].graph != nullptr && (set >> a & 1) && (set >> b & 1))
        sum += world.places[node].graph->gbps(a, b);
  return sum;
}

// Of the k free GPUs of a node that PICK-1 says, by trying all sets. No NUMA node is known.
std::optional<Score> best_score(const World& world, int node, const NodeResources& room, int k) {
  const int gpus = static_cast<int>(room.gpus.size());
  unsigned free = 0;
  for (int gpu = 0; gpu < gpus; ++gpu) free |= static_cast<unsigned>(room.gpus[gpu] == Fixed::whole(1)) << gpu;
  std::optional<std::tuple<int, int, double, double, std::vector<int>>> best;
  std::optional<Score> score;
  for (unsigned set = 0; set < 1u << gpus; ++set) {
    if (std::popcount(set) != k || (set & ~free) != 0) continue;
    std::set<int> islands;
    std::vector<int> members;
    for (int gpu = 0; gpu < gpus; ++gpu)
      if (set >> gpu & 1) islands.insert(world.island(node, gpu)), members.push_back(gpu);
    unsigned touched = 0;
    for (int gpu = 0; gpu < gpus; ++gpu)
      touched |= static_cast<unsigned>(islands.contains(world.island(node, gpu))) << gpu;
    const int count = static_cast<int>(islands.size());
    const double inside = total_gbps(world, node, set);
    const std::tuple pick(count, std::popcount(touched & free), -inside,
                          -total_gbps(world, node, touched & free & ~set), members);
    if (best && *best <= pick) continue;
    best = pick;
    score = {count, std::popcount(touched & free), std::popcount(touched), -inside};
  }
  return score;
}

// Whether some assignment of bundles to nodes keeps the strategy and the level.
bool enumerate(const World& world, const GroupRequest& request, std::vector<NodeResources> room, std::size_t bundle,
               const std::string& domain, std::set<int>& used) {
  if (bundle == request.bundles.size()) return true;
  for (int node = 0; node < world.size(); ++node) {
    const auto zone = world.places[node].labels.find("zone");
    if (!request.labels.empty() && (zone == world.places[node].labels.end() || zone->second != "x")) continue;
    const std::string here = world.domain(node, request.within);
    if (bundle > 0 && here != domain) continue;
    if (request.strategy == Strategy::kStrictSpread && used.contains(node)) continue;
    if (request.strategy == Strategy::kStrictPack && bundle > 0 && !used.contains(node)) continue;
    std::vector<NodeResources> left = room;
    if (!take(left[node], request.bundles[bundle])) continue;
    const bool is_new = used.insert(node).second;
    if (enumerate(world, request, std::move(left), bundle + 1, here, used)) return true;
    if (is_new) used.erase(node);
  }
  return false;
}

bool exists(const World& world, const GroupRequest& request, const std::vector<NodeResources>& room) {
  std::set<int> used;
  return enumerate(world, request, room, 0, "", used);
}

GroupVerdict verdict(bool now, bool ever) {
  return now ? GroupVerdict::kPlaced : ever ? GroupVerdict::kPending : GroupVerdict::kInfeasible;
}

// What a plan promises: one domain, the strategy, order of bundles alike, and devices that were free.
void check_plan(const World& world, const GroupRequest& request, const GroupPlan& plan) {
  std::set<int> nodes;
  std::set<std::pair<int, int>> devices;
  for (std::size_t i = 0; i < plan.bundles.size(); ++i) {
    const int node = static_cast<int>(plan.bundles[i].node);
    nodes.insert(node);
    if (request.segment == 0)
      CHECK(world.domain(node, request.within) == world.domain(static_cast<int>(plan.bundles[0].node), request.within));
    Fixed sum;
    for (const GpuShare& share : plan.bundles[i].gpus) {
      CHECK(world.free[node].gpus[share.gpu] == Fixed::whole(1));
      CHECK(devices.insert({node, share.gpu}).second);
      sum += share.part;
    }
    CHECK(sum == request.bundles[i].gpu);
    for (std::size_t j = 0; j < i && request.segment == 0; ++j)
      if (request.bundles[j] == request.bundles[i]) CHECK(plan.bundles[j].node <= plan.bundles[i].node);
  }
  if (request.strategy == Strategy::kStrictSpread) CHECK(nodes.size() == plan.bundles.size());
  if (request.strategy == Strategy::kStrictPack) CHECK(nodes.size() == 1);
  CHECK(plan.reservations.size() == nodes.size());
}

}  // namespace

TEST_CASE("GROUP-3: strict groups on random clusters go where a scan of all nodes says") {
  MESSAGE("seed ", kSeed);
  std::mt19937 random(kSeed);
  int placed = 0, by_size = 0, by_gbps = 0;  // how often the first two rules left a choice that the next ones made
  for (int round = 0; round < 1'000; ++round) {
    World world(random, 1 + static_cast<int>(random() % 6), 6);
    for (int step = 0; step < 3; ++step) {
      const int bundles = 1 + static_cast<int>(random() % 3);
      GroupRequest request{.strategy = Strategy::kStrictPack, .bundles = {}, .labels = {}};
      if (random() % 3 == 0) request.within = Level::kIsland;
      for (int i = 0; i < bundles; ++i)
        request.bundles.push_back(amounts(1 + static_cast<int>(random() % 2), static_cast<int>(random() % 2)));
      Resources sum;
      for (const Resources& bundle : request.bundles) sum += bundle;
      const int k = static_cast<int>(sum.gpu.units() / Fixed::kScale);
      std::optional<std::pair<Score, int>> now, ever;
      std::vector<Score> scores;  // of nodes that have room now
      for (int node = 0; node < world.size(); ++node) {
        const auto consider = [&](const NodeResources& room, auto& best) {
          const auto score = fits(room, sum) ? best_score(world, node, room, k) : std::nullopt;
          if (!score || (request.within == Level::kIsland && std::get<0>(*score) > 1)) return;
          if (&best == &now) scores.push_back(*score);
          if (const std::pair here(*score, node); !best || here < *best) best = here;
        };
        consider(world.free[node], now);
        consider(world.total[node], ever);
      }
      GroupPlan plan;
      REQUIRE(world.planner.place(request, plan) == verdict(now.has_value(), ever.has_value()));
      CHECK_FALSE(world.planner.explain(request).empty());
      if (!now) continue;
      ++placed;
      check_plan(world, request, plan);
      const auto& [score, node] = *now;
      REQUIRE(plan.bundles[0].node == NodeId(node));
      std::set<int> islands;
      for (const BundlePlace& place : plan.bundles)
        for (const GpuShare& share : place.gpus) islands.insert(world.island(node, share.gpu));
      CHECK(std::ssize(islands) == std::get<0>(score));
      unsigned set = 0;
      for (const BundlePlace& place : plan.bundles)
        for (const GpuShare& share : place.gpus) set |= 1u << share.gpu;
      CHECK(total_gbps(world, node, set) == -std::get<3>(score));
      const auto first = [](const Score& of) { return std::pair(std::get<0>(of), std::get<1>(of)); };
      const auto beats = [&](auto rule) {
        return std::ranges::any_of(scores, [&](const Score& o) { return first(o) == first(score) && rule(o); });
      };
      by_size += beats([&](const Score& other) { return std::get<2>(other) > std::get<2>(score); });
      by_gbps += beats([&](const Score& other) {
        return std::get<2>(other) == std::get<2>(score) && std::get<3>(other) > std::get<3>(score);
      });
      world.free[node] = world.view.find(NodeId(node))->free;
    }
  }
  MESSAGE(placed, " placed, ", by_size, " by the size of islands, ", by_gbps, " by GB/s");
  CHECK(placed > 500);
  CHECK(by_size > 50);
  CHECK(by_gbps > 50);
}

TEST_CASE("GROUP-8: every strategy and level says placed, pending or infeasible as an enumeration does") {
  std::mt19937 random(kSeed);
  int counts[3] = {};
  for (int round = 0; round < 6'000; ++round) {
    World world(random, 1 + static_cast<int>(random() % 5), 4);
    GroupRequest request{.bundles = {}, .labels = {}};
    request.strategy = static_cast<Strategy>(random() % 4);
    request.within = static_cast<Level>(1 + random() % 4);
    if (random() % 4 == 0) request.labels = {{"zone", "x"}};
    const int bundles = 1 + static_cast<int>(random() % 4);
    const bool alike = random() % 2;
    for (int i = 0; i < bundles; ++i)
      request.bundles.push_back(alike && i > 0
                                    ? request.bundles[0]
                                    : amounts(static_cast<int>(random() % 4), 1 + static_cast<int>(random() % 2)));
    if (!check_group(request).ok()) continue;
    CAPTURE(round);
    const bool now = exists(world, request, world.free), ever = now || exists(world, request, world.total);
    GroupPlan plan;
    REQUIRE(world.planner.place(request, plan) == verdict(now, ever));
    ++counts[static_cast<int>(verdict(now, ever))];
    if (now) check_plan(world, request, plan);
    if (!now) CHECK(plan.reservations.empty());
    CHECK_FALSE(world.planner.explain(request).empty());
  }
  MESSAGE(counts[0], " placed, ", counts[1], " pending, ", counts[2], " infeasible");
  for (const int count : counts) CHECK(count > 200);
}

namespace {

// Bundles alike, one after the other: on the node of the one before, or on a node not used yet, which begins a new
// segment when the last is full.
bool enumerate_segments(const World& world, const GroupRequest& request, std::vector<NodeResources> room,
                        std::size_t bundle, std::vector<int>& nodes) {
  if (bundle == request.bundles.size()) return true;
  if (!nodes.empty() && request.strategy != Strategy::kStrictSpread) {
    std::vector<NodeResources> left = room;
    if (take(left[nodes.back()], request.bundles[bundle]) &&
        enumerate_segments(world, request, std::move(left), bundle + 1, nodes))
      return true;
  }
  for (int node = 0; node < world.size(); ++node) {
    if (std::ranges::find(nodes, node) != nodes.end()) continue;
    const bool starts = nodes.size() % request.segment == 0;
    if (!starts && world.domain(node, request.within) != world.domain(nodes.back(), request.within)) continue;
    std::vector<NodeResources> left = room;
    if (!take(left[node], request.bundles[bundle])) continue;
    nodes.push_back(node);
    if (enumerate_segments(world, request, std::move(left), bundle + 1, nodes)) return true;
    nodes.pop_back();
  }
  return false;
}

}  // namespace

TEST_CASE("segments of bundles alike exist exactly when an enumeration finds them, and none crosses a domain") {
  std::mt19937 random(kSeed);
  int counts[3] = {};
  for (int round = 0; round < 3'000; ++round) {
    World world(random, 2 + static_cast<int>(random() % 4), 3);
    GroupRequest request{.bundles = {}, .labels = {}};
    request.strategy = std::array{Strategy::kPack, Strategy::kSpread, Strategy::kStrictSpread}[random() % 3];
    request.within = random() % 2 ? Level::kFabric : Level::kSwitch;
    request.segment = 1 + random() % 3;
    request.bundles.assign(1 + random() % 5, amounts(1, static_cast<int>(random() % 2)));
    CAPTURE(round);
    std::vector<int> nodes;
    const bool now = enumerate_segments(world, request, world.free, 0, nodes);
    nodes.clear();
    const bool ever = now || enumerate_segments(world, request, world.total, 0, nodes);
    GroupPlan plan;
    REQUIRE(world.planner.place(request, plan) == verdict(now, ever));
    ++counts[static_cast<int>(verdict(now, ever))];
    if (!now) continue;
    check_plan(world, request, plan);
    nodes.clear();
    for (const BundlePlace& place : plan.bundles)
      if (nodes.empty() || nodes.back() != static_cast<int>(place.node)) nodes.push_back(static_cast<int>(place.node));
    CHECK(std::set(nodes.begin(), nodes.end()).size() == nodes.size());  // node-major
    for (std::size_t i = 0; i < nodes.size(); ++i)
      CHECK(world.domain(nodes[i], request.within) ==
            world.domain(nodes[i / request.segment * request.segment], request.within));
  }
  MESSAGE(counts[0], " placed, ", counts[1], " pending, ", counts[2], " infeasible");
  for (const int count : counts) CHECK(count > 100);
}

}  // namespace Atoll
